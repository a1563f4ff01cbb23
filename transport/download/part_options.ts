import type { Clock } from "../clock.ts";
import type { HashName } from "./digest.ts";

/** What a `PartFile` is opened with. */
export interface PartFileOptions {
  /** The final name. */
  readonly path: string;
  /** The URL asked for; the journal keeps a redacted one and a digest. */
  readonly url: string;
  /** The hashes wanted. */
  readonly hashes: Partial<Record<HashName, string>>;
  /** The hashes to compute while the bytes come. */
  readonly names: readonly HashName[];
  /** A part file of another download is set aside instead of refused. */
  readonly replace: boolean;
  /** Whether what an earlier run has written is taken over. */
  readonly resume: boolean;
  /** The journal is written when this many bytes are not in it yet. */
  readonly flushBytes: number;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}
