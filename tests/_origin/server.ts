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
 * another host (`{ kind: "redirect", to: other.url + "/a.bin" }`) and look into its log for what arrived there.
 *
 * @module
 */
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { createHash } from "node:crypto";
import { type Content, fixed, seeded } from "./content.ts";
import {
  bend,
  disguise,
  type Ending,
  type Fault,
  isHit,
  type OriginFile,
  type Plan,
  sayInstead,
  type Scene,
} from "./faults.ts";
import { type Link, type LinkOptions, links as makeLinks } from "./links.ts";
import { type Head, type Wire, wire } from "./wire.ts";

/** A file to serve: text, bytes, `size` bytes of a seed, or the whole truth. */
export type FileSpec = string | Uint8Array | { readonly size: number; readonly seed: number } | OriginFile;

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

const pieceBytes = 256 * 1024;
const modified = Date.UTC(2024, 0, 2, 3, 4, 5);

/** The file a spec stands for, with a strong ETag made from its content. */
export function fileOf(spec: FileSpec): OriginFile {
  if (typeof spec === "string") return fileOf(new TextEncoder().encode(spec));
  if (spec instanceof Uint8Array) {
    const etag = `"${createHash("sha256").update(spec).digest("hex").slice(0, 16)}"`;
    return { content: fixed(spec), etag, lastModified: modified };
  }
  if ("content" in spec) return spec;
  return { content: seeded(spec.seed, spec.size), etag: `"s${spec.seed}-${spec.size}"`, lastModified: modified };
}

/** The span of a Range header over `size` bytes; null when it cannot be satisfied, undefined when there is none to obey. */
function spanOf(range: string | null, size: number): { start: number; length: number } | null | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  if (match[1] === "") {
    const length = Math.min(size, Number(match[2]));
    return length === 0 ? null : { start: size - length, length };
  }
  const start = Number(match[1]), end = match[2] === "" ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (match[2] !== "" && Number(match[2]) < start) return undefined;
  return start >= size ? null : { start, length: end - start + 1 };
}

/** RFC 9110 section 13.1.5: the strong comparison, or the very same date. */
function isStillTheSame(ifRange: string | null, { etag, lastModified }: OriginFile): boolean {
  if (ifRange === null) return true;
  if (ifRange.startsWith('"')) return ifRange === etag;
  return lastModified !== undefined && Date.parse(ifRange) === Math.floor(lastModified / 1000) * 1000;
}

const nothing: Content = fixed(new Uint8Array());

function emptyPlan(): Plan {
  return {
    status: 200,
    headers: {},
    content: nothing,
    start: 0,
    length: 0,
    framing: "length",
    junk: 0,
    delayMs: 0,
  };
}

/** The honest answer for a file. */
function filePlan(file: OriginFile, range: string | null, ifRange: string | null): Plan {
  const plan = emptyPlan(), { content, etag, lastModified, type = "application/octet-stream" } = file;
  plan.content = content;
  plan.length = content.size;
  plan.headers = { "Content-Type": type, "Accept-Ranges": "bytes", ...file.headers };
  if (etag !== undefined) plan.headers["ETag"] = etag;
  if (lastModified !== undefined) plan.headers["Last-Modified"] = new Date(lastModified).toUTCString();
  const span = isStillTheSame(ifRange, file) ? spanOf(range, content.size) : undefined;
  if (span === null) {
    sayInstead(plan, 416, "range not satisfiable\n", {
      "Content-Type": "text/plain",
      "Content-Range": `bytes */${content.size}`,
    });
  } else if (span) {
    plan.status = 206;
    plan.start = span.start;
    plan.length = span.length;
    plan.headers["Content-Range"] = `bytes ${span.start}-${span.start + span.length - 1}/${content.size}`;
  }
  return plan;
}

const ascii = new TextEncoder();

function headOf({ status, headers, framing, declared, length }: Plan, isLast: boolean): Uint8Array {
  const fields: Record<string, string> = { Date: new Date().toUTCString(), ...headers };
  if (framing === "length") fields["Content-Length"] = String(declared ?? length);
  if (framing === "chunked") fields["Transfer-Encoding"] = "chunked";
  if (framing === "close" || isLast) fields["Connection"] = "close";
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return ascii.encode(`HTTP/1.1 ${status} ${status < 400 ? "OK" : "No"}\r\n${lines.join("")}\r\n`);
}

/** Sends the body; true when the connection may carry another request. */
async function sendBody(connection: Wire, plan: Plan, entry: LogEntry, link: Link | undefined): Promise<boolean> {
  const { content, start, length, framing, cut, stallAfter, rate, junk } = plan;
  const chunked = framing === "chunked";
  async function send(bytes: Uint8Array): Promise<boolean> {
    if (chunked) await connection.write(ascii.encode(`${bytes.length.toString(16)}\r\n`));
    if (!await connection.write(bytes)) return false;
    entry.bytes += bytes.length;
    return !chunked || await connection.write(ascii.encode("\r\n"));
  }
  const scratch = new ArrayBuffer(Math.min(pieceBytes, length) + 8);
  let sent = 0, slowFrom = 0;
  for (;;) {
    if (sent === cut?.after) {
      await connection.end(cut.how);
      return false;
    }
    if (sent === stallAfter) {
      await connection.gone;
      return false;
    }
    if (sent === length) break;
    let size = Math.min(pieceBytes, length - sent);
    if (cut && cut.after > sent) size = Math.min(size, cut.after - sent);
    if (stallAfter !== undefined && stallAfter > sent) size = Math.min(size, stallAfter - sent);
    if (rate && sent < rate.after) size = Math.min(size, rate.after - sent);
    else if (rate) size = Math.max(1, Math.min(size, Math.round(rate.bytesPerSecond / 50)));
    if (link) size = link.take(size);
    if (size === 0) { // the link ran out of bytes in mid-body
      await connection.end("fin");
      return false;
    }
    if (rate && sent >= rate.after) {
      slowFrom ||= performance.now();
      const due = slowFrom + (sent - rate.after + size) / rate.bytesPerSecond * 1000;
      const early = due - performance.now();
      if (early > 1) await connection.pause(early);
    }
    if (!await send(content.read(start + sent, size, scratch))) return false;
    sent += size;
  }
  for (let left = junk; left > 0; left -= pieceBytes) {
    if (!await send(new Uint8Array(Math.min(left, pieceBytes)).fill(0xee))) return false;
  }
  if (chunked && !await connection.write(ascii.encode("0\r\n\r\n"))) return false;
  return framing !== "close" && junk === 0;
}

/** Starts an origin on a free port. */
export async function startOrigin(
  { files = {}, faults = [], links = {}, route, hostname = "127.0.0.1" }: OriginOptions = {},
): Promise<Origin> {
  const shelf = new Map(Object.entries(files).map(([path, spec]) => [path, fileOf(spec)]));
  const rules: Fault[] = faults.map((fault) => ({ ...fault }));
  const log: LogEntry[] = [], counts = new Map<string, number>();
  const resolver = makeLinks(links, (path) => shelf.get(path));
  const sockets = new Map<Socket, Wire>();
  let accepted = 0, active = 0, peak = 0;
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
    const mark = target.indexOf("?"), path = decodePath(mark < 0 ? target : target.slice(0, mark));
    const query = new URLSearchParams(mark < 0 ? "" : target.slice(mark));
    const nth = (counts.get(path) ?? 0) + 1, range = headers.get("range");
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
    const connection = wire(socket), number = ++accepted;
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
