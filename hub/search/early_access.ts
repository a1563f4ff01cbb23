import type { ListVersion } from "../../api/mod.ts";

/** Whether a version is sold now, and until when. */
export interface EarlyAccess {
  /** Whether only buyers get it now. */
  readonly isEarlyAccess: boolean;
  /** Until when, ISO 8601; null: it is not sold, or nobody says until when. */
  readonly earlyAccessUntil: string | null;
}

/** Reads of a version whether it is sold at this moment. */
export function earlyAccess(
  { paidAccess, earlyAccessDeadline, availability }: ListVersion,
  nowMs: number,
): EarlyAccess {
  const endsAt = paidAccess?.endsAt ?? earlyAccessDeadline ?? null;
  const isOver = endsAt !== null && Date.parse(endsAt) <= nowMs;
  const isSold = paidAccess?.permanent === true || (!isOver && (endsAt !== null || availability === "EarlyAccess"));
  return { isEarlyAccess: isSold, earlyAccessUntil: isSold ? endsAt : null };
}
