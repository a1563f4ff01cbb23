import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import {
  contentAt,
  type Fault,
  type Origin,
  type OriginOptions,
  randomSchedule,
  refusals,
  sha256Of,
  startOrigin,
  startTlsOrigin,
  survivableKinds,
  testCertificate,
  type TlsFault,
} from "../_origin/mod.ts";
import { hasNginx, startNginx } from "../_support/nginx.ts";

const size = 700_000;
const seed = 7;

function origin(faults: Fault[] = [], options: OriginOptions = {}): Promise<Origin> {
  return startOrigin({ files: { "/a.bin": { size, seed } }, faults, ...options });
}

/** One raw request on a connection of its own: everything that comes back until the end, and how it ended. */
async function raw(port: number, lines: string[]): Promise<{ head: string; body: Uint8Array; ending: "fin" | "rst" }> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode([...lines, "Host: x", "Connection: close", "", ""].join("\r\n")));
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(65536);
  let ending: "fin" | "rst" = "fin";
  try {
    for (let n; (n = await connection.read(buffer)) !== null;) chunks.push(buffer.slice(0, n));
  } catch (error) {
    assert(error instanceof Deno.errors.ConnectionReset);
    ending = "rst";
  }
  const all = Buffer.concat(chunks);
  const end = all.indexOf("\r\n\r\n");
  return { head: all.toString("latin1", 0, end), body: new Uint8Array(all.subarray(end + 4)), ending };
}

function ranged(origin: Origin, from: number, to: number | "" = "", headers: HeadersInit = {}): Promise<Response> {
  const all = new Headers(headers);
  all.set("Range", `bytes=${from}-${to}`);
  return fetch(origin.url + "/a.bin", { headers: all, redirect: "manual" });
}

Deno.test("contentAt() gives the same bytes wherever it starts", () => {
  const whole = contentAt(3, 0, 1000);
  for (const [at, length] of [[0, 1], [1, 3], [2, 9], [5, 500], [999, 1]] as const) {
    assertEquals(contentAt(3, at, length), whole.slice(at, at + length));
  }
  assertNotEquals(contentAt(4, 0, 16), contentAt(3, 0, 16));
  assertEquals(sha256Of(3, 1000), createHash("sha256").update(whole).digest("hex"));
});

Deno.test("origin without faults serves files as RFC 9110 says", async () => {
  await using server = await origin();
  const whole = await fetch(server.url + "/a.bin");
  assertEquals(await whole.bytes(), contentAt(seed, 0, size));
  assertEquals(whole.headers.get("content-length"), String(size));
  assert(Date.parse(whole.headers.get("date")!) - Date.parse(whole.headers.get("last-modified")!) > 2000);

  const part = await ranged(server, 100, 299);
  assertEquals([part.status, part.headers.get("content-range")], [206, `bytes 100-299/${size}`]);
  assertEquals(await part.bytes(), contentAt(seed, 100, 200));
  const tail = await fetch(server.url + "/a.bin", { headers: { Range: "bytes=-5" } });
  assertEquals(await tail.bytes(), contentAt(seed, size - 5, 5));

  const same = await ranged(server, 10, 19, { "If-Range": whole.headers.get("etag")! });
  assertEquals((await same.bytes()).length, 10);
  const dated = await ranged(server, 10, 19, { "If-Range": whole.headers.get("last-modified")! });
  assertEquals((await dated.bytes()).length, 10);
  const other = await ranged(server, 10, 19, { "If-Range": '"other"' });
  assertEquals([other.status, (await other.bytes()).length], [200, size]);

  const past = await ranged(server, size);
  assertEquals([past.status, past.headers.get("content-range")], [416, `bytes */${size}`]);
  await past.body?.cancel();
  const head = await fetch(server.url + "/a.bin", { method: "HEAD" });
  assertEquals([head.headers.get("content-length"), await head.text()], [String(size), ""]);
  const missing = await fetch(server.url + "/b.bin");
  assertEquals(missing.status, 404);
  await missing.body?.cancel();
});

