import { exitCode, sharedExitCode } from "../exit_code.ts";
import type { ReporterOptions } from "./bars.ts";
import { alignedRows, factText, tableText } from "./columns.ts";
import { columnName } from "../texts/columns.ts";
import { describeFailure } from "./failure.ts";
import { failureFields, jsonLine } from "./json_line.ts";
import { statusLine } from "./status_line.ts";

/** What a command prints: results on the standard output, remarks and failures on the standard error. */
export interface Output extends Disposable {
  /** Whether only JSON goes to the standard output. */
  readonly isJson: boolean;
  /** Something that happened or was found: a line of JSON, else the remark, where there is one. */
  emit(event: object, note?: string): void;
  /** Something that is always told: a line of JSON, else a line on the standard error. */
  warn(event: object, text: string): void;
  /** A failure; its exit code counts. `event` is what its line of JSON says beside the fields of the failure. */
  fail(error: unknown, subject: string, event?: object, code?: number): void;
  /** A result: a line of JSON, else the text as it is. */
  show(value: object, text: string): void;
  /** A result for people alone, as it is. */
  print(text: string): void;
  /**
   * Aligned columns for people alone, cut to the terminal where they go to one; a head in capitals is said in the language.
   * Three columns and more have a head; where the terminal is too narrow for them, head and rows flow as a few lines each.
   * `isWhole`: nothing is cut before that, for what nobody can use in parts, such as paths.
   */
  table(rows: readonly (readonly string[])[], options?: { readonly isWhole?: boolean }): void;
  /** What is said of one thing, for people alone: names and values, broken for the terminal where they go to one. */
  facts(rows: readonly (readonly [name: string, value: string])[]): void;
  /** A remark. */
  note(text: string): void;
  /** How far it is, in one line that goes again; nothing where there is no terminal. */
  progress(text: string): void;
  /** Takes that line away. */
  close(): void;
  /** The end: a `summary` with `exitCode`, else the text. Returns the code that all failures share. */
  finish(summary: object, text: string): number;
}

/** How a command prints. */
export interface OutputOptions {
  /** JSON lines in place of text. Default: false. */
  readonly json?: boolean;
  /** Neither results for people nor remarks. Default: false. */
  readonly quiet?: boolean;
}

/** What a command prints, by its options. */
export function output(
  { io, style, locale }: ReporterOptions,
  { json: isJson = false, quiet: isQuiet = false }: OutputOptions,
): Output {
  const line = statusLine(io, isQuiet || isJson);
  const codes: number[] = [];
  const print = (text: string) => isJson || isQuiet ? undefined : io.stdout(text);
  const note = (text: string) => isQuiet ? undefined : line.add(text);
  const columns = () => io.isOutTerminal ? io.size().columns : undefined;
  const warn = (event: object, text: string) => isJson ? jsonLine(io, event) : line.add(text);
  return {
    isJson,
    emit(event, text) {
      if (isJson) jsonLine(io, event);
      else if (text !== undefined) note(text);
    },
    warn,
    fail(error, subject, event = { event: "error", subject }, code = exitCode(error)) {
      codes.push(code);
      warn(
        { ...event, ...failureFields(error), exitCode: code },
        describeFailure(error, subject, locale, style).trimEnd(),
      );
    },
    show: (value, text) => isJson ? jsonLine(io, value) : print(text),
    print,
    table([head = [], ...rows], { isWhole = false } = {}) {
      const isHead = head.every((cell) => cell === cell.toUpperCase());
      const first = isHead ? head.map((cell) => columnName(locale, cell)) : head;
      const all = [first, ...rows];
      print(first.length > 2 ? tableText(all, columns(), isWhole) : alignedRows(all, isWhole ? undefined : columns()));
    },
    facts: (rows) => print(factText(rows, columns())),
    note,
    progress: line.show,
    close: line.close,
    finish(summary, text) {
      line.close();
      const code = sharedExitCode(codes);
      if (isJson) jsonLine(io, { event: "summary", ...summary, exitCode: code });
      else print(text);
      return code;
    },
    [Symbol.dispose]: line.close,
  };
}
