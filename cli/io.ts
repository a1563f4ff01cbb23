/** Everything the command touches outside itself, so that tests and the demo run the very same code. */
export interface Io {
  /** Writes results: JSON lines, paths, help. */
  stdout(text: string): void;
  /** Writes everything meant for a person: progress, messages, summaries. */
  stderr(text: string): void;
  /** Reads all of the standard input. */
  stdin(): Promise<Uint8Array>;
  /** Whether `stderr` is a terminal that can be painted on. */
  readonly isTerminal: boolean;
  /** The terminal's size in characters, asked for before each repaint. */
  size(): { columns: number; rows: number };
  /** An environment variable; undefined when it is not set. */
  env(name: string): string | undefined;
  /** Calls `listener` for each SIGINT or SIGTERM until the function returned is called. */
  onInterrupt(listener: () => void): () => void;
  /** Calls `callback` every `periodMs` milliseconds until the function returned is called. */
  every(periodMs: number, callback: () => void): () => void;
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Ends the process at once. */
  exit(code: number): void;
}

const brokenPipe = 141;

function writer(stream: { writeSync(bytes: Uint8Array): number }, whenClosed: () => void): (text: string) => void {
  const encoder = new TextEncoder();
  return (text) => {
    let bytes = encoder.encode(text);
    try {
      while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      whenClosed();
    }
  };
}

function env(name: string): string | undefined {
  // run without the right to it: the same as not set; asked before, because Deno would stop and ask the user
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

function size(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}

function onInterrupt(listener: () => void): () => void {
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, listener);
  return () => {
    for (const signal of signals) Deno.removeSignalListener(signal, listener);
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
    stdout: writer(Deno.stdout, () => Deno.exit(brokenPipe)),
    stderr: writer(Deno.stderr, () => {}), // nobody reads the messages; the work goes on
    stdin: () => new Response(Deno.stdin.readable).bytes(),
    isTerminal: Deno.stderr.isTerminal(),
    size,
    env,
    onInterrupt,
    every(periodMs, callback) {
      const timer = setInterval(callback, periodMs);
      return () => clearInterval(timer);
    },
    now: () => performance.now(),
    exit: (code) => Deno.exit(code),
  };
}