Deno.test("origin logs each request with its connection and the bytes it cost", async () => {
  await using server = await origin();
  await (await ranged(server, 5, 104, { "X-Mark": "1" })).bytes();
  await (await ranged(server, 0, 9, { "If-Range": '"x"' })).bytes();
  await server.idle();
  const [first, second] = server.log;
  assertEquals([first!.method, first!.path, first!.range, first!.status, first!.bytes], [
    "GET",
    "/a.bin",
    "bytes=5-104",
    206,
    100,
  ]);
  assertEquals([first!.headers.get("x-mark"), first!.nth, second!.nth, second!.ifRange], ["1", 1, 2, '"x"']);
  assertEquals(second!.connection, first!.connection);
  assertEquals([server.sent("/a.bin"), server.connections(), server.peak()], [100 + size, 1, 1]);
});

Deno.test("rows 1-6: origin bends ranges", async (t) => {
  const cases: [Fault, (answer: Response, body: Uint8Array) => void][] = [
    [{ kind: "ignore_range" }, (answer, body) => assertEquals([answer.status, body.length], [200, size])],
    [{ kind: "shift_range", by: 7 }, (answer, body) => {
      assertEquals(answer.headers.get("content-range"), `bytes 1007-1999/${size}`);
      assertEquals(body, contentAt(seed, 1007, 993));
    }],
    [{ kind: "shift_range", by: -7 }, (answer, body) => {
      assertEquals(answer.headers.get("content-range"), `bytes 993-1999/${size}`);
      assertEquals(body, contentAt(seed, 993, 1007));
    }],
    [{ kind: "no_content_range" }, (answer, body) => {
      assertEquals([answer.status, answer.headers.get("content-range"), body.length], [206, null, 1000]);
    }],
    [{ kind: "multipart" }, (answer, body) => {
      assertEquals(answer.headers.get("content-type"), "multipart/byteranges; boundary=gap");
      assert(new TextDecoder("latin1").decode(body).includes(`Content-Range: bytes 1000-1999/${size}`));
    }],
    [{ kind: "wrong_total", by: 1 }, (answer) => {
      assertEquals(answer.headers.get("content-range"), `bytes 1000-1999/${size + 1}`);
    }],
    [{ kind: "short_range", bytes: 10, claim: "honest" }, (answer, body) => {
      assertEquals([answer.headers.get("content-range"), body.length], [`bytes 1000-1009/${size}`, 10]);
    }],
    [{ kind: "short_range", bytes: 10, claim: "range" }, (answer, body) => {
      assertEquals([answer.headers.get("content-range"), body.length], [`bytes 1000-1999/${size}`, 10]);
    }],
    [{ kind: "overlong", bytes: 10, claim: "range" }, (answer, body) => {
      assertEquals([answer.headers.get("content-range"), body.length], [`bytes 1000-1999/${size}`, 1010]);
      assertEquals(body.slice(0, 1000), contentAt(seed, 1000, 1000));
    }],
    [{ kind: "overlong", bytes: 10, claim: "honest" }, (answer, body) => {
      assertEquals(answer.headers.get("content-range"), `bytes 1000-2009/${size}`);
      assertEquals(body, contentAt(seed, 1000, 1010));
    }],
  ];
  for (const [fault, check] of cases) {
    await t.step(JSON.stringify(fault), async () => {
      await using server = await origin([{ ...fault, times: 1 }]);
      const answer = await ranged(server, 1000, 1999);
      check(answer, await answer.bytes());
      assertEquals(server.log[0]!.faults, [fault.kind]);
      assertEquals(await (await ranged(server, 1000, 1999)).bytes(), contentAt(seed, 1000, 1000));
    });
  }
  await t.step("cut while all headers claim the whole", async () => {
    await using server = await origin([{ kind: "short_range", bytes: 10, claim: "full" }]);
    const { head, body } = await raw(server.port, ["GET /a.bin HTTP/1.1", "Range: bytes=0-99"]);
    assert(/content-length: 100/i.test(head));
    assertEquals(body, contentAt(seed, 0, 10));
  });
  await t.step("bytes after the Content-Length", async () => {
    await using server = await origin([{ kind: "overlong", bytes: 10, claim: "length" }]);
    const { head, body } = await raw(server.port, ["GET /a.bin HTTP/1.1", "Range: bytes=0-99"]);
    assert(/content-length: 100/i.test(head));
    assertEquals(body.length, 110);
  });
});

