import type { Clock, Transport } from "../../transport/mod.ts";
import { systemClock } from "../../transport/internal.ts";
import { inProcess } from "../in_process.ts";
import { fileOf, type FileSpec } from "./answer.ts";
import { type Answering, answering, type Desk, type LogEntry, type OriginOptions } from "./answering.ts";
import { needsServer } from "./fault_list.ts";
import type { Ending, Fault, OriginFile } from "./faults.ts";
import { respond } from "./respond.ts";
import { serveOrigin } from "./serve_origin.ts";

/** What {@linkcode faultyOrigin} takes beside its schedule. */
export interface FaultyOriginOptions extends OriginOptions {
  /** What it calls itself until it listens, without a slash at the end (default `http://origin.test`). */
  url?: string;
  /** Time for faults that wait, in one process (default: the machine's); see {@linkcode fakeClock}. */
  clock?: Clock;
}

/** Where an origin listens. */
export interface ListenOptions {
  /** Address (default 127.0.0.1). */
  hostname?: string;
  /** Port, 0 to 65535; 0, the default, is any free one. */
  port?: number;
}

/** An origin that does what its faults say: a {@linkcode Transport} as it is, a server once it listens. */
export interface FaultyOrigin extends Transport {
  /** Its name, such as `http://origin.test`; the address of the server once it listens. Without a slash at the end. */
  readonly url: string;
  /** Every request so far, oldest first. */
  readonly log: LogEntry[];
  /** Files by path; may be changed. */
  readonly files: Map<string, OriginFile>;
  /**
   * Answers in this process, whatever host the URL names, and follows redirects as `fetch` does.
   *
   * @throws {TypeError} When a fault of the schedule takes a real connection: see {@linkcode needsServer}.
   */
  fetch(request: Request): Promise<Response>;
  /** Requests for `path` so far, or all. */
  requests(path?: string): LogEntry[];
  /** Body bytes sent for `path` so far, or for all. */
  sent(path?: string): number;
  /** Adds faults behind those there are. */
  add(...faults: Fault[]): void;
  /** Takes all faults away. */
  heal(): void;
  /** Puts another file at `path`. */
  put(path: string, file: FileSpec): void;
  /** The most requests that were ever being answered at once; one that was given up counts until the origin hears of it. */
  peak(): number;
  /** Resolves when no request is being answered. */
  idle(): Promise<void>;
  /** Serves the same files, faults and log on a port of this machine, where every fault can be shown. */
  listen(options?: ListenOptions): Promise<OriginServer>;
}

/** An origin that listens. */
export interface OriginServer extends FaultyOrigin, AsyncDisposable {
  /** The port. */
  readonly port: number;
  /** Connections accepted so far. */
  connections(): number;
  /** Connections open now. */
  open(): number;
  /** Ends every open connection now, by FIN or (default) RST. */
  cutAll(how?: Ending): void;
  /** Ends everything and frees the port. */
  close(): Promise<void>;
}

/** Refuses what only a real connection shows, before anything is answered. */
function refuseWire({ faults }: Desk): void {
  const fault = faults.find((one) => (one.times ?? 1) > 0 && needsServer(one));
  if (fault === undefined) return;
  const shown = JSON.stringify(fault);
  throw new TypeError(`answering in one process: the fault ${shown} takes a real connection; use listen()`);
}

/** A link that dies in mid-body ends the connection too. */
function refuseCut({ link, plan }: Answering): void {
  if (link === undefined || link.left() >= plan.length) return;
  throw new TypeError(
    `answering in one process: a link good for ${link.left()} of ${plan.length} bytes takes a real connection; use listen()`,
  );
}

/**
 * An origin that serves files honestly until a fault says otherwise: for the tests of anything that downloads.
 *
 * Honest means: keep-alive, GET and HEAD, strong ETag, Last-Modified of 2024, Date, Accept-Ranges, Range (`a-b`, `a-`,
 * `-n`), If-Range, 416 with the total (RFC 9110). A list of ranges gets the whole file. Faults are tried in their order
 * and the last word wins: `[{ kind: "redirect", to: one }, { kind: "redirect", to: two, every: 2 }]` are two hosts taking
 * turns. Files cost no memory: a size and a seed stand for any length.
 *
 * In one process it needs no permission and opens no port, and offers what an answer can show. Ends by FIN and RST, and
 * what is wrong below HTTP, take a server: `await using server = await faultyOrigin(...).listen()`, with the right
 * `--allow-net=127.0.0.1`. For TLS and HTTP/2 see {@linkcode faultyTlsOrigin}.
 *
 * @param schedule Faults, tried in this order for each request (default: none).
 * @param options See {@linkcode FaultyOriginOptions}.
 * @example
 * ```ts
 * import { faultyOrigin } from "@civikit/civikit/testing";
 *
 * const origin = faultyOrigin([{ kind: "ignore_range", times: 1 }], { files: { "/a.bin": { size: 1000, seed: 7 } } });
 * const ask = () => origin.fetch(new Request("https://files.example/a.bin", { headers: { range: "bytes=10-19" } }));
 * console.log((await ask()).status, (await ask()).status); // 200 206
 * ```
 * @example On a port, for any program
 * ```ts ignore
 * import { faultyOrigin } from "@civikit/civikit/testing";
 *
 * const schedule = [{ kind: "cut", after: 100_000, how: "rst", times: 3 } as const];
 * await using server = await faultyOrigin(schedule, { files: { "/a.bin": { size: 24 * 1024 ** 2, seed: 7 } } }).listen();
 * const { code } = await new Deno.Command("curl", { args: ["-sS", "-o", "a.bin", `${server.url}/a.bin`] }).output();
 * console.log(code, server.log.map(({ status, bytes, faults }) => ({ status, bytes, faults })));
 * ```
 */
export function faultyOrigin(schedule: readonly Fault[] = [], options: FaultyOriginOptions = {}): FaultyOrigin {
  const { clock = systemClock, url: name = "http://origin.test", ...served } = options;
  const desk = answering(schedule, served);
  const { log, files, faults, peak, idle } = desk;
  let url = name;

  async function answer(request: Request): Promise<Response> {
    refuseWire(desk);
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    const planned = await desk.begin({ method, target: pathname + search, headers, connection: log.length + 1 });
    const end = () => desk.end(planned.entry);
    try {
      refuseCut(planned);
    } catch (error) {
      end();
      throw error;
    }
    return await respond(planned, request, clock, end);
  }

  const isFor = (path?: string) => (entry: LogEntry) => path === undefined || entry.path === path;
  const origin: FaultyOrigin = {
    get url() {
      return url;
    },
    log,
    files,
    fetch: (request) => inProcess(request, answer),
    requests: (path) => log.filter(isFor(path)),
    sent: (path) => log.filter(isFor(path)).reduce((sum, { bytes }) => sum + bytes, 0),
    add: (...more) => void faults.push(...more.map((fault) => ({ ...fault }))),
    heal: () => void faults.splice(0),
    put: (path, file) => void files.set(path, fileOf(file)),
    peak,
    idle,
    async listen({ hostname = "127.0.0.1", port = 0 } = {}) {
      const served = await serveOrigin(desk, hostname, port);
      url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${served.port}`;
      return { ...origin, ...served, url, listen: origin.listen, [Symbol.asyncDispose]: served.close };
    },
  };
  return origin;
}
