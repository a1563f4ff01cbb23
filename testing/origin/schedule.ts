/**
 * Random faults from a seed, for tests that try thousands of schedules.
 *
 * @module
 */
import { randomFrom } from "./content.ts";
import type { Deed, Ending, Fault } from "./faults.ts";

/** What {@linkcode randomSchedule} takes. */
export interface ScheduleOptions {
  /** Size of the file in bytes; offsets are drawn from it. */
  size: number;
  /** The most faults in a schedule (default 5); at least one. */
  count?: number;
  /** How often each fault may strike (default: 1 to 3, drawn for each). */
  times?: number;
  /** Kinds to draw from (default {@linkcode survivableKinds}). */
  kinds?: readonly Deed["kind"][];
  /** Path they are tied to (default: any). */
  path?: string;
  /** Rows that need a timer of the client's to be survived quickly: `hang`, `stall`. Off by default. */
  withSilence?: boolean;
}

/**
 * The kinds a client that knows the SHA-256 has to survive when each strikes a limited number of times. `replace`,
 * `login_page`, `redirect_loop` and permanent refusals are left out: they rightly end in an error.
 */
export const survivableKinds: readonly Deed["kind"][] = [
  "ignore_range",
  "shift_range",
  "no_content_range",
  "multipart",
  "wrong_total",
  "short_range",
  "overlong",
  "validators",
  "status",
  "redirect_chain",
  "cut",
  "framing",
  "rate",
  "delay",
  "unsatisfiable",
  "max_connections",
  "corrupt",
  "gzip",
  "no_answer",
  "garbage",
];

/** The kinds that leave the client waiting. */
export const silentKinds: readonly Deed["kind"][] = ["hang", "stall"];

/** A list of faults that can say how it was made. */
export interface Schedule extends ReadonlyArray<Fault> {
  /** The call that makes it again, to be printed when a test fails, such as `randomSchedule(7, {"size":1000})`. */
  readonly repeat: string;
}

/**
 * A bounded list of faults, the same for the same seed and options.
 *
 * @param seed Any whole number.
 * @param options See {@linkcode ScheduleOptions}.
 * @throws {RangeError} When `size` or `count` is not a whole number of at least 1.
 * @example
 * ```ts
 * import { faultyOrigin, randomSchedule } from "@civikit/civikit/testing";
 *
 * const schedule = randomSchedule(1234, { size: 3_000_000 });
 * await using server = await faultyOrigin(schedule, { files: { "/a.bin": { size: 3_000_000, seed: 1 } } }).listen();
 * console.log(schedule.repeat); // randomSchedule(1234, {"size":3000000})
 * ```
 */
export function randomSchedule(seed: number, options: ScheduleOptions): Schedule {
  const { size, count = 5, times, kinds = survivableKinds, path, withSilence = false } = options;
  for (const [name, value] of Object.entries({ size, count })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`option ${name}: ${value} is not at least 1`);
  }
  const random = randomFrom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const ending = () => oneOf<Ending>(["fin", "rst"]);
  // spans are small more often than large, so that many faults strike near the edges of parts
  const some = () => 1 + below(oneOf([16, 1_000, Math.max(2, Math.floor(size / 4))]));

  const draw: Partial<Record<Deed["kind"], () => Deed>> = {
    shift_range: () => ({ kind: "shift_range", by: oneOf([-1, 1]) * some() }),
    wrong_total: () => ({ kind: "wrong_total", by: oneOf([-1, 1]) * some() }),
    short_range: () => ({ kind: "short_range", bytes: some(), claim: oneOf(["honest", "range", "full"]) }),
    overlong: () => ({ kind: "overlong", bytes: some(), claim: oneOf(["length", "range", "honest"]) }),
    validators: () => ({ kind: "validators", etag: oneOf(["weak", "none", "per_connection", "per_request"]) }),
    status: () => {
      const status = oneOf([408, 429, 500, 502, 503, 504, 522]);
      return status === 429 || status === 503 ? { kind: "status", status, retryAfter: 0 } : { kind: "status", status };
    },
    redirect: () => ({ kind: "redirect", to: path ?? "/" }),
    redirect_chain: () => ({ kind: "redirect_chain", hops: 1 + below(9) }),
    cut: () => ({
      kind: "cut",
      after: below(size),
      how: ending(),
      framing: oneOf(["length", "length", "chunked", "close"]),
    }),
    framing: () => ({ kind: "framing", framing: oneOf(["chunked", "close"]) }),
    stall: () => ({ kind: "stall", after: below(size) }),
    rate: () => ({ kind: "rate", bytesPerSecond: size * (2 + below(20)), after: below(size) }),
    delay: () => ({ kind: "delay", ms: 1 + below(30) }),
    max_connections: () => ({ kind: "max_connections", connections: 1 + below(4), status: oneOf([403, 429, 503]) }),
    corrupt: () => ({ kind: "corrupt", at: below(size), length: Math.min(some(), size) }),
    no_answer: () => ({ kind: "no_answer", how: ending() }),
    replace: () => ({ kind: "replace", seed: below(1e6), etag: oneOf(["strong", "weak", "none", "same"]) }),
  };

  const pool = withSilence ? [...kinds, ...silentKinds] : kinds;
  const faults = Array.from({ length: 1 + below(count) }, () => {
    const kind = oneOf(pool);
    const deed = draw[kind]?.() ?? { kind } as Deed;
    const fault: Fault = { ...deed, times: times ?? 1 + below(3) };
    if (path !== undefined) fault.path = path;
    // half of them wait for a later request, or for one in a certain part of the file
    const when = below(4);
    if (when === 0) fault.since = 1 + below(6);
    if (when === 1) fault.from = below(size);
    return fault;
  });
  // not enumerable: a schedule is compared and printed as the list of faults it is
  return Object.defineProperty(faults, "repeat", {
    value: `randomSchedule(${seed}, ${JSON.stringify(options)})`,
  }) as unknown as Schedule;
}