Deno.test("rows 7-10: origin replaces the file and names it as badly as asked", async () => {
  await using server = await origin([{ kind: "replace", nth: 2, seed: 8, size: 1000 }]);
  const before = await ranged(server, 0, 9);
  assertEquals(await before.bytes(), contentAt(seed, 0, 10));
  const after = await ranged(server, 0, 9, { "If-Range": before.headers.get("etag")! });
  assertEquals([after.status, (await after.bytes()).length], [200, 1000]);
  assertNotEquals(after.headers.get("etag"), before.headers.get("etag"));
  assertEquals(await (await ranged(server, 0, 9)).bytes(), contentAt(8, 0, 10));

  for (const etag of ["weak", "none", "same"] as const) {
    await using replaced = await origin([{ kind: "replace", nth: 2, seed: 8, etag }]);
    const old = await ranged(replaced, 0, 0);
    await old.bytes();
    const tag = (await ranged(replaced, 0, 0)).headers.get("etag");
    if (etag === "weak") assert(tag!.startsWith("W/"));
    else assertEquals(tag, etag === "none" ? null : old.headers.get("etag"));
  }

  await using hosts = await origin([{ kind: "validators", etag: "per_connection", lastModified: "none" }]);
  const tags = [1, 2].map(() => raw(hosts.port, ["GET /a.bin HTTP/1.1", "Range: bytes=0-0"]));
  const [one, two] = (await Promise.all(tags)).map(({ head }) => /etag: (.*)/i.exec(head)?.[1]);
  assertNotEquals(one, two);
});

Deno.test("rows 11-12: origin hands out links that expire, and refuses to resolve", async () => {
  await using server = await origin([
    { ...refusals.earlyAccess, path: "/resolve/a.bin", nth: 3 },
    { ...refusals.unusualDownloads, retryAfter: 7, path: "/resolve/a.bin", nth: 4 },
  ], { links: { "/resolve/a.bin": { to: "/a.bin", bytes: 1000, status: 410 } } });
  const { response, location } = await resolve();
  assertEquals([response.status, response.headers.get("cache-control")], [307, "no-store, max-age=0"]);
  const read = async (range: string) => {
    const answer = await fetch(server.url + location, { headers: { Range: range } });
    return [answer.status, (await answer.bytes()).length];
  };
  assertEquals(await read("bytes=0-599"), [206, 600]);
  await assertRejects(() => read("bytes=600-1199"), TypeError);
  assertEquals((await read("bytes=600-1199"))[0], 410);
  assertNotEquals((await resolve()).location, location);
  assertEquals((await resolve()).response.status, 403);
  assertEquals((await resolve()).response.headers.get("retry-after"), "7");

  async function resolve() {
    const response = await fetch(server.url + "/resolve/a.bin", { redirect: "manual" });
    await response.body?.cancel();
    return { response, location: response.headers.get("location")! };
  }
});

Deno.test("row 13: origin redirects to another origin, which sees what arrives", async () => {
  await using storage = await origin();
  await using server = await origin([{ kind: "redirect", to: storage.url + "/a.bin", status: 302, times: 1 }]);
  const answer = await fetch(server.url + "/a.bin", { headers: { Authorization: "Bearer x", "X-Mine": "y" } });
  assertEquals((await answer.bytes()).length, size);
  assertEquals(storage.log[0]!.headers.get("x-mine"), "y");
  server.add({ kind: "redirect_chain", hops: 3, path: "/a.bin", times: 3 });
  assertEquals((await (await fetch(server.url + "/a.bin")).bytes()).length, size);
  assertEquals(server.requests("/a.bin").length, 5);
  server.add({ kind: "redirect_loop" });
  await assertRejects(() => fetch(server.url + "/a.bin"), TypeError);
});

Deno.test("rows 14, 18, 19: origin answers with pages and refusals instead of bytes", async () => {
  await using server = await origin([
    { kind: "login_page", nth: 1 },
    { kind: "error_json", disguised: true, nth: 2 },
    { kind: "unsatisfiable", nth: 3 },
    { kind: "status", status: 503, retryAfter: "Wed, 21 Oct 2015 07:28:00 GMT", nth: 4 },
    { kind: "unsatisfiable", total: 5, nth: 5 },
  ]);
  const answers: unknown[] = [];
  for (let i = 0; i < 5; i++) {
    const { status, headers, body } = await ranged(server, 10, 19);
    await body?.cancel();
    answers.push([status, headers.get("content-type"), headers.get("content-range"), headers.get("retry-after")]);
  }
  assertEquals(answers, [
    [200, "text/html; charset=utf-8", null, null],
    [200, "application/octet-stream", null, null],
    [416, "text/html", `bytes */${size}`, null],
    [503, "application/json; charset=utf-8", null, "Wed, 21 Oct 2015 07:28:00 GMT"],
    [416, "text/html", "bytes */5", null],
  ]);
});

