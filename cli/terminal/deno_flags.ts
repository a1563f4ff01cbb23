/** The rights with which everything works. No program is ever started and no native code loaded, so neither is asked for. */
export const everyRight: readonly string[] = ["read", "write", "net", "env", "sys"].map((name) => `--allow-${name}`);

/**
 * What V8 is told of its heap, which can only be said at the start. Over TLS a read brings 16 KiB and some garbage. The space
 * for young objects may become 8 MiB for each half; left to itself, it grows with what was read to 32. What outlives it is
 * collected when it has doubled; left to itself, V8 waits until it is four times as much as was in use.
 */
export const heapFlags: readonly string[] = ["--max-semi-space-size=8", "--heap-growing-percent=100"];

/** {@linkcode heapFlags}, as Deno takes them. */
export const heapOption: string = `--v8-flags=${heapFlags.join()}`;
