import { identityOf } from "../../api/library/identity.ts";
import { messageOf, systemClock } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import { giveBackMemory } from "../give_back_memory.ts";
import { joined } from "./joined.ts";
import type { Library, LibraryOptions, LibraryTask } from "./library.ts";
import { openRows } from "./library_rows.ts";
import { libraryTasks, type Work } from "./library_tasks.ts";
import { looker, type NamedFile } from "./looker.ts";
import { prover } from "./prover.ts";

const failed = "the service itself failed";

/** Opens a library; it is empty until the first look. */
export function openLibrary(
  { folders, hashes, api, write, throttle, rules, onChange = () => {}, clock = systemClock }: LibraryOptions,
): Library {
  const rows = openRows();
  const looks = looker(rows, folders, hashes);
  const tasks = libraryTasks(rows, { folders, hashes, api, throttle, rules, clock, remembered: looks.remembered });
  let seenMs: number | null = null;
  let task: LibraryTask | null = null;
  let trouble: string | null = null;
  let lookTrouble: string | null = null;
  let running: Promise<void> = Promise.resolve();
  let looking: Promise<void> | undefined;
  const stop = new AbortController();

  async function lookAll(): Promise<void> {
    try {
      lookTrouble = await looks.all(stop.signal);
      seenMs = clock.date();
      // what an earlier service left unproved
      if (task === null && !stop.signal.aborted) proofs.wake();
    } catch {
      if (!stop.signal.aborted) lookTrouble = failed;
    }
    onChange();
    await giveBackMemory();
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

  const proofs = prover({
    ...{ hashes, throttle },
    paths: rows.toProve,
    onProved(path) {
      const found = looks.one(path);
      if (found?.row.state === "unasked") void ask(found.row.sha256!, found.file);
      onChange();
    },
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
    note(path) {
      const found = looks.one(path);
      if (found?.row.state === "unasked") void ask(found.row.sha256!, found.file);
      onChange();
    },
    scan: () => begin("scan", tasks.scan),
    quick: () => begin("quick", tasks.quick),
    verify: (ids) => begin("verify", tasks.verify(ids)),
    sidecars: (ids) => write !== undefined && begin("sidecars", tasks.sidecars(ids, write)),
    checkUpdates: () => begin("updates", tasks.updates),
    list: (which = {}) => rows.list(which),
    counts: rows.counts,
    bases: rows.bases,
    get: rows.get,
    have(versionIds) {
      const there = versionIds.map((id) => [id, rows.ofVersion(id)] as const);
      return new Map(there.filter(([, found]) => found.length > 0));
    },
    haveModels: (modelIds) => modelIds.flatMap(rows.ofModel),
    find: (sha256) => rows.ofHash(sha256.toUpperCase()),
    async close() {
      stop.abort(new DOMException("the library is closed", "AbortError"));
      await Promise.all([running, looking, proofs.pause()]);
      rows.close();
    },
  };
}
