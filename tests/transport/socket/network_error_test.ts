import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { wrapBodyError } from "../../../transport/internal.ts";
import { type ErrorCode, fetchTransport, InputError, NetworkError } from "../../../transport/mod.ts";
import { rawServer, readHead, writeAll, writeText } from "../../_support/raw.ts";
import { hasOpenssl, testAuthority } from "../../_tls/mod.ts";
import { freePort } from "../../_support/free_port.ts";

const secret = "a)b&sig=5ec7e7";

/** The error is typed, wraps a cause, and shows the signed part of the URL nowhere. */
function assertNetworkError(error: unknown, code: ErrorCode): void {
  assert(error instanceof NetworkError, Deno.inspect(error));
  assertEquals(error.code, code, error.message);
  assert(error.cause instanceof Error);
  assert(!(error.cause instanceof NetworkError), "wrapped twice");
  assert(!Deno.inspect(error).includes("5ec7e7"), Deno.inspect(error));
  assert(error.url.endsWith("?[redacted]"), error.url);
}

async function assertFails(url: string, code: ErrorCode, options = {}): Promise<void> {
  using transport = fetchTransport(options);
  assertNetworkError(await assertRejects(() => transport.fetch(new Request(`${url}/f.bin?token=${secret}`))), code);
}

Deno.test("fetchTransport() tells a name that does not exist: dns_failed", async () => {
  await assertFails("https://civikit-test.invalid", "dns_failed");
});

Deno.test("fetchTransport() tells a port nobody listens on: connect_failed", async () => {
  await assertFails(`http://127.0.0.1:${freePort()}`, "connect_failed");
});

const headFaults: [string, string, ErrorCode][] = [
  ["nothing", "", "connection_reset"],
  ["half a head", "HTTP/1.1 200 OK\r\nconte", "connection_reset"],
  ["nonsense", "what?\r\n\r\n", "network_error"],
  ["an endless head", `HTTP/1.1 200 OK\r\nx: ${"a".repeat(1 << 20)}`, "network_error"],
];
for (const [name, answer, code] of headFaults) {
  Deno.test(`fetchTransport() tells an answer of ${name}: ${code}`, async () => {
    await using server = rawServer(async (connection) => {
      await readHead(connection);
      await writeText(connection, answer);
    });
    await assertFails(`http://127.0.0.1:${server.port}`, code);
  });
}

Deno.test("fetchTransport() tells a reset connection: connection_reset", async () => {
  // Closing with unread bytes makes the kernel send RST instead of FIN.
  await using server = rawServer(async (connection) => {
    await connection.read(new Uint8Array(1));
  });
  await assertFails(`http://127.0.0.1:${server.port}`, "connection_reset");
});