Deno.test("row 15: origin cuts bodies at the byte, by FIN and by RST, in every framing", async (t) => {
  for (const how of ["fin", "rst"] as const) {
    for (const framing of ["length", "chunked", "close"] as const) {
      await t.step(`${how}, ${framing}`, async () => {
        await using server = await origin([{ kind: "cut", after: 1234, how, framing }]);
        const { head, body, ending } = await raw(server.port, ["GET /a.bin HTTP/1.1"]);
        assertEquals(ending, how);
        assertEquals(/content-length/i.test(head), framing === "length");
        assertEquals(server.log[0]!.bytes, 1234);
        if (how === "fin" && framing !== "chunked") assertEquals(body, contentAt(seed, 0, 1234));
      });
    }
  }
  await using server = await origin([{ kind: "framing", framing: "chunked" }]);
  assertEquals(await (await fetch(server.url + "/a.bin")).bytes(), contentAt(seed, 0, size));
});

Deno.test("rows 16, 17, 21: origin falls silent until the client leaves", async () => {
  await using server = await origin([
    { kind: "hang", method: "HEAD" },
    { kind: "stall", after: 500, nth: 2 },
    { kind: "rate", bytesPerSecond: 50, nth: 3 },
  ]);
  const controller = new AbortController();
  const head = fetch(server.url + "/a.bin", { method: "HEAD", signal: controller.signal });
  while (server.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  controller.abort();
  await assertRejects(() => head);
  for (const enough of [500, 1]) {
    const reader = (await fetch(server.url + "/a.bin")).body!.getReader();
    let got = 0;
    while (got < enough) got += (await reader.read()).value!.length;
    assertEquals(got, enough);
    await reader.cancel();
  }
  await server.idle();
  assert(server.log[1]!.isDone);
});

Deno.test("row 19: origin refuses more requests at once than allowed", async () => {
  await using server = await origin([{ kind: "stall", after: 10, nth: 1 }, {
    kind: "max_connections",
    connections: 1,
  }]);
  const first = await fetch(server.url + "/a.bin");
  const second = await fetch(server.url + "/a.bin");
  assertEquals(second.status, 403);
  await second.body?.cancel();
  await first.body?.cancel();
  await server.idle();
  assertEquals([server.peak(), (await ranged(server, 0, 0)).status], [2, 206]);
});

Deno.test("row 20: origin flips bits once or for ever, and zips what nobody asked it to", async () => {
  await using server = await origin([{ kind: "corrupt", at: 1005, times: 1 }, { kind: "corrupt", at: 50, length: 2 }]);
  const wrong = contentAt(seed, 1000, 10);
  wrong[5]! ^= 1;
  assertEquals(await (await ranged(server, 0, 9)).bytes(), contentAt(seed, 0, 10));
  assertEquals(await (await ranged(server, 1000, 1009)).bytes(), wrong);
  assertEquals(await (await ranged(server, 1000, 1009)).bytes(), contentAt(seed, 1000, 10));
  for (let i = 0; i < 2; i++) assertNotEquals(await (await ranged(server, 51, 60)).bytes(), contentAt(seed, 51, 10));
  server.heal();
  server.add({ kind: "corrupt", at: 3 }, { kind: "gzip" });
  const { head, body } = await raw(server.port, ["GET /a.bin HTTP/1.1", "Range: bytes=0-99"]);
  assert(/content-encoding: gzip/i.test(head) && head.includes(`bytes 0-99/${size}`));
  const plain = contentAt(seed, 0, 100);
  plain[3]! ^= 1;
  assertEquals(new Uint8Array(gunzipSync(body)), plain);
});

Deno.test("row 22: origin ends connections without an answer, or talks nonsense", async () => {
  await using server = await origin([
    { kind: "no_answer", how: "fin", nth: 1 },
    { kind: "no_answer", how: "rst", nth: 2 },
    { kind: "garbage", nth: 3 },
  ]);
  const answers = [];
  for (let i = 0; i < 3; i++) answers.push(await raw(server.port, ["GET /a.bin HTTP/1.1"]));
  assertEquals(answers.map(({ ending }) => ending), ["fin", "rst", "fin"]);
  assertEquals([answers[0]!.body.length, answers[2]!.head.includes("HTTP/1")], [0, false]);
  assertEquals(server.log.map((entry) => entry.status), [0, 0, 0]);
});

Deno.test("row 22: origin sends GOAWAY, refuses and resets streams, and cuts TLS without close_notify", async (t) => {
  async function read(http2: boolean, ...faults: TlsFault[]) {
    await using server = await startTlsOrigin({ files: { "/a.bin": { size, seed } }, faults });
    using client = Deno.createHttpClient({ caCerts: [testCertificate], http2, http1: !http2 });
    let got = 0;
    let isBroken = false;
    try {
      const { body } = await fetch(server.url + "/a.bin", { client });
      for await (const chunk of body!) got += chunk.length;
    } catch {
      isBroken = true;
    }
    return { got, isBroken, log: server.log };
  }
  await t.step("well behaved", async () => {
    for (const http2 of [true, false]) {
      const { got, log } = await read(http2);
      assertEquals([got, log[0]!.httpVersion], [size, http2 ? "2.0" : "1.1"]);
    }
  });
  await t.step("refused stream", async () => {
    const { got, log } = await read(true, { kind: "refused_stream", nth: 1 });
    // a client may send a refused request again by itself, and this one does
    assertEquals([got, log.map((entry) => entry.fault)], [size, ["refused_stream", undefined]]);
  });
  await t.step("reset stream", async () => {
    const { got, isBroken } = await read(true, { kind: "stream_reset", after: 100_000 });
    assertEquals([got <= 100_000, isBroken], [true, true]);
  });
  await t.step("GOAWAY", async () => {
    const { got, log } = await read(true, { kind: "goaway", after: 100_000 });
    assertEquals([got <= 100_000, log[0]!.fault], [true, "goaway"]);
  });
  for (const how of ["fin", "rst"] as const) {
    await t.step(`TLS cut by ${how}`, async () => {
      const { got, isBroken } = await read(false, { kind: "tls_cut", after: 300_000, how });
      assertEquals([got < 300_000, isBroken], [true, true]);
    });
  }
});

Deno.test("origin picks requests by number, connection, offset and count", async () => {
  await using server = await origin([
    { kind: "status", status: 500, every: 3 },
    { kind: "status", status: 501, from: 100, before: 200 },
    { kind: "status", status: 502, ranged: false, times: 1 },
    { kind: "status", status: 503, path: "/b.bin" },
    { kind: "status", status: 504, connection: 99 },
  ]);
  const statuses: number[] = [];
  for (const from of [0, 150, 0, 200]) {
    const answer = await ranged(server, from, 300);
    statuses.push(answer.status);
    await answer.body?.cancel();
  }
  assertEquals(statuses, [206, 501, 500, 206]);
  for (const expected of [502, 500]) {
    const answer = await fetch(server.url + "/a.bin");
    assertEquals(answer.status, expected);
    await answer.body?.cancel();
  }
});

Deno.test("origin goes down with clients still on the line", async () => {
  const server = await origin([{ kind: "hang" }]);
  const rejected = assertRejects(() => fetch(server.url + "/a.bin"), TypeError);
  while (server.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await server.close();
  await rejected;
});

Deno.test("randomSchedule() is bounded, comes back from its seed and draws every kind", () => {
  const drawn = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const faults = randomSchedule(i, { size });
    assertEquals(faults, randomSchedule(i, { size }));
    assert(faults.length >= 1 && faults.length <= 5);
    for (const fault of faults) {
      assert(fault.times! >= 1 && fault.times! <= 3);
      drawn.add(fault.kind);
    }
  }
  assertEquals([...drawn].sort(), [...survivableKinds].sort());
});

Deno.test({
  name: "startNginx() serves a folder with a cap on each connection, and leaves nothing behind",
  ignore: !hasNginx,
  async fn() {
    const folder = await Deno.makeTempDir();
    await Deno.writeFile(`${folder}/a.bin`, contentAt(seed, 0, size));
    await using nginx = await startNginx({ folder, limitRateBytes: 64 * 1024 ** 2, connections: 1 });
    const answer = await fetch(nginx.url + "/a.bin", { headers: { Range: "bytes=10-19" } });
    assertEquals([answer.status, await answer.bytes()], [206, contentAt(seed, 10, 10)]);
    await nginx.close();
    await assertRejects(() => Deno.connect({ port: nginx.port }), Deno.errors.ConnectionRefused);
    await Deno.remove(folder, { recursive: true });
  },
});
