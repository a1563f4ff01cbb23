/** Letters to add, drop, change or swap with their neighbour on the way from `a` to `b`. */
function distance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, change, isSwapped ? before[j - 2]! + 1 : Infinity));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}

/**
 * The one of `words` someone most likely meant by `typed`: one slip away, two in words of eight letters and more, or
 * begun with it. Undefined when none is near, as another word is worse than none.
 */
export function closest(typed: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = typed.length < 3 ? 1 : typed.length < 8 ? 2 : 3;
  for (const word of words) {
    const steps = typed.length > 2 && word.startsWith(typed) ? 1 : distance(typed, word);
    if (steps < least) [best, least] = [word, steps];
  }
  return best;
}
