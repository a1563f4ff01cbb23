import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { Logger as StdLogger, type LogRecord, RotatingFileHandler } from "@std/log";
import { checkPlain, wholeWithin, within, wrapDiskError } from "../../transport/internal.ts";
import { cleaner } from "./clean.ts";

/** Takes messages; `console`, a logger of `@std/log` and one of LogTape all are one. */
export interface Logger {
  /** What only helps to find out why. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): unknown;
  /** What happened as it should. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): unknown;
  /** What deserves a look. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): unknown;
  /** What went wrong. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): unknown;
}

/** The least level that is written. */
export type LogLevelName = "DEBUG" | "INFO" | "WARN" | "ERROR";

/** Options of {@linkcode openLogs}. */
export interface LogsOptions {
  /** Folder of the three files; made with rights 0700 when missing. */
  folder: string;
  /** One line of text or one JSON object for each record. Default `text`. */
  format?: "text" | "json";
  /** The least level that is written. Default `INFO`. */
  level?: LogLevelName;
  /** Size a file may have before it is rotated, in bytes. Default 10 MiB; at least 1 KiB. */
  maxBytes?: number;
  /** Rotated files kept of each, 1 to 100. Default 5. */
  keep?: number;
  /**
   * Secrets known by heart, such as the API key: cut out wherever they appear in this process. One of fewer than 16
   * characters counts from 8 on and with a digit in it; weaker ones would eat ordinary words.
   */
  secrets?: readonly string[];
  /** Characters held back before they are written; what a killed process loses at most. Default 4096. */
  bufferSize?: number;
}

/** The three log files. */
export interface Logs extends Disposable {
  /** Requests, in `http_client.log`. */
  readonly httpClient: Logger;
  /** Everything else, in `application.log`. */
  readonly application: Logger;
  /** Writes what was held back. */
  flush(): void;
  /** Writes what was held back and closes the files. */
  close(): void;
}

/** Writes a field for a line of text. */
function shown(value: unknown): string {
  if (typeof value === "number") return String(Math.round(value * 10) / 10);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * Opens `http_client.log`, `application.log` and `error.log` in a folder; errors of the first two also go to the third.
 * Files are rotated (`NAME.1` is the newest of the old ones), and secrets are cut out of messages and of everything that
 * goes with them: headers, query strings, bodies, causes of errors.
 *
 * @throws {RangeError} When an option is out of range.
 * @throws {DiskError} When the folder or a file cannot be made.
 * @example
 * ```ts
 * import { openLogs } from "@civikit/civikit/monitor";
 *
 * const folder = await Deno.makeTempDir();
 * const logs = openLogs({ folder });
 * logs.application.info("starting", { authorization: "Bearer abc" });
 * logs.close();
 * console.log(await Deno.readTextFile(`${folder}/application.log`));
 * // [application] 2026-01-01T00:00:00.000Z INFO starting authorization: [redacted]
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function openLogs({
  folder,
  format = "text",
  level = "INFO",
  maxBytes = 10 * 1024 * 1024,
  keep = 5,
  secrets = [],
  bufferSize = 4096,
}: LogsOptions): Logs {
  within("maxBytes", maxBytes, 1024);
  wholeWithin("keep", keep, 1, 100);
  const clean = cleaner(secrets);

  function formatter({ loggerName, levelName, datetime, msg, args }: LogRecord): string {
    const message = clean.text(msg);
    const fields = Object.assign({}, ...args.map((arg) => clean.value(arg))) as Record<string, unknown>;
    const time = datetime.toISOString();
    if (format === "json") return JSON.stringify({ time, level: levelName, logger: loggerName, message, ...fields });
    const tail = Object.entries(fields).filter(([, value]) => value !== undefined);
    return [
      `[${loggerName}] ${time} ${levelName} ${message}`,
      ...tail.map(([name, value]) => `${name}: ${shown(value)}`),
    ]
      .join(" ");
  }

  function file(name: string, least: LogLevelName): RotatingFileHandler {
    const filename = join(folder, name);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      checkPlain(filename);
      closeSync(openSync(filename, "a", 0o600));
      const handler = new RotatingFileHandler(least, {
        filename,
        maxBytes,
        maxBackupCount: keep,
        bufferSize,
        formatter,
        mode: "a",
      });
      handler.setup();
      return handler;
    } catch (error) {
      throw wrapDiskError(error, filename, "opening the log");
    }
  }

  const errors = file("error.log", "ERROR");
  const requests = file("http_client.log", level);
  const others = file("application.log", level);
  let isClosed = false;
  const all = [requests, others, errors];
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    for (const handler of all) handler.destroy();
  };
  return {
    httpClient: new StdLogger("http_client", level, { handlers: [requests, errors] }),
    application: new StdLogger("application", level, { handlers: [others, errors] }),
    flush: () => all.forEach((handler) => handler.flush()),
    close,
    [Symbol.dispose]: close,
  };
}
