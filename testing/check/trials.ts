import type { Fault } from "../origin/faults.ts";
import type { LinkOptions } from "../origin/links.ts";

/** One thing that happens to a downloader. */
export interface Trial {
  /** Its name, such as `resets`. */
  readonly name: string;
  /** What happens, in a few English words. */
  readonly what: string;
  /** The outcomes that are as good as can be: the right file, an honest error, or either. */
  readonly accepts: readonly ("right" | "refused")[];
  /** Faults of the origin. */
  readonly faults: readonly Fault[];
  /** Where the client starts, when not at the file itself. */
  readonly links?: Readonly<Record<string, LinkOptions>>;
  /** The client is stopped once the origin has sent so many bytes, and started again. */
  readonly stopsAfterBytes?: number;
  /** Headers the client is asked to send; the origin redirects to another one, which must not see them. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Seed of the file that is asked for. */
export const rightSeed = 7;
/** Seed of the file it is replaced by. */
export const otherSeed = 9;
/** Path of the file. */
export const filePath = "/model.bin";
/** Path of the resolving route, where links are used. */
export const linkPath = "/download/model.bin";

/**
 * The trials of {@linkcode checkClient} for a file of `size` bytes, in the order in which they are run.
 *
 * @param size Bytes of the file.
 * @example
 * ```ts
 * import { trials } from "@civikit/civikit/testing";
 *
 * console.log(trials(24 * 1024 ** 2).map(({ name }) => name).includes("wrong_bytes")); // true
 * ```
 */
export function trials(size: number): readonly Trial[] {
  const quarter = Math.floor(size / 4);
  const broken: Fault = { kind: "cut", after: quarter, how: "rst", times: 1 };
  const link = (options: Omit<LinkOptions, "to">) => ({ [linkPath]: { to: filePath, ...options } });
  return [
    { name: "plain", what: "nothing goes wrong", accepts: ["right"], faults: [] },
    { name: "resets", what: "three resets in mid-body", accepts: ["right"], faults: [{ ...broken, times: 3 }] },
    {
      name: "silent_end",
      what: "a body without length ends early",
      accepts: ["right"],
      faults: [{ kind: "cut", after: quarter, how: "fin", framing: "close", times: 1 }],
    },
    {
      name: "expired_link",
      what: "the signed link expires in mid-download",
      accepts: ["right"],
      faults: [],
      links: link({ bytes: Math.floor(size / 3), times: 1 }),
    },
    {
      name: "replaced",
      what: "replaced in mid-download, same size",
      accepts: ["right", "refused"],
      faults: [broken, { kind: "replace", seed: otherSeed, since: 2, times: 1 }],
    },
    {
      name: "wrong_bytes",
      what: "a 206 with wrong bytes",
      accepts: ["right"],
      faults: [broken, { kind: "corrupt", at: 2 * quarter, length: 4096, since: 2, times: 1 }],
    },
    {
      name: "ignored_range",
      what: "200 to a request for the rest",
      accepts: ["right"],
      faults: [broken, { kind: "ignore_range", since: 2 }],
    },
    {
      name: "shifted_range",
      what: "a 206 that starts elsewhere",
      accepts: ["right"],
      faults: [broken, { kind: "shift_range", by: 4096, since: 2, times: 1 }],
    },
    {
      name: "busy",
      what: "429 with Retry-After, twice",
      accepts: ["right"],
      faults: [{ kind: "status", status: 429, retryAfter: 1, times: 2 }],
    },
    {
      name: "stall",
      what: "bytes stop coming",
      accepts: ["right"],
      faults: [{ kind: "stall", after: quarter, times: 1 }],
    },
    {
      name: "killed",
      what: "killed in mid-download, started again",
      accepts: ["right"],
      // slow enough to be caught in the middle
      faults: [{ kind: "rate", bytesPerSecond: Math.ceil(size / 2) }],
      stopsAfterBytes: Math.floor(size / 3),
    },
    {
      name: "redirected_key",
      what: "a key at a redirect to another host",
      accepts: ["right"],
      faults: [],
      headers: { authorization: "Bearer not-for-the-storage" },
    },
    {
      name: "login_page",
      what: "a sign-in page with status 200",
      accepts: ["refused"],
      faults: [{ kind: "login_page" }],
    },
    {
      name: "error_json",
      what: "an error in JSON as a file",
      accepts: ["refused"],
      faults: [{ kind: "error_json", disguised: true }],
    },
  ];
}
