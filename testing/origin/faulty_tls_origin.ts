/**
 * An HTTPS origin (HTTP/2 and HTTP/1.1 by ALPN) for what only TLS and HTTP/2 can do wrong, row 22: GOAWAY, refused and
 * reset streams, and a TLS connection that ends without close_notify.
 *
 * @module
 */
import { constants, createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { fileOf, filePlan, type FileSpec } from "./answer.ts";
import { sayInstead } from "./bend.ts";
import { type Ending, isHit, type Scene, type Where } from "./faults.ts";

/** Certificate of the origin, for `localhost` and 127.0.0.1, good for a century; it is its own root. */
export const testCertificate = `-----BEGIN CERTIFICATE-----
MIIBeDCCAR6gAwIBAgIBATAKBggqhkjOPQQDAjAeMRwwGgYDVQQDDBNjaXZpa2l0
IHRlc3Qgb3JpZ2luMCAXDTI0MDEwMTAwMDAwMFoYDzIxMjQwMTAxMDAwMDAwWjAe
MRwwGgYDVQQDDBNjaXZpa2l0IHRlc3Qgb3JpZ2luMFkwEwYHKoZIzj0CAQYIKoZI
zj0DAQcDQgAEfmQ1bLY1Ct/K6LLkLdTnCliMWyTL4ywFwi4bV0Gi2bp0XMukaEKp
yRsFgXyGNE+xxuVQeLyh0dwJi2ep4yccWqNLMEkwDAYDVR0TAQH/BAIwADAaBgNV
HREEEzARgglsb2NhbGhvc3SHBH8AAAEwHQYDVR0OBBYEFEvR6MUcz3xmEkO48abD
vP8aRvjkMAoGCCqGSM49BAMCA0gAMEUCIH0WmZjWtSI2LWtoubnN8Afzk3ev6yUL
5Gu9Q5Kp91qIAiEAqkbVcS1sCKTLv0xcz4MtuB8+hf/kzDSjowc0ipfEChY=
-----END CERTIFICATE-----
`;

// a key for tests on this machine, worth nothing elsewhere
const testKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwyX0esXBtQk1+tyY
PdFaRODSA1MPsxmq8qrWyBVqIiWhRANCAAR+ZDVstjUK38rosuQt1OcKWIxbJMvj
LAXCLhtXQaLZunRcy6RoQqnJGwWBfIY0T7HG5VB4vKHR3AmLZ6njJxxa
-----END PRIVATE KEY-----
`;

/** What goes wrong below HTTP. `after` counts body bytes, for `tls_cut` bytes of the encrypted connection. */
export type TlsDeed =
  /** GOAWAY once `after` bytes of the body are out, then the connection ends. HTTP/2 only. */
  | { kind: "goaway"; after: number }
  /** The stream is refused before anything was done (REFUSED_STREAM). HTTP/2 only. */
  | { kind: "refused_stream" }
  /** RST_STREAM (INTERNAL_ERROR) once `after` bytes of the body are out. HTTP/2 only. */
  | { kind: "stream_reset"; after: number }
  /** The TCP connection ends after so many encrypted bytes, without close_notify. Of `Where` only `connection` counts. */
  | { kind: "tls_cut"; after: number; how: Ending };

/** One fault. */
export type TlsFault = TlsDeed & Where;

/** One request. */
export interface TlsLogEntry {
  /** Path without the query. */
  readonly path: string;
  /** `2.0` or `1.1`. */
  readonly httpVersion: string;
  /** The Range header. */
  readonly range: string | null;
  /** All headers. */
  readonly headers: Headers;
  /** Kind of the fault that struck, if one did. */
  fault?: TlsDeed["kind"];
}

/** A running HTTPS origin. */
export interface TlsOrigin extends AsyncDisposable {
  /** `https://localhost:port`, without a slash at the end. */
  readonly url: string;
  /** Every request so far. */
  readonly log: TlsLogEntry[];
  /** TCP connections so far. */
  connections(): number;
  /** Ends everything and frees the port. */
  close(): Promise<void>;
}

/** What {@linkcode faultyTlsOrigin} takes. */
export interface TlsOriginOptions {
  /** Files by path. */
  files?: Readonly<Record<string, FileSpec>>;
  /** Faults, tried in this order for each request. */
  faults?: readonly TlsFault[];
}

/** Sends the first `bytes` of the body; resolves when they are on their way. */
function sendPart(response: Http2ServerResponse, body: Uint8Array, bytes: number): Promise<void> {
  return new Promise((resolve) => response.write(body.subarray(0, bytes), () => resolve()));
}

/**
 * Starts an HTTPS origin on a free port of this machine: HTTP/2 and HTTP/1.1, with {@linkcode testCertificate}.
 *
 * @example
 * ```ts
 * import { faultyTlsOrigin, testCertificate } from "@civikit/civikit/testing";
 *
 * await using origin = await faultyTlsOrigin({
 *   files: { "/a.bin": { size: 3_000_000, seed: 7 } },
 *   faults: [{ kind: "goaway", after: 100_000, times: 1 }],
 * });
 * using client = Deno.createHttpClient({ caCerts: [testCertificate] });
 * const response = await fetch(origin.url + "/a.bin", { client });
 * console.log(await response.bytes().then(({ length }) => length, ({ name }) => name)); // TypeError: it was cut
 * ```
 */
