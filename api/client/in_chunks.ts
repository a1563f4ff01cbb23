const atOnce = 4;

/** Asks for `all`, `size` at a time, a few calls at once; the first failure gives the others up. */
export async function inChunks<T, Row>(
  all: readonly T[],
  size: number,
  signal: AbortSignal | undefined,
  ask: (some: readonly T[], signal: AbortSignal) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const found: Row[] = [];
  let at = 0;
  async function work(): Promise<void> {
    while (at < all.length) {
      const some = all.slice(at, at += size);
      found.push(...await ask(some, either));
    }
  }
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } catch (error) {
    stop.abort();
    throw error;
  }
  return found;
}
