/** Lets others go on after each ten milliseconds of work. @throws The signal's reason when it aborts. */
export function breather(signal: AbortSignal): () => Promise<void> | undefined {
  let sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs < 10) return;
    return new Promise((resolve) => setTimeout(resolve)).then(() => {
      signal.throwIfAborted();
      sinceMs = performance.now();
    });
  };
}
