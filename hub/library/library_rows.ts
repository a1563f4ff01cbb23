import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { Identity, VersionStanding, VersionSummary } from "../../api/mod.ts";
import { ignoredBy, type ReadRules } from "../../api/library/update_rules.ts";
import type { ListRows } from "./library.ts";
import { type LibraryFilter, libraryFilters, type LibraryRow, type RowState, type ShownRow } from "./library_row.ts";

/** A row without what the hashes know of its file. */
export type StoredRow = Omit<ShownRow, "goneMs">;

/** What is known of the model folders, in an order that answers every question of a page. */
export interface LibraryRows {
  /** Puts a row in the place of the one with its id. */
  put(row: LibraryRow): void;
  /** Takes a row away. */
  remove(id: string): void;
  /** Begins a look: what is put from now on has been seen. */
  begin(): void;
  /** Ends it: what was not seen is gone. */
  sweep(): void;
  /** See `Library`. */
  list(which: ListRows): { readonly rows: readonly StoredRow[]; readonly total: number };
  /** See `Library`. */
  counts(): Record<LibraryFilter, number>;
  /** See `Library`. */
  bases(): string[];
  /** See `Library`. */
  get(id: string): StoredRow | undefined;
  /** The rows of a version. */
  ofVersion(versionId: number): StoredRow[];
  /** The rows of a model. */
  ofModel(modelId: number): StoredRow[];
  /** A row with this SHA-256, or one that begins so. */
  ofHash(sha256: string): StoredRow | undefined;
  /** Everything that is known on the site. */
  known(): { modelId: number | null; versionId: number; sha256: string | null }[];
  /** Paths of what is presumed, or may be several files. */
  toProve(): string[];
  /** Which newer versions models have, whatever is ignored, in place of what was known of that; {@linkcode judge} follows. */
  setNewer(newer: ReadonlyMap<number, readonly VersionStanding[]>): void;
  /** Decides by rules which of the newer versions are updates. */
  judge(rules: ReadRules): void;
  /** Lets go of everything. */
  close(): void;
}

const mostRows = 500;

/** Nothing of it outlives the process: nothing is made safe, nothing committed, and two megabytes of it stay in memory. */
const layout = `
  PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2048; PRAGMA temp_store = FILE;
  CREATE TABLE rows (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL, mtime_ms INTEGER NOT NULL,
    state TEXT NOT NULL, sha256 TEXT, proved_ms INTEGER, problem TEXT, identity TEXT, version_id INTEGER,
    model_id INTEGER, base TEXT, words TEXT NOT NULL, look INTEGER NOT NULL
  );
  CREATE INDEX rows_name ON rows (name, path);
  CREATE INDEX rows_kind ON rows (state, name, path);
  CREATE INDEX rows_base ON rows (base) WHERE base IS NOT NULL;
  CREATE INDEX rows_look ON rows (look);
  CREATE INDEX rows_hash ON rows (sha256) WHERE sha256 IS NOT NULL;
  CREATE INDEX rows_version ON rows (version_id) WHERE version_id IS NOT NULL;
  CREATE INDEX rows_model ON rows (model_id) WHERE model_id IS NOT NULL;
  CREATE INDEX rows_problem ON rows (id) WHERE problem IS NOT NULL;
  CREATE TABLE newer (model_id INTEGER PRIMARY KEY, standings TEXT NOT NULL, version TEXT, waiting TEXT, newest_id INTEGER);
  BEGIN`;

/** What has come since it was asked for is no news. */
const missing = "NOT EXISTS (SELECT 1 FROM rows AS other WHERE other.version_id = newer.newest_id)";

const shown = `SELECT *,
  (SELECT count(*) FROM rows AS other WHERE other.sha256 = rows.sha256) AS same,
  (SELECT version FROM newer WHERE newer.model_id = rows.model_id AND ${missing}) AS newer,
  (SELECT waiting FROM newer WHERE newer.model_id = rows.model_id) AS waiting FROM rows`;

const repeated = "SELECT sha256 FROM rows WHERE sha256 IS NOT NULL GROUP BY sha256 HAVING count(*) > 1";

const conditions: Readonly<Record<LibraryFilter, string>> = {
  all: "1",
  known: "state = 'known'",
  unknown: "state = 'unknown'",
  presumed: "state IN ('presumed', 'ambiguous')",
  unhashed: "state IN ('unhashed', 'unasked')",
  duplicate: `sha256 IN (${repeated})`,
  damaged: "problem IS NOT NULL",
  update: `model_id IN (SELECT model_id FROM newer WHERE version IS NOT NULL AND ${missing})`,
  waiting: "model_id IN (SELECT model_id FROM newer WHERE waiting IS NOT NULL)",
};

const columns = [
  ...["id", "path", "name", "bytes", "mtime_ms", "state", "sha256", "proved_ms", "problem", "identity", "version_id"],
  ...["model_id", "base", "words", "look"],
];

const statements = {
  put: `INSERT OR REPLACE INTO rows (${columns}) VALUES (${columns.map(() => "?")})`,
  remove: "DELETE FROM rows WHERE id = ?",
  sweep: "DELETE FROM rows WHERE look < ?",
  get: `${shown} WHERE id = ?`,
  ofVersion: `${shown} WHERE version_id = ? ORDER BY name, path`,
  ofModel: `${shown} WHERE model_id = ? ORDER BY name, path`,
  // G stands behind every digit of a hash
  ofHash: `${shown} WHERE sha256 >= ?1 AND sha256 < ?1 || 'G' ORDER BY name, path LIMIT 1`,
  known: "SELECT model_id AS modelId, version_id AS versionId, sha256 FROM rows WHERE version_id IS NOT NULL",
  toProve: "SELECT path FROM rows WHERE state IN ('presumed', 'ambiguous')",
  bases: "SELECT DISTINCT base FROM rows WHERE base IS NOT NULL ORDER BY base",
  clearNewer: "DELETE FROM newer",
  putNewer: "INSERT OR REPLACE INTO newer (model_id, standings) VALUES (?, ?)",
  allNewer: "SELECT model_id AS modelId, standings FROM newer",
  judgeNewer: "UPDATE newer SET version = ?, newest_id = ?, waiting = ? WHERE model_id = ?",
};

