const longestMemory = 1_000_000;

/**
 * Remembers keys for at least a million more, so that the longest list takes bounded memory.
 *
 * @returns Tells whether a key is new, and remembers it; undefined is always new.
 */
export function recentKeys<Key>(memory: number = longestMemory): (key: Key | undefined) => boolean {
  let young = new Set<Key>();
  let old = new Set<Key>();
  return function isNew(key) {
    if (key === undefined) return true;
    if (old.size > 0 && old.has(key)) return false;
    const known = young.size;
    if (young.add(key).size === known) return false;
    if (young.size >= memory) [young, old] = [new Set<Key>(), young];
    return true;
  };
}
