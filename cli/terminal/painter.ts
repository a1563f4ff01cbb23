import { unicodeWidth } from "@std/cli/unicode-width";
import type { Io } from "./io.ts";

/** A block of lines at the bottom of a terminal that is painted again and again. */
export interface Painter {
  /** Shows `lines` in place of those shown before, in one write. */
  paint(lines: readonly string[]): void;
  /** Writes `text` above the block for good; `lines` is the block from now on. */
  above(text: string, lines?: readonly string[]): void;
  /** Takes the block away and gives the cursor back; may be called twice. */
  close(): void;
}

// deno-lint-ignore no-control-regex
const colour = /\x1b\[\d+m/g;
const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
const clearBelow = "\x1b[J";
const clearLine = "\x1b[K";

/** Paints on `io.stderr`; the cursor is hidden while a block is shown. */
export function painter({ stderr, size }: Pick<Io, "stderr" | "size">): Painter {
  let shown: readonly string[] = [];
  let isHidden = false;

  // lines painted before the window became narrower take several rows by now
  function home(): string {
    const { columns } = size();
    const rows = shown.reduce((sum, line) => {
      return sum + Math.max(1, Math.ceil(unicodeWidth(line.replace(colour, "")) / columns));
    }, 0);
    return rows > 0 ? `\x1b[${rows}F` : "";
  }

  function hide(): string {
    if (isHidden) return "";
    isHidden = true;
    return hideCursor;
  }

  const block = (lines: readonly string[]) => lines.map((line) => `${line}${clearLine}\n`).join("");

  return {
    paint(lines) {
      if (lines.length === shown.length && lines.every((line, index) => line === shown[index])) return;
      stderr(`${hide()}${home()}${block(lines)}${clearBelow}`);
      shown = lines;
    },
    above(text, lines = shown) {
      stderr(`${lines.length > 0 ? hide() : ""}${home()}${clearBelow}${text}${block(lines)}`);
      shown = lines;
    },
    close() {
      if (!isHidden) return;
      stderr(`${home()}${clearBelow}${showCursor}`);
      isHidden = false;
      shown = [];
    },
  };
}
