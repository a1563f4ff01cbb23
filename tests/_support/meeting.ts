/**
 * A gate that opens once `count` have come to it: who is to be at work at the same time is, on the slowest machine.
 * Where fewer come it opens after half a minute, so that a test can say how many there were.
 */
export function meeting(count: number): () => Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let come = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    timer ??= setTimeout(() => resolve(undefined), 30_000);
    if (++come >= count) {
      clearTimeout(timer);
      resolve(undefined);
    }
    return promise;
  };
}
