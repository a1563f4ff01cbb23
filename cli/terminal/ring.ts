import type { Io } from "./io.ts";
import { printable } from "./text.ts";

/**
 * Rings the terminal, and tells it what for: most show a notification when their window is not looked at (OSC 9). Nothing
 * where there is no terminal.
 */
export function ring({ io, text }: { readonly io: Pick<Io, "isTerminal" | "stderr">; readonly text: string }): void {
  if (io.isTerminal) io.stderr(`\x1b]9;${printable(text)}\x07\x07`);
}
