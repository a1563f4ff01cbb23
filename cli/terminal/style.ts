import type { Io } from "./io.ts";

/** Colours by meaning; every one is the identity where colours are off. */
export interface Style {
  /** What went well. */
  good(text: string): string;
  /** What went wrong. */
  bad(text: string): string;
  /** What deserves a look. */
  warn(text: string): string;
  /** What moves. */
  active(text: string): string;
  /** What matters less. */
  dim(text: string): string;
}

const same = (text: string) => text;
const ansi = (code: number) => (text: string) => text === "" ? "" : `\x1b[${code}m${text}\x1b[0m`;

/** No colours. */
export const plainStyle: Style = { good: same, bad: same, warn: same, active: same, dim: same };
const colourStyle: Style = { good: ansi(32), bad: ansi(31), warn: ansi(33), active: ansi(36), dim: ansi(2) };

/** Tells whether the terminal understands cursor movements and colours at all. */
export function isPaintable({ isTerminal, env }: Pick<Io, "isTerminal" | "env">): boolean {
  return isTerminal && env("TERM") !== "dumb";
}

/** Colours for messages: `wanted` from `--color` or `--no-color` first, then NO_COLOR (no-color.org), then the terminal. */
export function chooseStyle(io: Pick<Io, "isTerminal" | "env">, wanted?: boolean): Style {
  const isOn = wanted ?? (!io.env("NO_COLOR") && isPaintable(io));
  return isOn ? colourStyle : plainStyle;
}