/** What of a model is there already, no rule makes an update of. */
const quiet: readonly string[] = ["have_elsewhere", "same_bytes"];

type Row = Readonly<Record<string, string | number | null>>;

function shownRow(row: unknown): StoredRow {
  const { id, path, name, bytes, mtime_ms, state, sha256, proved_ms, problem, identity, same, newer, waiting } =
    row as Row;
  return {
    ...{ id: id as string, path: path as string, name: name as string, bytes: Number(bytes) },
    ...{ mtimeMs: Number(mtime_ms), state: state as RowState, sha256: sha256 as string | null },
    ...{ provedMs: proved_ms as number | null, problem: problem as string | null },
    identity: identity === null ? null : JSON.parse(identity as string) as Identity,
    twins: Math.max(0, Number(same) - 1),
    newer: newer === null ? null : JSON.parse(newer as string) as VersionSummary,
    waiting: waiting === null ? null : JSON.parse(waiting as string) as VersionStanding,
  };
}

/** A database of this process alone: a file without a name, or where the rights are not enough for one, memory. */
function openDatabase(): DatabaseSync {
  try {
    return new DatabaseSync("");
  } catch {
    return new DatabaseSync(":memory:");
  }
}

/** Opens rows, none of them there yet. */
export function openRows(): LibraryRows {
  const db = openDatabase();
  db.exec(layout);
  const run = Object.fromEntries(
    Object.entries(statements).map(([name, text]) => [name, db.prepare(text)]),
  ) as Record<keyof typeof statements, StatementSync>;
  let look = 0;

  const count = (condition: string, values: readonly SQLInputValue[] = []) =>
    Number(db.prepare(`SELECT count(*) AS n FROM rows WHERE ${condition}`).get(...values)!["n"]);

  return {
    put(row) {
      const { id, path, name, bytes, mtimeMs, state, sha256, provedMs, problem, identity } = row;
      const { modelId = null, versionId = null, baseModel = null, modelName = "", versionName = "" } = identity ?? {};
      const words = `${name}\n${modelName}\n${versionName}\n${baseModel ?? ""}`.toLowerCase();
      const kept = identity && JSON.stringify(identity);
      run.put.run(
        ...[id, path, name, bytes, mtimeMs, state, sha256, provedMs, problem, kept, versionId, modelId, baseModel],
        ...[words, look],
      );
    },
    remove: (id) => void run.remove.run(id),
    begin: () => void look++,
    sweep: () => void run.sweep.run(look),
    list({ filter = "all", text = "", base, offset = 0, limit = 100 }) {
      const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
      const wanted = [
        conditions[filter],
        ...(base === undefined ? [] : ["base = ?"]),
        ...words.map(() => "instr(words, ?) > 0"),
      ].join(" AND ");
      const values = [...(base === undefined ? [] : [base]), ...words];
      const page = db.prepare(`${shown} WHERE ${wanted} ORDER BY name, path LIMIT ? OFFSET ?`);
      const rows = page.all(...values, Math.min(Math.max(1, limit), mostRows), offset).map(shownRow);
      return { rows, total: count(wanted, values) };
    },
    counts: () =>
      Object.fromEntries(libraryFilters.map((filter) => [filter, count(conditions[filter])])) as Record<
        LibraryFilter,
        number
      >,
    bases: () => run.bases.all().map(({ base }) => String(base)),
    get(id) {
      const row = run.get.get(id);
      return row && shownRow(row);
    },
    ofVersion: (versionId) => run.ofVersion.all(versionId).map(shownRow),
    ofModel: (modelId) => run.ofModel.all(modelId).map(shownRow),
    ofHash(sha256) {
      const row = run.ofHash.get(sha256);
      return row && shownRow(row);
    },
    known: () => run.known.all() as ReturnType<LibraryRows["known"]>,
    toProve: () => run.toProve.all().map(({ path }) => String(path)),
    setNewer(newer) {
      run.clearNewer.run();
      for (const [modelId, standings] of newer) run.putNewer.run(modelId, JSON.stringify(standings));
    },
    judge(rules) {
      for (const row of run.allNewer.all()) {
        const modelId = Number(row.modelId);
        const all = (JSON.parse(String(row.standings)) as VersionStanding[]).map(({ until, ...one }) => {
          // with other base models, it is what it is without them
          const own = one.state === "other_base" && rules.allowsOtherBase(modelId)
            ? until === undefined ? "new" : "early_access"
            : one.state;
          const state = quiet.includes(own) ? own : ignoredBy(rules, { modelId, ...one }) ?? own;
          return { ...one, state, ...(state === "early_access" && { until }) };
        });
        const newest = all.find(({ state }) => state === "new");
        const waiting = newest === undefined ? all.find(({ state }) => !quiet.includes(state)) : undefined;
        const text = (one: VersionStanding | undefined) => one === undefined ? null : JSON.stringify(one);
        run.judgeNewer.run(text(newest), newest?.versionId ?? null, text(waiting), modelId);
      }
    },
    close: () => db.close(),
  };
}
