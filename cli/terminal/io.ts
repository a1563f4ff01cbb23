/** Everything the command touches outside itself, so that tests and the demo run the very same code. */
export interface Io {
  /** Writes results: JSON lines, paths, help. Throws where there is no room for them. */
  stdout(text: string): void;
  /** Writes everything meant for a person: progress, messages, summaries. */
  stderr(text: string): void;
  /** Reads all of the standard input. */
  stdin(): Promise<Uint8Array>;
  /** Reads one line of the standard input; null where it is a terminal, which shows what is typed, or has ended. */
  stdinLine(): Promise<string | null>;
  /** Asks for a line that is not shown; null where nobody can be asked. */
  askSecret(message: string): Promise<string | null>;
  /** Asks for a line that is shown; null where nobody can be asked. */
  ask(message: string): Promise<string | null>;
  /** Whether `stderr` is a terminal that can be painted on. */
  readonly isTerminal: boolean;
  /** Whether `stdout` is a terminal, whose lines have a width; a file or a pipe is given all. */
  readonly isOutTerminal: boolean;
  /** The terminal's size in characters, asked for before each repaint. */
  size(): { columns: number; rows: number };
  /** An environment variable; undefined when it is not set. */
  env(name: string): string | undefined;
  /** Calls `listener` for each SIGINT, SIGTERM or SIGHUP until the function returned is called. */
  onInterrupt(listener: (signal: Deno.Signal) => void): () => void;
  /** Calls `callback` every `periodMs` milliseconds until the function returned is called. */
  every(periodMs: number, callback: () => void): () => void;
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Ends the process at once. */
  exit(code: number): void;
}

const brokenPipe = 141;

/** Whether whoever read is no longer there: a pipe that was closed, or a terminal. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || (error as { code?: string }).code === "EIO" ||
    /\(os error 5\)/.test(String(error));
}

const untakenMs = 10;

/** Stands still for a moment, as a write does that waits for its reader. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Writes whole texts; a stream that does not wait for its reader (O_NONBLOCK) is waited for here. */
function writer(
  stream: { writeSync(bytes: Uint8Array): number },
  onTrouble: (error: unknown) => void,
): (text: string) => void {
  const encoder = new TextEncoder();
  return (text) => {
    let bytes = encoder.encode(text);
    while (bytes.length > 0) {
      try {
        bytes = bytes.subarray(stream.writeSync(bytes));
      } catch (error) {
        if (error instanceof Deno.errors.WouldBlock) standStill(untakenMs);
        else return onTrouble(error);
      }
    }
  };
}

function refuse(error: unknown): void {
  if (isGone(error)) Deno.exit(brokenPipe);
  throw error;
}

function env(name: string): string | undefined {
  // run without the right to it: the same as not set; asked before, because Deno would stop and ask the user
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

const longestLineBytes = 64 * 1024;

async function stdinLine(): Promise<string | null> {
  return Deno.stdin.isTerminal() ? null : await readLine();
}

async function readLine(): Promise<string | null> {
  const bytes: number[] = [];
  // one byte at a time: what follows the line is not ours
  const byte = new Uint8Array(1);
  while (bytes.length < longestLineBytes && await Deno.stdin.read(byte) !== null && byte[0] !== 0x0a) {
    bytes.push(byte[0]!);
  }
  return bytes.length === 0 ? null : new TextDecoder().decode(Uint8Array.from(bytes));
}

/** Asks on the standard output, which therefore has to be a terminal too. */
async function askSecret(message: string): Promise<string | null> {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) return null;
  const { promptSecret } = await import("@std/cli/prompt-secret");
  return promptSecret(message, { clear: true });
}

/** Asks on the standard error: what is printed may go to a file. */
async function ask(message: string): Promise<string | null> {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return null;
  await Deno.stderr.write(new TextEncoder().encode(`${message} `));
  return await readLine() ?? "";
}

function size(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}

/**
 * Whether a closed terminal is to end this process: not under nohup, which has SIGHUP ignored. Where the system does not
 * tell, a process that has no terminal goes on.
 */
function isEndedByHangUp(): boolean {
  const path = "/proc/self/status";
  try {
    // asked before, because Deno would stop and ask the user
    const isReadable = Deno.permissions.querySync({ name: "read", path }).state === "granted";
    const [, ignored] = /^SigIgn:\s*([\da-f]+)$/m.exec(isReadable ? Deno.readTextFileSync(path) : "") ?? [];
    if (ignored !== undefined) return (BigInt(`0x${ignored}`) & 1n) === 0n;
  } catch {
    // another system, or too few rights
  }
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}

function interrupts(): Io["onInterrupt"] {
  const isWindows = Deno.build.os === "windows";
  const signals: Deno.Signal[] = isWindows ? ["SIGINT", "SIGBREAK"] : [];
  if (!isWindows) signals.push("SIGINT", "SIGTERM", "SIGHUP");
  // before the first listener, which changes what the system tells
  const isOver = !isWindows && isEndedByHangUp();
  return (listener) => {
    // Deno ends at a signal nobody listens to, also at one that was ignored
    const heard: (readonly [Deno.Signal, () => void])[] = signals.map((
      signal,
    ) => [signal, () => signal === "SIGHUP" && !isOver || listener(signal)]);
    // a write beyond ulimit -f ends a process without a word, unless it listens; then the write fails like any other
    if (!isWindows) heard.push(["SIGXFSZ", () => {}]);
    for (const [signal, hear] of heard) Deno.addSignalListener(signal, hear);
    return () => {
      for (const [signal, hear] of heard) Deno.removeSignalListener(signal, hear);
    };
  };
}

/**
 * The process's own streams, terminal, environment and signals.
 *
 * @example
 * ```ts
 * import { main, processIo } from "@civikit/civikit/cli";
 *
 * const lines: string[] = [];
 * await main(["--version"], { ...processIo(), stdout: (text) => lines.push(text) });
 * ```
 */
export function processIo(): Io {
  return {
    stdout: writer(Deno.stdout, refuse),
    stderr: writer(Deno.stderr, () => {}), // nobody can read the messages, or there is no room for them; the work goes on
    stdin: () => new Response(Deno.stdin.readable).bytes(),
    stdinLine,
    askSecret,
    ask,
    isTerminal: Deno.stderr.isTerminal(),
    isOutTerminal: Deno.stdout.isTerminal(),
    size,
    env,
    onInterrupt: interrupts(),
    every(periodMs, callback) {
      const timer = setInterval(callback, periodMs);
      return () => clearInterval(timer);
    },
    now: () => performance.now(),
    exit: (code) => Deno.exit(code),
  };
}
