import type { Io } from "./io.ts";
import { isPaintable } from "./style.ts";
import { fit } from "./text.ts";
import { painter } from "./painter.ts";

/** One line at the bottom of a terminal that says how far something is; nothing where there is no terminal. */
export interface StatusLine {
  /** Shows `text` in place of the text before. */
  show(text: string): void;
  /** Writes a line for good. */
  add(text: string): void;
  /** Takes the line away. */
  close(): void;
}

/** A status line on `io`. */
export function statusLine(io: Io, isQuiet = false): StatusLine {
  const canvas = isPaintable(io) && !isQuiet ? painter(io) : undefined;
  let isShown = false;
  return {
    show(text) {
      isShown = canvas !== undefined;
      canvas?.paint([fit(text, Math.max(10, io.size().columns - 1)).trimEnd()]);
    },
    add(text) {
      if (isShown) canvas?.above(`${text}\n`);
      else io.stderr(`${text}\n`);
    },
    close() {
      isShown = false;
      canvas?.close();
    },
  };
}