export async function faultyTlsOrigin(
  { files = {}, faults = [] }: TlsOriginOptions = {},
): Promise<TlsOrigin> {
  const shelf = new Map(Object.entries(files).map(([path, spec]) => [path, fileOf(spec)]));
  const rules: TlsFault[] = faults.map((fault) => ({ ...fault }));
  const log: TlsLogEntry[] = [];
  const counts = new Map<string, number>();
  const pairs = new Set<readonly [Socket, Socket]>();
  let accepted = 0;

  function strike(rule: TlsFault): void {
    if (rule.times !== undefined) rule.times--;
  }

  async function answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const { method, url: target } = request;
    const path = target.split("?")[0]!;
    const fields = Object.entries(request.headers).filter(([name, value]) =>
      !name.startsWith(":") && value !== undefined
    );
    const headers = new Headers(fields.map(([name, value]) => [name, String(value)]));
    const range = headers.get("range");
    const nth = (counts.get(path) ?? 0) + 1;
    counts.set(path, nth);
    const entry: TlsLogEntry = { path, httpVersion: request.httpVersion, range, headers };
    log.push(entry);
    const scene: Scene = {
      ...{ method, target, path, nth, range, query: new URLSearchParams(), request: log.length, connection: accepted },
      ...{ from: Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0), active: 1, size: 0 },
    };
    const rule = rules.find((one) => one.kind !== "tls_cut" && isHit(one, scene));
    const file = shelf.get(path);
    const plan = filePlan(file ?? fileOf(""), range, headers.get("if-range"));
    if (!file) sayInstead(plan, 404, `{"error":"nothing at ${path}"}`);
    const body = plan.content.read(plan.start, plan.length);
    if (rule && request.httpVersion === "2.0") {
      strike(rule);
      entry.fault = rule.kind;
      if (rule.kind === "refused_stream") return response.stream.close(constants.NGHTTP2_REFUSED_STREAM);
    }
    const names = Object.entries(plan.headers).map(([name, value]) => [name.toLowerCase(), value]);
    response.writeHead(plan.status, { ...Object.fromEntries(names), "content-length": String(body.length) });
    if (entry.fault === "stream_reset" && rule?.kind === "stream_reset") {
      await sendPart(response, body, rule.after);
      return response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
    if (entry.fault === "goaway" && rule?.kind === "goaway") {
      await sendPart(response, body, rule.after);
      const { session } = response.stream;
      session?.goaway(constants.NGHTTP2_NO_ERROR, 0);
      return session?.destroy();
    }
    response.end(body);
  }

  const secure = createSecureServer({ cert: testCertificate, key: testKey, allowHTTP1: true }, (request, response) => {
    request.stream?.on("error", () => {}); // streams that were reset say so
    answer(request, response);
  });
  secure.on("sessionError", () => {});
  secure.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", () => resolve()));
  const behind = (secure.address() as AddressInfo).port;

  // TLS says goodbye whenever it can; only someone in between can cut it off
  const front = createServer((outer) => {
    const number = ++accepted;
    const inner = connect(behind, "127.0.0.1");
    const pair = [outer, inner] as const;
    pairs.add(pair);
    const cut = rules.find((rule) =>
      rule.kind === "tls_cut" && (rule.times ?? 1) > 0 && (rule.connection ?? number) === number
    );
    if (cut) strike(cut);
    let left = cut?.kind === "tls_cut" ? cut.after : Infinity;
    for (const [one, other] of [pair, [inner, outer]] as const) {
      one.on("error", () => {});
      one.on("close", () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
    outer.on("data", (bytes: Uint8Array) => void inner.write(bytes));
    inner.on("data", (bytes: Uint8Array) => {
      if (outer.destroyed || left === 0) return;
      const part = bytes.subarray(0, Math.min(left, bytes.length));
      left -= part.length;
      const isRoom = outer.write(part);
      if (left === 0 && cut?.kind === "tls_cut") {
        if (cut.how === "rst") outer.resetAndDestroy();
        else outer.destroySoon();
      } else if (!isRoom) {
        inner.pause();
        outer.once("drain", () => inner.resume());
      }
    });
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", () => resolve()));
  const { port } = front.address() as AddressInfo;

  async function stop(): Promise<void> {
    const closed = [front, secure].map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const [outer, inner] of pairs) {
      outer.destroy();
      inner.destroy();
    }
    await Promise.all(closed);
  }
  let stopped: Promise<void> | undefined;
  const close = () => stopped ??= stop();

  return { url: `https://localhost:${port}`, log, connections: () => accepted, close, [Symbol.asyncDispose]: close };
}
