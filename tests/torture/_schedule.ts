/**
 * One random fault schedule, from a seed to a verdict: a file, a transport, promises, faults of the server, and what
 * happens to the disk between the runs.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createTransport } from "../../create_transport.ts";
import {
  CivikitError,
  compose,
  download,
  type DownloadOptions,
  fetchTransport,
  rangeTransport,
  resumeTransport,
  timeout,
  type Transport,
} from "../../transport/mod.ts";
import { contentAt, type Deed, type Fault, randomFrom, randomSchedule, startOrigin } from "../_origin/mod.ts";
import { survivableKinds } from "../_origin/mod.ts";

/** The ways to fetch that take turns. */
export const stacks = ["fetch", "resume", "range", "whole"] as const;

/** Everything that is drawn from a seed; as JSON it is the whole schedule. */
export interface Schedule {
  readonly seed: number;
  readonly stack: typeof stacks[number];
  readonly size: number;
  readonly pieceBytes: number;
  readonly parallel: number;
  readonly flushBytes: number;
  /** What the caller knows about the file. */
  readonly promised: { readonly hash: boolean; readonly size: boolean };
  readonly faults: readonly Fault[];
  /** Whether faults may come that end in an error however often one tries. */
  readonly isFatal: boolean;
  /** For each run but the last: the share of the file after which the caller stops it. */
  readonly stops: readonly (number | undefined)[];
  /** For each run but the last: what happens to the disk after it. */
  readonly damages: readonly (Damage | undefined)[];
}

/** What may befall the unfinished file between two runs; offsets are shares of its size. */
export type Damage =
  | { readonly kind: "flip" | "truncate" | "zero" | "extend"; readonly at: number }
  | { readonly kind: "no_part" | "no_journal" | "half_journal" | "zero_journal" | "journal_tmp" };

/** How a schedule went. */
export interface Outcome {
  readonly schedule: Schedule;
  /** What broke a promise; undefined when all were kept. */
  readonly complaint?: string | undefined;
  /** Codes of the runs that failed. */
  readonly codes: readonly string[];
  /** Whether the file arrived. */
  readonly arrived: boolean;
}

const mostRuns = 12;
const idleMs = 400;
/** Nothing here takes seconds; a run that takes this long would never end. */
const longestMs = 60_000;

/**
 * Faults nobody can see who has no hash or size to compare with: wrong bytes under right headers, a body that ends
 * early or late while nothing says how long it should be, a total that is wrong in every answer.
 */
const invisible: ReadonlySet<Deed["kind"]> = new Set(["corrupt", "overlong", "wrong_total", "replace"]);
const fatalKinds: readonly Deed["kind"][] = ["replace", "login_page", "error_json", "redirect_loop", "status"];

/** Draws a schedule. */
export function drawSchedule(seed: number): Schedule {
  const random = randomFrom(seed * 7919 + 13);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const stack = stacks[seed % stacks.length]!;
  const size = oneOf([
    () => below(200),
    () => 1 + below(300_000),
    () => 1 + below(3_000_000),
    () => 65_536 * below(40),
  ])();
  const promised = { hash: random() < 0.75, size: random() < 0.6 };
  const isFatal = random() < 0.15;
  let faults: readonly Fault[] = randomSchedule(seed, {
    size: Math.max(size, 2),
    count: 7,
    path: "/a.bin",
    kinds: isFatal ? [...survivableKinds, ...fatalKinds] : survivableKinds,
    // only timers get out of silence, and a plain fetch has none
    withSilence: stack !== "fetch" && random() < 0.2,
  });
  if (!promised.hash) {
    faults = faults.filter(({ kind }) => !invisible.has(kind));
    // without a length in sight a FIN is the end
    faults = faults.filter((fault) => !(fault.kind === "cut" && fault.framing === "close"));
  }
  return {
    seed,
    stack,
    size,
    pieceBytes: 65_536 * (1 + below(6)),
    parallel: 1 + below(6),
    flushBytes: 65_536 * (1 + below(8)),
    promised,
    faults,
    isFatal,
    stops: Array.from({ length: 4 }, () => random() < 0.25 ? random() : undefined),
    damages: Array.from({ length: 4 }, () => random() < 0.3 ? drawDamage(random) : undefined),
  };
}

function drawDamage(random: () => number): Damage {
  const kinds = [
    "flip",
    "truncate",
    "zero",
    "extend",
    "no_part",
    "no_journal",
    "half_journal",
    "zero_journal",
  ] as const;
  const kind = [...kinds, "journal_tmp" as const][Math.floor(random() * (kinds.length + 1))]!;
  return kind === "flip" || kind === "truncate" || kind === "zero" || kind === "extend"
    ? { kind, at: random() }
    : { kind };
}

