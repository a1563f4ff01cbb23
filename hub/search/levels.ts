/** How much may be shown openly, from what is everybody's to everything. */
export const levels = ["pg", "pg13", "r", "x", "xxx"] as const;

/** One of {@linkcode levels}. */
export type Level = typeof levels[number];

/** The bits of a picture's level; whatever has others is nobody's to see openly. */
const openBits: Readonly<Record<Level, number>> = { pg: 1, pg13: 3, r: 7, x: 15, xxx: 31 };

/** The words of old data, which had no bits. */
const oldWords: Readonly<Record<string, number>> = { none: 1, soft: 2, mature: 4, x: 8 };

/** What a picture's level may be in answers of the site. */
export interface Levelled {
  /** The bits, or a word in old data. */
  readonly nsfwLevel?: number | string | null;
}

/** Whether `text` names a level. */
export function isLevel(text: string | undefined): text is Level {
  return levels.some((level) => level === text);
}

/** Whether a picture may be shown openly; one that nobody has rated yet only where everything may. */
export function isOpen({ nsfwLevel }: Levelled, level: Level): boolean {
  const bits = typeof nsfwLevel === "number" ? nsfwLevel : oldWords[nsfwLevel?.toLowerCase() ?? ""] ?? 0;
  return bits === 0 ? level === "xxx" : (bits & ~openBits[level]) === 0;
}
