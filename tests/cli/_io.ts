import type { Io } from "../../cli/terminal/io.ts";

/** An {@linkcode Io} that keeps what was written, with a clock and a timer the test drives. */
export interface TestIo extends Io {
  /** Everything written to the standard output. */
  readonly out: string;
  /** Everything written to the standard error. */
  readonly err: string;
  /** Each write to the standard error. */
  readonly writes: readonly string[];
  /** Moves the clock and fires the timers once. */
  advance(ms: number): void;
  /** Presses Ctrl-C, or sends another signal. */
  interrupt(signal?: Deno.Signal): void;
  /** What `exit` was called with. */
  readonly exits: readonly number[];
  /** Changes the terminal's width. */
  resize(columns: number): void;
}

export interface TestIoOptions {
  env?: Record<string, string>;
  isTerminal?: boolean;
  /** Default: as `isTerminal`. */
  isOutTerminal?: boolean;
  columns?: number;
  stdin?: string | Uint8Array;
  /** What is typed where something secret is asked for; nobody can be asked unless given. */
  secret?: string;
  /** What is typed where a line is asked for; nobody can be asked unless given. */
  answer?: string;
}

export function testIo(
  { env = {}, isTerminal = false, isOutTerminal = isTerminal, columns = 80, stdin = "", secret, answer }:
    TestIoOptions = {},
): TestIo {
  const out: string[] = [];
  const writes: string[] = [];
  const exits: number[] = [];
  const timers = new Set<() => void>();
  const listeners = new Set<(signal: Deno.Signal) => void>();
  let now = 0;
  let width = columns;
  return {
    stdout: (text) => void out.push(text),
    stderr: (text) => void writes.push(text),
    stdin: () => Promise.resolve(typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin),
    stdinLine() {
      const [line = ""] = (typeof stdin === "string" ? stdin : new TextDecoder().decode(stdin)).split("\n");
      return Promise.resolve(line === "" ? null : line);
    },
    askSecret: () => Promise.resolve(secret ?? null),
    ask(message) {
      if (answer !== undefined) writes.push(`${message} ${answer}\n`);
      return Promise.resolve(answer ?? null);
    },
    isTerminal,
    isOutTerminal,
    size: () => ({ columns: width, rows: 24 }),
    env: (name) => env[name],
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    every(_periodMs, callback) {
      timers.add(callback);
      return () => timers.delete(callback);
    },
    now: () => now,
    exit: (code) => void exits.push(code),
    get out() {
      return out.join("");
    },
    get err() {
      return writes.join("");
    },
    writes,
    advance(ms) {
      now += ms;
      for (const timer of timers) timer();
    },
    interrupt(signal = "SIGINT") {
      for (const listener of listeners) listener(signal);
    },
    exits,
    resize(columns) {
      width = columns;
    },
  };
}

/** What a terminal of `columns` shows after `text`: lines, with cursor movements and colours carried out. */
export function screen(text: string, columns = 80): string[] {
  const lines: string[] = [""];
  let row = 0;
  let column = 0;
  // deno-lint-ignore no-control-regex
  for (const [token] of text.matchAll(/\x1b\[\??\d*[A-Za-z]|\n|\r|[^\x1b\n\r]/gu)) {
    // deno-lint-ignore no-control-regex
    const code = /^\x1b\[\??(\d*)([A-Za-z])$/.exec(token);
    if (token === "\n") [row, column] = [row + 1, 0];
    else if (token === "\r") column = 0;
    else if (code?.[2] === "F") [row, column] = [Math.max(0, row - Number(code[1] || 1)), 0];
    else if (code?.[2] === "J") {
      lines.length = row + 1;
      lines[row] = lines[row]!.slice(0, column);
    } else if (code?.[2] === "K") lines[row] = (lines[row] ?? "").slice(0, column);
    else if (!code) {
      if (column >= columns) [row, column] = [row + 1, 0];
      const line = (lines[row] ?? "").padEnd(column);
      lines[row] = line.slice(0, column) + token + line.slice(column + token.length);
      column += token.length;
    }
    while (lines.length <= row) lines.push("");
  }
  return lines;
}
