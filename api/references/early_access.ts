import type { ListVersion, Version } from "../resources/versions.ts";

/** What tells whether a version is in early access; a version from anywhere has it. */
export interface EarlyAccessFacts extends Pick<Version, "paidAccess" | "earlyAccessEndsAt" | "availability"> {
  /** Its end as the model's own list of versions tells it. */
  readonly earlyAccessDeadline?: ListVersion["earlyAccessDeadline"] | undefined;
}

/**
 * Until when a version is sold: `endsAt` is ISO 8601, or null for ever or not known. Null when it is free.
 *
 * @param now Milliseconds since the epoch. Default: the machine's time.
 * @example
 * ```ts
 * import { earlyAccessOf } from "@civikit/civikit/api";
 *
 * console.log(earlyAccessOf({ paidAccess: { permanent: true } })); // { endsAt: null }
 * ```
 */
export function earlyAccessOf(
  { paidAccess, earlyAccessEndsAt, earlyAccessDeadline, availability }: EarlyAccessFacts,
  now: number = Date.now(),
): { endsAt: string | null } | null {
  if (paidAccess?.permanent) return { endsAt: null };
  const endsAt = paidAccess?.endsAt ?? earlyAccessEndsAt ?? earlyAccessDeadline;
  // A date that cannot be read is taken as one to come: the server has the last word anyway.
  if (endsAt) return Date.parse(endsAt) <= now ? null : { endsAt };
  return availability === "EarlyAccess" ? { endsAt: null } : null;
}
