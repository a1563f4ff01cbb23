/**
 * `@std/cli/prompt-secret` over `Deno.stdin`, for networks that reach npm but not JSR.
 *
 * @module
 */

/** Options of {@linkcode promptSecret}. */
export type PromptSecretOptions = {
  /** Shown once for each character typed; `*` unless given, nothing where empty. */
  mask?: string;
  /** Takes the line away afterwards. */
  clear?: boolean;
};

/** Asks for a line without showing it; null where standard input is no terminal. */
export function promptSecret(message = "Secret", options: PromptSecretOptions = {}): string | null {
  const { mask = "*", clear = false } = options;
  if (!Deno.stdin.isTerminal()) return null;
  const print = (text: string): number => Deno.stdout.writeSync(new TextEncoder().encode(text));
  const isWindows = Deno.build.os === "windows";
  if (isWindows) Deno.stdin.setRaw(true);
  else Deno.stdin.setRaw(true, { cbreak: true });
  try {
    const bytes: number[] = [];
    const byte = new Uint8Array(1);
    const text = (): string => new TextDecoder().decode(new Uint8Array(bytes));
    const show = (): number => print(`\r\x1b[K${message} ${mask.repeat([...text()].length)}`);
    for (show(); Deno.stdin.readSync(byte) !== null; show()) {
      const code = byte[0] ?? 0;
      if (code === 0x0a || code === 0x0d) break;
      // Raw mode without `cbreak` hands over Ctrl-C as a character.
      if (code === 0x03) Deno.exit(130);
      if (code === 0x08 || code === 0x7f) {
        bytes.splice(0, bytes.length, ...new TextEncoder().encode(text().slice(0, -1)));
      } else bytes.push(code);
    }
    print(clear ? "\r\x1b[K" : "\n");
    return text();
  } finally {
    Deno.stdin.setRaw(false);
  }
}
