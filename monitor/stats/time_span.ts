/** A minute. */
export const minuteMs = 60_000;
/** An hour. */
export const hourMs = 3_600_000;

/** A span of time; both ends in milliseconds since the epoch. */
export interface TimeSpan {
  /** Start; default: as far back as there is anything. */
  readonly fromMs?: number | undefined;
  /** End; default: now. */
  readonly toMs?: number | undefined;
}

/** A span whose ends are known. */
export interface KnownSpan {
  /** Start, in milliseconds since the epoch. */
  readonly fromMs: number;
  /** End, in milliseconds since the epoch. */
  readonly toMs: number;
}

/** Which rows make up a span: whole hours in the middle, minutes at the ends where they are kept. */
export interface Pieces {
  /** Ends of what is taken by the minute. */
  readonly minutes: readonly (readonly [fromMs: number, toMs: number])[];
  /** Ends of what is taken by the hour. */
  readonly hours: readonly [fromMs: number, toMs: number];
}

/** What a store has at one moment. */
export interface Kept {
  /** Now, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** How long minutes are kept, in milliseconds. */
  readonly keepMinutesMs: number;
  /** When the first numbers are from, in milliseconds since the epoch; infinite without any. */
  readonly oldestMs: number;
}

/** `ms` down to a multiple of `step`. */
export const floor = (ms: number, step: number): number => Math.floor(ms / step) * step;

/** `ms` up to a multiple of `step`. */
const ceil = (ms: number, step: number): number => Math.ceil(ms / step) * step;

/** The first minute that is kept as one. */
export function keptSince({ nowMs, keepMinutesMs }: Pick<Kept, "nowMs" | "keepMinutesMs">): number {
  return floor(nowMs - keepMinutesMs, minuteMs);
}

/** The span as it can be had: whole minutes, or whole hours where it begins before the minutes that are kept. */
export function spanOf({ fromMs = 0, toMs }: TimeSpan, kept: Kept): KnownSpan {
  const end = toMs ?? kept.nowMs;
  const from = kept.oldestMs === Infinity ? end : Math.max(fromMs, kept.oldestMs);
  return { fromMs: floor(from, from < keptSince(kept) ? hourMs : minuteMs), toMs: end };
}

/** What to read for a span that {@linkcode spanOf} gave. */
export function piecesOf({ fromMs: start, toMs }: KnownSpan, kept: Pick<Kept, "nowMs" | "keepMinutesMs">): Pieces {
  // nothing is newer than now, so the hour that is running may be taken whole
  const end = toMs >= kept.nowMs ? ceil(toMs + 1, hourMs) : ceil(toMs, toMs < keptSince(kept) ? hourMs : minuteMs);
  const first = ceil(start, hourMs);
  const last = floor(end, hourMs);
  if (first > last) return { minutes: [[start, end]], hours: [0, 0] };
  return { minutes: [[start, first], [last, end]], hours: [first, last] };
}
