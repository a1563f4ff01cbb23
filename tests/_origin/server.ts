/**
 * The misbehaving origin: a raw HTTP/1.1 server that serves files, honestly until a fault says otherwise.
 *
 * ```ts ignore
 * await using origin = await startOrigin({
 *   files: { "/a.bin": { size: 24 * 1024 ** 2, seed: 7 }, "/b.txt": "hello" },
 *   faults: [{ kind: "cut", after: 100_000, how: "fin", times: 1 }],
 *   links: { "/resolve/a.bin": { to: "/a.bin", bytes: 10_000_000 } },
 * });
 * await fetch(origin.url + "/a.bin");
 * origin.log[0];                    // method, path, range, headers, status, bytes sent, connection, faults ...
 * origin.sent("/a.bin");            // body bytes sent for it so far
 * origin.add({ kind: "hang" });     // faults may be added while it runs; remove them all with origin.heal()
 * await origin.idle();              // until no request is being answered any more
 * ```
 *
 * Honest means: keep-alive, GET and HEAD, strong ETag, Last-Modified of 2024, Date, Accept-Ranges, Range (`a-b`, `a-`,
 * `-n`), If-Range, 416 with the total. A list of ranges gets the whole file. Start a second origin for redirects to
 * another host (`{ kind: "redirect", to: other.url + "/a.bin" }`) and look into its log for what arrived there. Faults
 * are tried in order and the last word wins: `[{ kind: "redirect", to: one }, { kind: "redirect", to: two, every: 2 }]`
 * are two storage hosts taking turns. After a cut by RST fewer bytes may have arrived than the log says were sent.
 *
 * @module
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { emptyPlan, fileOf, filePlan, type FileSpec, modified } from "./answer.ts";
import { bend, disguise, type Plan, sayInstead } from "./bend.ts";
import { type Ending, type Fault, isHit, type OriginFile, type Scene } from "./faults.ts";
import { type Link, type LinkOptions, links as makeLinks } from "./links.ts";
import { ascii, headOf, sendBody } from "./send.ts";
import { type Head, type Wire, wire } from "./wire.ts";

/** An answer that is not simply the file at the path. */
export type Reply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | { readonly file: OriginFile; readonly link?: Link };

/** One request, as it came and as it was answered. */
export interface LogEntry {
  /** Number of this request on the server, from 1. */
  readonly request: number;
  /** Number of the connection, from 1. */
  readonly connection: number;
  /** Number among the requests for this path, from 1. */
  readonly nth: number;
  /** Method, in upper case. */
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** Parameters of the query. */
  readonly query: URLSearchParams;
  /** The Range header. */
  readonly range: string | null;
  /** The If-Range header. */
  readonly ifRange: string | null;
  /** All headers. */
  readonly headers: Headers;
  /** Status of the answer; 0 while there is none. */
  status: number;
  /** Headers of the answer. */
  answer: Readonly<Record<string, string>>;
  /** Body bytes handed to the kernel so far, wrong ones included. After a reset fewer may have arrived. */
  bytes: number;
  /** True once nothing more will be sent for it. */
  isDone: boolean;
  /** Kinds of the faults that struck. */
  faults: string[];
}

/** What {@linkcode startOrigin} takes. */
export interface OriginOptions {
  /** Files by path. */
  files?: Readonly<Record<string, FileSpec>>;
  /** Faults, tried in this order for each request. */
  faults?: readonly Fault[];
  /** Routes that hand out signed links which expire, by path. */
  links?: Readonly<Record<string, LinkOptions>>;
  /** Asked first, for anything the tables cannot say; undefined passes on. */
  route?: (scene: Scene, headers: Headers) => Reply | undefined | Promise<Reply | undefined>;
  /** Address to listen on (default 127.0.0.1). */
  hostname?: string;
}

/** A running origin. */
export interface Origin extends AsyncDisposable {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  /** The port. */
  readonly port: number;
  /** Every request so far, oldest first. */
  readonly log: LogEntry[];
  /** Files by path; may be changed. */
  readonly files: Map<string, OriginFile>;
  /** Requests for `path` so far. */
  requests(path?: string): LogEntry[];
  /** Body bytes sent for `path` so far, or for all. */
  sent(path?: string): number;
  /** Adds faults behind those there are. */
  add(...faults: Fault[]): void;
  /** Takes all faults away. */
  heal(): void;
  /** Puts another file at `path`. */
  put(path: string, file: FileSpec): void;
  /** Connections accepted so far. */
  connections(): number;
  /** Connections open now. */
  open(): number;
  /** The most requests that were ever being answered at once. */
  peak(): number;
  /** Resolves when no request is being answered. */
  idle(): Promise<void>;
  /** Ends every open connection now, by FIN or (default) RST. */
  cutAll(how?: Ending): void;
  /** Ends everything and frees the port. */
  close(): Promise<void>;
}