/** Plays a schedule in `folder`, which is empty, until the file is there or has failed for good. */
export async function play(schedule: Schedule, folder: string): Promise<Outcome> {
  const { seed, size, promised, faults, isFatal } = schedule;
  const path = `${folder}/a.bin`;
  const versions = [{ seed, size }];
  for (const fault of faults) {
    if (fault.kind === "replace") versions.push({ seed: fault.seed, size: fault.size ?? size });
  }
  const sha256 = (of: { seed: number; size: number }) => hash(contentAt(of.seed, 0, of.size));
  const SHA256 = sha256(versions[0]!);
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed } }, faults });
  const { transport, close } = open(schedule);
  const codes: string[] = [];
  const end = (complaint?: string, arrived = false): Outcome => ({ schedule, complaint, codes, arrived });
  const random = randomFrom(seed + 5);
  try {
    for (let run = 0; run < mostRuns; run++) {
      // whatever was in the way is gone in the end: then it has to work
      if (run === mostRuns - 2) origin.heal();
      const stopAt = schedule.stops[run];
      const controller = new AbortController();
      const reason = new Error("stopped");
      const late = new Error("late");
      const alarm = setTimeout(() => controller.abort(late), longestMs);
      const options: DownloadOptions = {
        delayMs: 0,
        random,
        flushBytes: schedule.flushBytes,
        signal: controller.signal,
        hashes: promised.hash ? { SHA256 } : {},
        sizeBytes: promised.size ? size : undefined,
        gate() {
          if (stopAt !== undefined && origin.sent() >= stopAt * size) controller.abort(reason);
          return undefined;
        },
      };
      let failure: unknown;
      let digest: string | undefined;
      try {
        digest = (await download(transport, `${origin.url}/a.bin`, path, options)).digests.SHA256;
      } catch (error) {
        failure = error;
      } finally {
        clearTimeout(alarm);
      }
      if (failure === late) return end(`run ${run}: it does not end`);
      const settled = await within(longestMs, origin.idle());
      if (!settled) return end(`run ${run}: a request is still open after download() has settled`);
      const wrong = wrongNames(folder, failure === undefined);
      if (wrong.length > 0) return end(`run ${run}: left behind ${wrong.join(", ")}; ${failure ?? "done"}`);
      if (failure === undefined) {
        const actual = hash(Deno.readFileSync(path));
        if (actual !== digest?.toLowerCase()) return end(`run ${run}: says ${digest}, and the file is ${actual}`);
        const allowed = promised.hash ? [SHA256] : versions.map(sha256);
        return allowed.includes(actual) ? end(undefined, true) : end(`run ${run}: wrong bytes under the final name`);
      }
      if (failure === reason) codes.push("stopped");
      else if (failure instanceof CivikitError) codes.push(failure.code);
      else return end(`run ${run}: untyped ${failure instanceof Error ? failure.stack : failure}`);
      const damage = schedule.damages[run];
      if (damage !== undefined) harm(path, damage);
    }
    const replaced = origin.log.some(({ faults }) => faults.includes("replace"));
    return isFatal && replaced ? end() : end(`${mostRuns} runs, the last two without faults, did not bring the file`);
  } finally {
    close();
  }
}

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function open({ stack, pieceBytes, parallel }: Schedule): { transport: Transport; close(): void } {
  if (stack === "whole") {
    const transport = createTransport({
      pieceBytes,
      parallel,
      headersMs: idleMs,
      idleMs,
      retry: { delayMs: 0 },
      rateLimit: { pauseMs: 0 },
      resume: { delayMs: 0 },
    });
    return { transport, close: () => transport.close() };
  }
  const socket = fetchTransport();
  const timed = compose(socket, timeout({ headersMs: idleMs }));
  const resume = resumeTransport(timed, { delayMs: 0, idleTimeoutMs: idleMs, fromBytes: 0 });
  const transport = stack === "fetch" ? timed : stack === "resume" ? resume : rangeTransport(resume, {
    delayMs: 0,
    idleTimeoutMs: idleMs,
    pieceBytes,
    parallel,
    enoughBytesPerSecond: 1e12,
  });
  return { transport, close: () => socket.close() };
}

/** Names that have no business in the folder. */
function wrongNames(folder: string, isDone: boolean): string[] {
  const always = /^a\.bin\.(quarantine(\.json)?|part\.json\.bad|part\.old(\.\d+)?)$/;
  const unfinished = /^a\.bin\.part(\.json)?$/;
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return names.filter((name) => !always.test(name) && !(isDone ? name === "a.bin" : unfinished.test(name)));
}

function harm(path: string, damage: Damage): void {
  const part = `${path}.part`;
  const journal = `${part}.json`;
  const { size } = statOf(part);
  const text = statOf(journal).size > 0 ? Deno.readTextFileSync(journal) : undefined;
  switch (damage.kind) {
    case "journal_tmp":
      return Deno.writeTextFileSync(`${journal}.tmp`, `{"version":1,"url`);
    case "no_part":
      return remove(part);
    case "no_journal":
      return remove(journal);
    case "half_journal":
      return text === undefined ? undefined : Deno.writeTextFileSync(journal, text.slice(0, text.length / 2));
    case "zero_journal":
      return text === undefined ? undefined : Deno.writeTextFileSync(journal, "\0".repeat(text.length));
  }
  if (size === 0) return;
  const at = Math.floor(damage.at * size);
  using file = Deno.openSync(part, { read: true, write: true });
  if (damage.kind === "truncate") return file.truncateSync(at);
  const bytes = new Uint8Array(Math.min(5000, size - at));
  file.seekSync(at, Deno.SeekMode.Start);
  const count = file.readSync(bytes) ?? 0;
  if (damage.kind === "flip") bytes[0]! ^= 1;
  if (damage.kind === "zero") bytes.fill(0);
  file.seekSync(damage.kind === "extend" ? size : at, Deno.SeekMode.Start);
  file.writeSync(bytes.subarray(0, count));
}

function statOf(path: string): { size: number } {
  try {
    return Deno.statSync(path);
  } catch {
    return { size: 0 };
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // it is not there
  }
}

async function within(limitMs: number, work: Promise<void>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), limitMs));
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
