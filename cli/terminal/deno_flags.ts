/** The rights with which everything works. No program is ever started and no native code loaded, so neither is asked for. */
export const everyRight: readonly string[] = ["read", "write", "net", "env", "sys"].map((name) => `--allow-${name}`);

/**
 * How large V8's space for young objects may become, in MiB for each half. Over TLS a read brings 16 KiB and some garbage;
 * left to itself, the space grows step by step with what was read, to 32 MiB a half. It can only be said at the start.
 */
export const youngSpaceLimit = "--max-semi-space-size=8";

/** {@linkcode youngSpaceLimit}, as Deno takes it. */
export const youngSpace: string = `--v8-flags=${youngSpaceLimit}`;
