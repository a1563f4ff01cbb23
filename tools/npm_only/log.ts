/**
 * `@std/log` over LogTape, for networks that reach npm but not JSR: a logger and its rotating file.
 *
 * LogTape looks at a file's size when it empties its buffer, the real one at every line: with a buffer, a file may here
 * be larger than `maxBytes` by as much.
 *
 * @module
 */
import { getRotatingFileSink } from "npm:@logtape/file@2.3.10";
import type { LogRecord as TapeRecord, Sink } from "npm:@logtape/logtape@2.4.2";

/** Numbers of the levels. */
export const LogLevels = { NOTSET: 0, DEBUG: 10, INFO: 20, WARN: 30, ERROR: 40, CRITICAL: 50 } as const;
/** Name of a level. */
export type LevelName = keyof typeof LogLevels;
/** Number of a level. */
export type LogLevel = typeof LogLevels[LevelName];

/** One message on its way to the handlers. */
export class LogRecord {
  /** The message. */
  readonly msg: string;
  /** What was passed beside it. */
  readonly args: unknown[];
  /** When. */
  readonly datetime: Date = new Date();
  /** Number of its level. */
  readonly level: number;
  /** Name of its level. */
  readonly levelName: string;
  /** Name of its logger. */
  readonly loggerName: string;

  /** Takes the facts. */
  constructor(options: { msg: string; args: unknown[]; level: LogLevel; loggerName: string }) {
    this.msg = options.msg;
    this.args = [...options.args];
    this.level = options.level;
    this.levelName = Object.entries(LogLevels).find(([, level]) => level === options.level)?.[0] ?? "NOTSET";
    this.loggerName = options.loggerName;
  }
}

/** Turns a record into a line. */
export type FormatterFunction = (logRecord: LogRecord) => string;

/** Options of {@linkcode RotatingFileHandler}. */
export interface RotatingFileHandlerOptions {
  /** Turns a record into a line. */
  formatter?: FormatterFunction;
  /** The file. */
  filename: string;
  /** `a` appends; the others are not offered here. */
  mode?: "a";
  /** Size a file may have. */
  maxBytes: number;
  /** Rotated files kept. */
  maxBackupCount: number;
  /** Characters held back before they are written. */
  bufferSize?: number;
}

/** Writes lines to a file that is renamed to `NAME.1`, `NAME.2` and so on when it is full. */
export class RotatingFileHandler {
  /** Number of the least level that is written. */
  readonly level: LogLevel;
  readonly #options: RotatingFileHandlerOptions;
  #sink: (Sink & Disposable) | undefined;

  /** Takes the least level that is written. */
  constructor(levelName: LevelName, options: RotatingFileHandlerOptions) {
    this.level = LogLevels[levelName];
    this.#options = options;
  }

  /** Opens the file. */
  setup(): void {
    const { filename, maxBytes, maxBackupCount, bufferSize = 4096 } = this.#options;
    this.#sink = getRotatingFileSink(filename, {
      maxSize: maxBytes,
      maxFiles: maxBackupCount,
      bufferSize,
      flushInterval: 0,
      formatter: ({ rawMessage }) => `${String(rawMessage)}\n`,
    });
  }

  /** Writes a record, if its level is high enough. */
  handle(logRecord: LogRecord): void {
    if (logRecord.level < this.level) return;
    const { formatter = ({ levelName, msg }: LogRecord) => `${levelName} ${msg}` } = this.#options;
    const rawMessage = formatter(logRecord);
    const record: TapeRecord = {
      ...{ category: [logRecord.loggerName], level: "info", properties: {}, timestamp: logRecord.datetime.getTime() },
      ...{ message: [rawMessage], rawMessage },
    };
    this.#sink?.(record);
    if (logRecord.level > LogLevels.ERROR) this.flush();
  }

  /** Writes what was held back: LogTape does so when it closes. */
  flush(): void {
    if (this.#sink === undefined) return;
    this.#sink[Symbol.dispose]();
    this.setup();
  }

  /** Writes what was held back and closes the file. */
  destroy(): void {
    this.#sink?.[Symbol.dispose]();
    this.#sink = undefined;
  }
}

/** Hands messages to its handlers. */
export class Logger {
  readonly #loggerName: string;
  /** Number of the least level that is handled. */
  readonly level: LogLevel;
  /** Where messages go. */
  readonly handlers: RotatingFileHandler[];

  /** Takes its name, the least level, and the handlers. */
  constructor(loggerName: string, levelName: LevelName, options: { handlers?: RotatingFileHandler[] } = {}) {
    this.#loggerName = loggerName;
    this.level = LogLevels[levelName];
    this.handlers = options.handlers ?? [];
  }

  #log(level: LogLevel, msg: string, args: unknown[]): string {
    if (level < this.level) return msg;
    const record = new LogRecord({ msg, args, level, loggerName: this.#loggerName });
    for (const handler of this.handlers) handler.handle(record);
    return msg;
  }

  /** Logs at the level DEBUG; gives the message back. */
  debug(msg: string, ...args: unknown[]): string {
    return this.#log(LogLevels.DEBUG, msg, args);
  }

  /** Logs at the level INFO; gives the message back. */
  info(msg: string, ...args: unknown[]): string {
    return this.#log(LogLevels.INFO, msg, args);
  }

  /** Logs at the level WARN; gives the message back. */
  warn(msg: string, ...args: unknown[]): string {
    return this.#log(LogLevels.WARN, msg, args);
  }

  /** Logs at the level ERROR; gives the message back. */
  error(msg: string, ...args: unknown[]): string {
    return this.#log(LogLevels.ERROR, msg, args);
  }
}