Deno.test("fetchTransport() tells a server that speaks no TLS: tls_failed", async () => {
  await using server = rawServer(async (connection) => {
    await connection.read(new Uint8Array(4096));
    await writeText(connection, "HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  await assertFails(`https://127.0.0.1:${server.port}`, "tls_failed");
});

Deno.test("fetchTransport() tells a connection cut in the TLS handshake: connection_reset", async () => {
  await using server = rawServer(async (connection) => {
    await connection.read(new Uint8Array(4096));
  });
  await assertFails(`https://127.0.0.1:${server.port}`, "connection_reset");
});

const certificateFaults: [string, string[], number, boolean][] = [
  ["an unknown authority", ["IP:127.0.0.1"], 2, false],
  ["another name", ["DNS:other.test"], 2, true],
  ["the past", ["IP:127.0.0.1"], -1, true],
];
for (const [name, names, days, isTrusted] of certificateFaults) {
  Deno.test({
    name: `fetchTransport() tells a certificate of ${name}: tls_failed`,
    ignore: !hasOpenssl,
    async fn() {
      const authority = testAuthority();
      const certified = authority.sign(names, days);
      await using server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {}, ...certified },
        () => new Response("never"),
      );
      const url = `https://127.0.0.1:${server.addr.port}`;
      await assertFails(url, "tls_failed", isTrusted ? { caCerts: [authority.ca] } : {});
    },
  });
}

const bodyFaults: [string, string][] = [
  ["shorter than its Content-Length", "content-length: 100\r\n\r\nabc"],
  ["cut inside a chunk", "transfer-encoding: chunked\r\n\r\n5\r\nabc"],
  ["without its last chunk", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"],
  ["with a chunk size of nonsense", "transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n"],
];
for (const [name, rest] of bodyFaults) {
  Deno.test(`wrapBodyError() tells a body ${name}: connection_reset`, async () => {
    await using server = rawServer(async (connection) => {
      await readHead(connection);
      await writeText(connection, `HTTP/1.1 200 OK\r\n${rest}`);
    });
    const request = new Request(`http://127.0.0.1:${server.port}/f.bin?token=${secret}`);
    const response = await fetchTransport().fetch(request);
    const error = await assertRejects(() => response.bytes());
    assertNetworkError(wrapBodyError(error, request.url), "connection_reset");
  });
}

Deno.test("wrapBodyError() tells a body that cannot be decoded: network_error", async () => {
  await using server = rawServer(async (connection) => {
    await readHead(connection);
    await writeText(
      connection,
      "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 20\r\n\r\n" + "x".repeat(20),
    );
  });
  const request = new Request(`http://127.0.0.1:${server.port}/f.bin?token=${secret}`);
  const response = await fetchTransport().fetch(request);
  const error = await assertRejects(() => response.bytes());
  assertNetworkError(wrapBodyError(error, request.url), "network_error");
});

Deno.test("wrapBodyError() hands back an error that is wrapped already", () => {
  const error = new NetworkError("reading: silence", { code: "idle_timeout", url: "https://b2.example/" });
  assertStrictEquals(wrapBodyError(error, "https://b2.example/"), error);
});

Deno.test({
  name: "wrapBodyError() tells TLS cut without close_notify: connection_reset",
  ignore: !hasOpenssl,
  async fn() {
    const authority = testAuthority();
    await using server = rawServer(async (connection) => {
      await readHead(connection);
      await writeText(connection, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc");
      await connection.read(new Uint8Array(1));
    }, authority.sign(["IP:127.0.0.1"]));
    // Passes the ciphertext on, both ways, until told to hang up on both sides.
    const cut = Promise.withResolvers<void>();
    await using wire = rawServer(async (client) => {
      using onward = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      const pass = async (from: Deno.Conn, to: Deno.Conn) => {
        const buffer = new Uint8Array(4096);
        for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
          await writeAll(to, buffer.subarray(0, n));
        }
      };
      const passing = [pass(client, onward), pass(onward, client)].map((one) => one.catch(() => {}));
      await cut.promise;
      await (client as Deno.TcpConn).closeWrite();
      await (onward as Deno.TcpConn).closeWrite();
      await Promise.all(passing);
    });
    using transport = fetchTransport({ caCerts: [authority.ca], http: "1.1" });
    const request = new Request(`https://127.0.0.1:${wire.port}/f.bin?token=${secret}`);
    const response = await transport.fetch(request);
    const reader = response.body!.getReader();
    assertEquals((await reader.read()).value, new TextEncoder().encode("abc"));
    cut.resolve();
    const error = await assertRejects(() => reader.read());
    assertNetworkError(wrapBodyError(error, request.url), "connection_reset");
  },
});

/** One HTTP/2 frame (RFC 9113 section 4.1). */
function frame(type: number, flags: number, stream: number, ...payload: number[]): Uint8Array {
  return Uint8Array.of(0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload);
}
const settings = frame(4, 0, 0);
const okHeaders = frame(1, 4, 1, 0x88);
const [goAway, reset] = [frame(7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11), frame(3, 0, 1, 0, 0, 0, 2)];
const http2Faults: [string, Uint8Array[], boolean][] = [
  ["GOAWAY instead of an answer", [goAway], false],
  ["RST_STREAM instead of an answer", [reset], false],
  ["RST_STREAM in the body", [okHeaders, reset], true],
  ["GOAWAY in the body", [okHeaders, goAway], true],
];
for (const [name, frames, isBody] of http2Faults) {
  Deno.test({
    name: `fetchTransport() tells HTTP/2 ${name}: connection_reset`,
    ignore: !hasOpenssl,
    async fn() {
      const authority = testAuthority();
      await using server = rawServer(async (connection) => {
        await writeAll(connection, settings);
        // The client's HEADERS frame (type 1) names stream 1; only then may the stream be answered.
        const seen: number[] = [];
        const buffer = new Uint8Array(4096);
        for (;;) {
          const length = await connection.read(buffer);
          if (length === null) return;
          seen.push(...buffer.subarray(0, length));
          if (hasHeadersFrame(seen)) break;
        }
        for (const bytes of frames) await writeAll(connection, bytes);
        while (await connection.read(buffer) !== null);
      }, { ...authority.sign(["IP:127.0.0.1"]), alpnProtocols: ["h2"] });
      using transport = fetchTransport({ caCerts: [authority.ca] });
      const request = new Request(`https://127.0.0.1:${server.port}/f.bin?token=${secret}`);
      if (!isBody) {
        return assertNetworkError(await assertRejects(() => transport.fetch(request)), "connection_reset");
      }
      const response = await transport.fetch(request);
      const error = await assertRejects(() => response.bytes());
      assertNetworkError(wrapBodyError(error, request.url), "connection_reset");
    },
  });
}

function hasHeadersFrame(bytes: number[]): boolean {
  for (let at = 24; at + 9 <= bytes.length;) {
    const length = (bytes[at]! << 16) + (bytes[at + 1]! << 8) + bytes[at + 2]!;
    if (bytes[at + 3] === 1) return at + 9 + length <= bytes.length;
    at += 9 + length;
  }
  return false;
}

Deno.test("fetchTransport() rethrows the caller's own reason, before and while it waits", async () => {
  const reason = { mine: true };
  const transport = fetchTransport();
  const received = Promise.withResolvers<void>();
  await using server = rawServer(async (connection) => {
    await readHead(connection);
    received.resolve();
    await connection.read(new Uint8Array(1));
  });
  const url = `http://127.0.0.1:${server.port}/`;
  const thrown = (promise: Promise<unknown>) => promise.then(() => assert(false), (error) => error);
  assertStrictEquals(await thrown(transport.fetch(new Request(url, { signal: AbortSignal.abort(reason) }))), reason);
  const controller = new AbortController();
  const pending = thrown(transport.fetch(new Request(url, { signal: controller.signal })));
  await received.promise;
  controller.abort(reason);
  assertStrictEquals(await pending, reason);
});

Deno.test("fetchTransport() tells a port that fetch blocks: invalid_url", async () => {
  const error = await assertRejects(() => fetchTransport().fetch(new Request("https://127.0.0.1:6000/")), InputError);
  assertEquals(error.code, "invalid_url");
});

Deno.test({
  name: "fetchTransport() without a free file handle says so, and blames neither the server nor the name",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const module = JSON.stringify(new URL("../../../transport/mod.ts", import.meta.url).href);
    const program = `import { fetchTransport } from ${module};
      using transport = fetchTransport();
      using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const files = [];
      try {
        for (;;) files.push(Deno.openSync("/dev/null"));
      } catch {
        await transport.fetch(new Request("http://127.0.0.1:" + server.addr.port)).catch(({ code }) => console.log(code));
      }
      Deno.exit();`;
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", `ulimit -n 64; exec "$0" eval "$1"`, Deno.execPath(), program],
      stdin: "null",
    }).output();
    assertEquals(new TextDecoder().decode(stdout).trim(), "too_many_files");
  },
});
