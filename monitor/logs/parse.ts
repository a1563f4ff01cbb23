/** What a line of a log says; whatever it does not say is undefined. */
export interface LogEntry {
  /** When, in milliseconds since the epoch. */
  readonly atMs: number | undefined;
  /** `INFO`, `WARN`, `ERROR` and so on. */
  readonly level: string | undefined;
  /** `http_client` or `application`. */
  readonly logger: string | undefined;
  /** Status of a failure. */
  readonly status: number | undefined;
  /** Error code of a failure. */
  readonly code: string | undefined;
  /** Where a failure happened, redacted as it stands in the log. */
  readonly url: string | undefined;
  /** Response time in milliseconds. */
  readonly responseTimeMs: number | undefined;
  /** Tells whether it is about a failure. */
  readonly isFailure: boolean;
}

const failure = /\b(?:HTTP )?(\d{3}|[a-z][a-z_]{2,40}) error for (\S+)/;
const head = /^\[(\w+)\] (?:(\d{4}-\d\d-\d\dT[\d:.]+Z) )?(?:(DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL)\b)?/;

function numberOf(text: string | undefined): number | undefined {
  const value = text === undefined ? NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function entryOf(message: string, facts: Partial<LogEntry>): LogEntry {
  const match = failure.exec(message);
  const word = match?.[1];
  const status = word !== undefined && /^\d/.test(word) ? Number(word) : undefined;
  return {
    atMs: facts.atMs,
    level: facts.level,
    logger: facts.logger,
    status,
    code: facts.code ?? (status === undefined ? word : undefined),
    url: match?.[2],
    responseTimeMs: facts.responseTimeMs,
    isFailure: match !== null,
  };
}

/** Reads a line of text or of JSON; undefined when it is neither of ours nor of that kind. */
export function parseLogLine(line: string): LogEntry | undefined {
  if (line.startsWith("{")) {
    let record: Record<string, unknown>;
    try {
      record = JSON.parse(line);
    } catch {
      return undefined;
    }
    const text = (name: string) => typeof record[name] === "string" ? record[name] as string : undefined;
    const time = record["response_time"];
    return entryOf(text("message") ?? "", {
      atMs: numberOf(String(Date.parse(text("time") ?? ""))),
      level: text("level"),
      logger: text("logger"),
      code: text("code"),
      responseTimeMs: typeof time === "number" ? time : undefined,
    });
  }
  const match = head.exec(line);
  if (match === null) return undefined;
  const [, logger, time, level] = match;
  return entryOf(line, {
    atMs: numberOf(String(Date.parse(time ?? ""))),
    level,
    logger,
    code: /\bcode: ([a-z][a-z_]*)/.exec(line)?.[1],
    responseTimeMs: numberOf(/\bresponse_time: (\d+(?:\.\d+)?)/.exec(line)?.[1]),
  });
}
