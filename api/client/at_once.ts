/**
 * Works on what `source` gives, `most` at a time, and gives the results as they come; undefined ones are left out. After
 * the first failure, of the work or of the source, and when it is broken off, `stop` is aborted and the others are waited
 * for.
 */
export async function* atOnce<T, Result>(
  source: Iterable<T> | AsyncIterable<T>,
  most: number,
  stop: AbortController,
  work: (one: T) => Promise<Result | undefined>,
): AsyncGenerator<Result, void, undefined> {
  const rows = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const running = new Set<Promise<void>>();
  const results: Result[] = [];
  let isOver = false;
  let failure: { error: unknown } | undefined;
  let wake = Promise.withResolvers<void>();

  async function takeAll(): Promise<void> {
    while (!isOver) {
      const { value, done } = await rows.next();
      if (done) isOver = true;
      else {
        const result = await work(value);
        if (result !== undefined) results.push(result);
        wake.resolve();
      }
    }
  }

  for (let worker = 0; worker < most; worker++) {
    const task: Promise<void> = takeAll().catch((error) => {
      failure ??= { error };
      isOver = true;
      stop.abort();
    }).finally(() => {
      running.delete(task);
      wake.resolve();
    });
    running.add(task);
  }
  try {
    for (;;) {
      yield* results.splice(0);
      if (running.size === 0 && results.length === 0) break;
      await wake.promise;
      wake = Promise.withResolvers<void>();
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    isOver = true;
    stop.abort();
    await Promise.all(running);
    await rows.return?.(undefined);
  }
}

/** Calls that {@linkcode inChunks} makes at once. */
export const callsAtOnce = 4;

/**
 * Asks for `all`, `size` at a time, a few calls at once; the first failure gives the others up. What comes stands in the
 * order in which it was asked for, whichever answer is there first.
 */
export async function inChunks<T, Row>(
  all: readonly T[],
  size: number,
  signal: AbortSignal | undefined,
  ask: (some: readonly T[], signal: AbortSignal) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const found: (readonly Row[])[] = [];
  const askFor = async ([at, some]: [number, readonly T[]]) => void (found[at] = await ask(some, either));
  for await (const _ of atOnce(chunks.entries(), callsAtOnce, stop, askFor));
  return found.flat();
}
