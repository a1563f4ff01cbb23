const powers = { "": 0, K: 1, M: 2, G: 3, T: 4 } as const;

/** A size as people write it (`500M`, `1.5 GB`, `10485760`), in bytes; a K is 1024. Undefined for what is none. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,3})?)\s*([kmgt]?)(?:i?b)?(?:\/s)?$/i.exec(text.trim());
  if (!match) return undefined;
  const power = powers[match[2]!.toUpperCase() as keyof typeof powers];
  const bytes = Math.round(Number(match[1]) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A size as short as {@linkcode parseSize} reads it back to the byte: `7G`, `10M`, `1234`. */
export function sizeText(bytes: number): string {
  const [unit, power] = Object.entries(powers).findLast(([, power]) => bytes > 0 && bytes % 1024 ** power === 0) ??
    ["", 0];
  return `${bytes / 1024 ** power}${unit}`;
}
