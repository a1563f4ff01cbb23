import { identityOf } from "../../api/library/identity.ts";
import { readRules } from "../../api/library/update_rules.ts";
import { modelFacts, withRules } from "../../api/mod.ts";
import { messageOf, systemClock } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import { giveBackMemory } from "../give_back_memory.ts";
import { joined } from "./joined.ts";
import type { Library, LibraryOptions, LibraryTask } from "./library.ts";
import { type LibraryRows, openRows, type StoredRow } from "./library_rows.ts";
import type { ShownRow } from "./library_row.ts";
import { libraryTasks, type Work } from "./library_tasks.ts";
import { looker, type NamedFile } from "./looker.ts";
import { prover } from "./prover.ts";
import { settleLibrary } from "./settle_library.ts";
import { updateFiles } from "./update_files.ts";

const failed = "the service itself failed";

/** Opens a library; it is empty until the first look. */
export function openLibrary(
  { folders, hashes, api, write, throttle, rules, updating, onChange = () => {}, clock = systemClock }: LibraryOptions,
): Library {
  const rows = openRows();
  const looks = looker(rows, folders, hashes);
  const { remembered } = looks;
  const tasks = libraryTasks(rows, { folders, hashes, api, throttle, clock, remembered, judge: () => judge() });
  let judgedBy = "";
  let seenMs: number | null = null;
  let task: LibraryTask | null = null;
  let trouble: string | null = null;
  let lookTrouble: string | null = null;
  let running: Promise<void> = Promise.resolve();
  let looking: Promise<void> | undefined;
  const stop = new AbortController();

  /** Decides which newer versions are updates; rules may be changed at any time, by a command too. */
  function judge(): void {
    const now = rules?.() ?? {};
    judgedBy = JSON.stringify(now);
    rows.judge(readRules(now));
  }

  /** The rows by the rules that hold now. */
  function judged(): LibraryRows {
    if (JSON.stringify(rules?.() ?? {}) !== judgedBy) judge();
    return rows;
  }

  function shown(row: StoredRow): ShownRow {
    return { ...row, goneMs: row.sha256 === null ? null : hashes.asked(row.sha256)?.goneAt ?? null };
  }

  async function lookAll(): Promise<void> {
    try {
      const unsettled = seenMs === null ? await settled() : null;
      lookTrouble = await looks.all(stop.signal) ?? unsettled;
      seenMs = clock.date();
      // what an earlier service left unproved
      if (task === null && !stop.signal.aborted) proofs.wake();
    } catch {
      if (!stop.signal.aborted) lookTrouble = failed;
    }
    onChange();
    await giveBackMemory();
  }

  /** Ends what a killed service or command left, before the first look. @returns What could not be, in words. */
  async function settled(): Promise<string | null> {
    let trouble: string | null = null;
    await settleLibrary({
      ...{ folders, write, hashes, signal: stop.signal, onPath: () => {} },
      onTrouble: (error) => void (trouble ??= messageOf(error)),
    });
    return trouble;
  }

  const versionOf = joined((hashes: readonly string[]) => api.versions.byHashes(hashes, { signal: stop.signal }));

  /** Asks what a file is that has just come, together with others; a scan asks again where nobody answers. */
  async function ask(sha256: string, file: NamedFile): Promise<void> {
    try {
      const version = await versionOf(sha256);
      const identity = version === undefined ? null : identityOf(version, sha256);
      hashes.keepAsked(sha256, { identity, askedAt: clock.date() });
      rows.put(looks.remembered(file));
      onChange();
    } catch {
      // as it was
    }
  }

  function noted(path: string): void {
    const found = looks.one(path);
    if (found?.row.state === "unasked") void ask(found.row.sha256!, found.file);
    onChange();
  }

  const proofs = prover({
    ...{ hashes, throttle },
    paths: rows.toProve,
    onProved: noted,
    onProgress: onChange,
  });

  function begin(kind: LibraryTask["kind"], work: Work): boolean {
    if (task !== null || stop.signal.aborted) return false;
    task = { kind, phase: "reading", done: 0, total: 0 };
    trouble = null;
    let toldMs = clock.now();
    running = (async () => {
      try {
        await Promise.all([looking, proofs.pause()]);
        trouble = await work(stop.signal, (progress) => {
          task = { kind, ...progress };
          if (clock.now() - toldMs < 500) return;
          toldMs = clock.now();
          onChange();
        });
        if (kind === "scan" || kind === "quick") seenMs = clock.date();
      } catch (error) {
        if (!stop.signal.aborted) trouble = error instanceof CivikitError ? messageOf(error) : failed;
      } finally {
        task = null;
        if (!stop.signal.aborted) proofs.wake();
        onChange();
        await giveBackMemory();
      }
    })();
    onChange();
    return true;
  }

  return {
    get seenMs() {
      return seenMs;
    },
    get task() {
      return task;
    },
    get proving() {
      return proofs.proving;
    },
    get trouble() {
      return trouble ?? lookTrouble;
    },
    look() {
      // what is under way looks by itself
      if (task !== null) return running;
      looking ??= lookAll().finally(() => looking = undefined);
      return looking;
    },
    note: noted,
    scan: () => begin("scan", tasks.scan),
    quick: () => begin("quick", tasks.quick),
    verify: (ids) => begin("verify", tasks.verify(ids)),
    sidecars: (ids) => write !== undefined && begin("sidecars", tasks.sidecars(ids, write)),
    checkUpdates: () => begin("updates", tasks.updates),
    update(ids, old) {
      if (updating === undefined) return false;
      const meant = ids.flatMap((id) => rows.get(id) ?? []);
      const models = new Set(meant.flatMap(({ identity }) => identity?.modelId ?? []));
      const all = [...models].flatMap(rows.ofModel).flatMap(({ sha256, identity, ...file }) =>
        sha256 === null || identity === null ? [] : [{ ...file, sha256, identity }]
      );
      const work = updateFiles(all, new Set(meant.map(({ path }) => path)), old, {
        ...{ folders, hashes, tools: updating, rules: rules?.() ?? {}, write },
        onPath: noted,
      });
      return begin("update", work);
    },
    async facts(id) {
      const row = rows.get(id);
      return row && await modelFacts(api, row.path, { cache: hashes, signal: stop.signal });
    },
    list(which = {}) {
      const { rows: found, total } = judged().list(which);
      return { rows: found.map(shown), total };
    },
    counts: () => judged().counts(),
    bases: rows.bases,
    get(id) {
      const row = judged().get(id);
      return row && shown(row);
    },
    rules: () => withRules(rules?.() ?? {}, {}),
    have(versionIds) {
      const there = versionIds.map((id) => [id, rows.ofVersion(id).map(shown)] as const);
      return new Map(there.filter(([, found]) => found.length > 0));
    },
    haveModels: (modelIds) => modelIds.flatMap((id) => rows.ofModel(id).map(shown)),
    find(sha256) {
      const row = rows.ofHash(sha256.toUpperCase());
      return row && shown(row);
    },
    async close() {
      stop.abort(new DOMException("the library is closed", "AbortError"));
      await Promise.all([running, looking, proofs.pause()]);
      rows.close();
    },
  };
}