/** Starts an origin on a free port. */
export async function startOrigin(
  { files = {}, faults = [], links = {}, route, hostname = "127.0.0.1" }: OriginOptions = {},
): Promise<Origin> {
  const shelf = new Map(Object.entries(files).map(([path, spec]) => [path, fileOf(spec)]));
  const rules: Fault[] = faults.map((fault) => ({ ...fault }));
  const log: LogEntry[] = [];
  const counts = new Map<string, number>();
  const resolver = makeLinks(links, (path) => shelf.get(path));
  const sockets = new Map<Socket, Wire>();
  let accepted = 0;
  let active = 0;
  let peak = 0;
  const waiting: (() => void)[] = [];

  /** Strikes a fault off once, if it is limited. */
  function use(rule: Fault, entry: LogEntry): void {
    if (rule.times !== undefined) rule.times--;
    entry.faults.push(rule.kind);
  }

  /** The file at the path as this request sees it: replaced, or under another ETag. */
  function seen(path: string, reply: Reply | undefined, scene: Scene, entry: LogEntry): OriginFile | undefined {
    let file = reply === undefined ? shelf.get(path) : "file" in reply ? reply.file : undefined;
    for (const rule of rules) {
      if (file === undefined || !isHit(rule, scene)) continue;
      if (rule.kind === "replace") {
        const fresh = fileOf({ seed: rule.seed, size: rule.size ?? file.content.size });
        const etag =
          { strong: fresh.etag, weak: `W/${fresh.etag}`, none: undefined, same: file.etag }[rule.etag ?? "strong"];
        const same = rule.etag === "same" ? file.lastModified : modified + 86_400_000;
        const next: OriginFile = {
          ...file,
          content: fresh.content,
          etag,
          lastModified: rule.etag === "none" ? undefined : same,
        };
        const path = [...shelf].find(([, old]) => old === file)?.[0] ?? scene.path;
        shelf.set(path, next);
        file = next;
        rule.times ??= 1; // a file that stays replaced needs no second stroke
        use(rule, entry);
      } else if (rule.kind === "validators") {
        file = disguise(file, rule, scene);
        use(rule, entry);
      }
    }
    return file;
  }

  async function planFor(
    scene: Scene,
    headers: Headers,
    entry: LogEntry,
  ): Promise<{ plan: Plan; link?: Link | undefined }> {
    const reply = await route?.(scene, headers) ?? resolver(scene);
    const file = seen(scene.path, reply, scene, entry);
    let plan = emptyPlan();
    if (file) plan = filePlan(file, scene.range, headers.get("if-range"));
    else if (reply && "status" in reply) sayInstead(plan, reply.status, reply.body ?? "", reply.headers);
    else sayInstead(plan, 404, `{"error":"nothing at ${scene.path}"}`);
    const full: Scene = { ...scene, size: file?.content.size ?? 0 };
    for (const rule of rules) if (isHit(rule, full) && bend(plan, rule, full)) use(rule, entry);
    return { plan, link: reply && "link" in reply ? reply.link : undefined };
  }

  /** Answers one request; true when the connection may carry another one. */
  async function answer(connection: Wire, number: number, { method, target, headers }: Head): Promise<boolean> {
    const mark = target.indexOf("?");
    const path = decodePath(mark < 0 ? target : target.slice(0, mark));
    const query = new URLSearchParams(mark < 0 ? "" : target.slice(mark));
    const nth = (counts.get(path) ?? 0) + 1;
    const range = headers.get("range");
    counts.set(path, nth);
    const request = log.length + 1;
    const entry: LogEntry = {
      ...{ request, connection: number, nth, method, path, query, range, ifRange: headers.get("if-range"), headers },
      ...{ status: 0, answer: {}, bytes: 0, isDone: false, faults: [] },
    };
    log.push(entry);
    const from = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
    try {
      const scene: Scene = {
        method,
        target,
        path,
        query,
        nth,
        request,
        connection: number,
        range,
        from,
        active,
        size: 0,
      };
      const { plan, link } = await planFor(scene, headers, entry);
      if (plan.delayMs > 0) await connection.pause(plan.delayMs);
      if (plan.instead === "hang") await connection.gone;
      else if (plan.instead === "garbage") {
        await connection.write(ascii.encode("\x15\x03\x01 this is not HTTP\r\n\r\n"));
        await connection.end("fin");
      } else if (plan.instead !== undefined) await connection.end(plan.instead);
      if (plan.instead !== undefined) return false;
      entry.status = plan.status;
      entry.answer = plan.headers;
      const isLast = headers.get("connection")?.toLowerCase() === "close";
      if (!await connection.write(headOf(plan, isLast))) return false;
      if (method === "HEAD") return !isLast;
      return await sendBody(connection, plan, entry, link) && !isLast;
    } finally {
      entry.isDone = true;
    }
  }

  const server = createServer({ noDelay: true }, async (socket) => {
    const connection = wire(socket);
    const number = ++accepted;
    sockets.set(socket, connection);
    connection.gone.then(() => sockets.delete(socket));
    for (let isOpen = true; isOpen;) {
      const head = await connection.next();
      if (!head) break;
      peak = Math.max(peak, ++active);
      isOpen = await answer(connection, number, head);
      if (--active === 0) { for (const resume of waiting.splice(0)) resume(); }
    }
    if (!connection.isGone()) await connection.end("fin");
  });
  await new Promise<void>((resolve) => server.listen(0, hostname, () => resolve()));
  const { port } = server.address() as AddressInfo;

  function cutAll(how: Ending = "rst"): void {
    for (const connection of sockets.values()) connection.end(how);
  }

  async function close(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const gone = [...sockets.values()].map((connection) => connection.gone);
    for (const socket of sockets.keys()) socket.destroy();
    await Promise.all([...gone, closed]);
    if (active > 0) await idle();
  }

  async function idle(): Promise<void> {
    if (active > 0) await new Promise<void>((resolve) => waiting.push(resolve));
  }

  return {
    url: `http://${hostname}:${port}`,
    port,
    log,
    files: shelf,
    requests: (path) => log.filter((entry) => path === undefined || entry.path === path),
    sent: (path) => log.reduce((sum, entry) => path === undefined || entry.path === path ? sum + entry.bytes : sum, 0),
    add: (...more) => void rules.push(...more.map((fault) => ({ ...fault }))),
    heal: () => void rules.splice(0),
    put: (path, file) => void shelf.set(path, fileOf(file)),
    connections: () => accepted,
    open: () => sockets.size,
    peak: () => peak,
    idle,
    cutAll,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
