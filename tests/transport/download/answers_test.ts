/** What a server's answer may do to a download. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { deflateSync, gzipSync } from "node:zlib";
import {
  auth,
  CivikitError,
  compose,
  download,
  type DownloadOptions,
  type DownloadResult,
  type ErrorCode,
  fetchTransport,
  rangeTransport,
  resumeTransport,
  retry,
  type Transport,
  type TransportEvent,
} from "../../../transport/mod.ts";
import { createTransport } from "../../../create_transport.ts";
import { contentAt, type Fault, fileOf, sha256Of, startOrigin } from "../../_origin/mod.ts";
import { fakeClock } from "../../_support/clock.ts";
import { rawServer, readHead, writeAll, writeText } from "../../_support/raw.ts";

/** A small safetensors file: a header of JSON after its length, then numbers. */
function safetensors(bytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(
    JSON.stringify({ w: { dtype: "U8", shape: [bytes], data_offsets: [0, bytes] } }),
  );
  const all = new Uint8Array(8 + header.byteLength + bytes);
  new DataView(all.buffer).setBigUint64(0, BigInt(header.byteLength), true);
  all.set(header, 8);
  all.set(contentAt(seed, 0, bytes), 8 + header.byteLength);
  return all;
}

const seed = 8;
const size = 1_200_000;
const expected = contentAt(seed, 0, size) as Uint8Array<ArrayBuffer>;
const SHA256 = sha256Of(seed, size);

/** The ways a download is fetched: the bare socket, and the whole stack. */
const stacks: Record<string, () => Transport & Disposable> = {
  "the socket": () => fetchTransport(),
  "the whole stack": () =>
    createTransport({
      pieceBytes: 256 * 1024,
      retry: { max: 1, delayMs: 0 },
      resume: { delayMs: 0 },
      rateLimit: { pauseMs: 0 },
    }),
};

interface Place {
  readonly folder: string;
  readonly transport: Transport;
  get(url: string, options?: DownloadOptions & { name?: string }): Promise<DownloadResult>;
  names(): string[];
  read(name: string): Uint8Array<ArrayBuffer>;
}

async function place(stack: string, test: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  using transport = stacks[stack]!();
  try {
    await test({
      folder,
      transport,
      get: (url, { name = "a.bin", ...options } = {}) =>
        download(transport, url, `${folder}/${name}`, { delayMs: 0, ...options }),
      names: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
      read: (name) => Deno.readFileSync(`${folder}/${name}`),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function fails(run: Promise<unknown>, code: ErrorCode): Promise<CivikitError> {
  const error = await assertRejects(() => run, CivikitError);
  assertEquals(error.code, code, error.message);
  return error;
}

for (const stack of Object.keys(stacks)) {
  Deno.test(`download() over ${stack} resumes what is called aws-chunked and is not coded`, () =>
    place(stack, async ({ get, read }) => {
      await using origin = await startOrigin({
        files: { "/a": { ...fileOf({ size, seed }), headers: { "content-encoding": "aws-chunked" } } },
        faults: [{ kind: "cut", after: 200_000, how: "fin" }],
      });
      const { verified } = await get(`${origin.url}/a`, { hashes: { SHA256 } });
      assertEquals([verified, read("a.bin")], [true, expected]);
      assert(origin.sent() < size * 1.5, `${origin.sent()}`);
    }));

  Deno.test(`download() over ${stack} never writes coded bytes that nobody takes the coding off`, () =>
    place(stack, async ({ get, names }) => {
      for (const coding of ["deflate", "x-gzip", "gzip, gzip", "zstd"]) {
        await using server = Deno.serve(
          { port: 0, hostname: "127.0.0.1", onListen() {} },
          () =>
            new Response(new Uint8Array(coding === "deflate" ? deflateSync(expected) : gzipSync(expected)), {
              headers: { "content-encoding": coding },
            }),
        );
        await fails(get(`http://127.0.0.1:${server.addr.port}/a`, { maxAttempts: 3 }), "protocol_violation");
        assertEquals(names(), []);
      }
    }));

  for (const length of [size - 1000, size + 1000, 5]) {
    Deno.test(`download() over ${stack} believes the chunks and not a Content-Length of ${length} beside them`, () =>
      place(stack, async ({ get, read }) => {
        await using server = rawServer(async (connection) => {
          while (await readHead(connection) !== "") {
            await writeText(
              connection,
              `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\nTransfer-Encoding: chunked\r\n\r\n${
                size.toString(16)
              }\r\n`,
            );
            await writeAll(connection, expected);
            await writeText(connection, "\r\n0\r\n\r\n");
          }
        });
        const { bytes } = await get(`http://127.0.0.1:${server.port}/a`, { maxAttempts: 2 });
        assertEquals([bytes, read("a.bin")], [size, expected]);
      }));
  }
}

Deno.test("download() writes no ETag into the journal in which the server repeats the key", async () => {
  const folder = await Deno.makeTempDir();
  const key = "etag-key-0123456789abcdef";
  await using origin = await startOrigin({
    files: { "/a": { ...fileOf({ size, seed }), etag: `"for-${key}"` } },
    faults: [{ kind: "cut", after: 500_000, how: "fin", times: 1 }],
  });
  using socket = fetchTransport();
  const transport = compose(socket, auth({ key, hosts: ["127.0.0.1"] }));
  const get = (maxAttempts: number) =>
    download(transport, `${origin.url}/a`, `${folder}/a.bin`, { maxAttempts, delayMs: 0 });
  try {
    await fails(get(0), "connection_reset");
    const journal = await Deno.readTextFile(`${folder}/a.bin.part.json`);
    assert(!journal.includes(key) && journal.includes('"validator":"Tue, 02 Jan 2024'), journal);
    const { resumedBytes } = await get(5);
    assert(resumedBytes > 0 && origin.sent() < size * 1.2, `${resumedBytes}`);
    assertEquals(await Deno.readFile(`${folder}/a.bin`), expected);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const model = safetensors(2_000_000);
const modelSha256 = createHash("sha256").update(model).digest("hex");
const page = "<!doctype html><title>Log in</title>";
const json = '{"error":"Not now"}';

/** What a server, or something before it, may answer for once with status 200. */
const notTheFile: Record<string, [Fault[], ErrorCode]> = {
  "a page": [[{ kind: "login_page" }], "login_required"],
  "a page in chunks": [[{ kind: "login_page" }, { kind: "framing", framing: "chunked" }], "login_required"],
  "a page called a file": [[status200(page, "application/octet-stream")], "login_required"],
  "a page called a file, in chunks": [
    [status200(page, "application/octet-stream"), { kind: "framing", framing: "chunked" }],
    "login_required",
  ],
  "a redirect to a page": [[{ kind: "redirect", to: "/login", status: 302, path: "/a" }], "login_required"],
  "an error in JSON": [[{ kind: "error_json" }], "unexpected_content"],
  "an error in JSON called a file, in chunks": [
    [status200(json, "application/octet-stream"), { kind: "framing", framing: "chunked" }],
    "unexpected_content",
  ],
  "an error in XML": [
    [status200('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "application/xml")],
    "unexpected_content",
  ],
  "a word": [[status200("Not Found", "text/plain")], "unexpected_content"],
  "a word until the connection ends": [
    [status200("Not Found", "text/plain"), { kind: "framing", framing: "close" }],
    "unexpected_content",
  ],
  "nothing": [[status200("", "application/octet-stream")], "unexpected_content"],
  "nothing in chunks": [
    [status200("", "application/octet-stream"), { kind: "framing", framing: "chunked" }],
    "unexpected_content",
  ],
};

function status200(body: string, type: string, headers: Record<string, string> = {}): Fault {
  return { kind: "status", status: 200, body, headers: { "Content-Type": type, ...headers } };
}

/** Stops a download half-way, lets it meet the wrong answer, and then the right one again. */
async function interrupted(
  stack: string,
  name: string,
  options: DownloadOptions,
  validators: Fault[],
  [faults, code]: [Fault[], ErrorCode],
): Promise<void> {
  await place(stack, async ({ get, names, read, folder }) => {
    await using origin = await startOrigin({
      files: { "/a": model },
      route: ({ path }) =>
        path === "/login" ? { status: 200, headers: { "Content-Type": "text/html" }, body: page } : undefined,
      faults: [...validators, { kind: "cut", after: 1_000_000, how: "fin" }, {
        kind: "status",
        status: 404,
        from: 1_000_000,
      }],
    });
    const url = `${origin.url}/a`;
    await fails(
      get(url, { ...options, name, maxAttempts: 0 }),
      stack === "the socket" ? "connection_reset" : "not_found",
    );
    const { spans: before, total } = JSON.parse(await Deno.readTextFile(`${folder}/${name}.part.json`));
    assertEquals(total, model.byteLength);

    origin.heal();
    origin.add(...validators, ...faults);
    await fails(get(url, { ...options, name }), code);
    assertEquals(names(), [`${name}.part`, `${name}.part.json`]);
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/${name}.part.json`)).spans, before);

    origin.heal();
    origin.add(...validators);
    await origin.idle();
    const answered = origin.log.length;
    const { resumedBytes } = await get(url, { ...options, name });
    assert(resumedBytes >= 250_000, `${resumedBytes}`);
    assert(Buffer.compare(read(name), model) === 0);
    assertEquals(names(), [name]);
    // not by the bytes: on a busy machine a second connection may take over the tail of a slow one
    const ranges = origin.log.slice(answered).map(({ answer }) => answer["Content-Range"] ?? "");
    for (const range of ranges) {
      const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(range) ?? [];
      const isNew = before.every(({ start, end }: { start: number; end: number }) =>
        Number(last) < start || Number(first) >= end
      );
      assert(isNew, `${range} of what was kept: ${JSON.stringify(before)}`);
    }
    assert(ranges.length > 0);
  });
}

for (const stack of Object.keys(stacks)) {
  for (const [name, answer] of Object.entries(notTheFile)) {
    for (const hashes of [{}, { SHA256: modelSha256 }]) {
      const promise = "SHA256" in hashes ? "with a hash" : "without a hash";
      Deno.test(`download() over ${stack} ${promise} keeps what it has when ${name} answers with 200`, () =>
        interrupted(stack, "a.safetensors", { hashes }, [], answer));
    }
    Deno.test(`download() over ${stack} keeps what it has of a file of no known kind when ${name} answers with 200`, () =>
      interrupted(stack, "a.dat", {}, [{ kind: "validators", etag: "none", lastModified: "none" }], answer));
  }

  for (const hashes of [{}, { SHA256: modelSha256 }]) {
    const promise = "SHA256" in hashes ? "with a hash" : "without a hash";
    Deno.test(`download() over ${stack} ${promise} keeps what it has when other bytes come under the same ETag`, () =>
      interrupted(stack, "a.dat", { hashes }, [], [
        [status200("\0".repeat(5000), "application/octet-stream", { ETag: fileOf(model).etag! })],
        "unexpected_content",
      ]));

    Deno.test(`download() over ${stack} ${promise} keeps what it has when a page answers with 206`, () =>
      interrupted(stack, "a.dat", { hashes }, [], [
        [{
          kind: "status",
          status: 206,
          body: page,
          headers: { "Content-Type": "text/html", "Content-Range": `bytes 0-${page.length - 1}/${page.length}` },
        }],
        "login_required",
      ]));
  }

  Deno.test(`download() over ${stack} sets aside what it has when the source really has another file`, () =>
    place(stack, async ({ get, names, read }) => {
      const other = safetensors(2_000_000, 2);
      await using origin = await startOrigin({
        files: { "/a": model },
        faults: [{ kind: "cut", after: 1_000_000, how: "fin" }, { kind: "status", status: 404, from: 1_000_000 }],
      });
      const url = `${origin.url}/a`;
      const name = "a.safetensors";
      await assertRejects(() => get(url, { name, maxAttempts: 0 }), CivikitError);
      origin.heal();
      origin.put("/a", other);
      assertEquals((await get(url, { name })).resumedBytes, 0);
      assertEquals(names(), [name, `${name}.part.old`]);
      assert(Buffer.compare(read(name), other) === 0);
      assertEquals(read(`${name}.part.old`).subarray(0, 250_000), model.subarray(0, 250_000));
    }));

  Deno.test(`download() over ${stack} refuses a file of another size than is promised, and keeps what it has`, () =>
    place(stack, async ({ get, names, folder }) => {
      await using origin = await startOrigin({
        files: { "/a": model },
        faults: [{ kind: "cut", after: 1_000_000, how: "fin" }, { kind: "status", status: 404, from: 1_000_000 }],
      });
      const url = `${origin.url}/a`;
      const name = "a.safetensors";
      const options = { name, sizeBytes: model.byteLength };
      await assertRejects(() => get(url, { ...options, maxAttempts: 0 }), CivikitError);
      const { spans } = JSON.parse(await Deno.readTextFile(`${folder}/${name}.part.json`));
      origin.heal();
      origin.put("/a", safetensors(1_234_567, 2));
      await fails(get(url, options), "size_mismatch");
      assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/${name}.part.json`)).spans, spans);
      assertEquals(names(), [`${name}.part`, `${name}.part.json`]);
    }));

  Deno.test(`download() over ${stack} keeps what came when a page answers in the middle of a run`, () =>
    place(stack, async ({ get, folder, names }) => {
      await using origin = await startOrigin({
        files: { "/a": model },
        faults: [{ kind: "cut", after: 1_000_000, how: "fin", times: 1 }, { kind: "login_page", from: 1_000_000 }],
      });
      await fails(get(`${origin.url}/a`, { name: "a.safetensors" }), "login_required");
      assertEquals(names(), ["a.safetensors.part", "a.safetensors.part.json"]);
      const { spans } = JSON.parse(await Deno.readTextFile(`${folder}/a.safetensors.part.json`));
      assert(spans[0].end >= 250_000, JSON.stringify(spans));
    }));

  Deno.test(`download() over ${stack} repairs nothing with a page`, () =>
    place(stack, async ({ get, names, read }) => {
      const damaged = model.slice();
      damaged[1_500_000]! ^= 1;
      await using origin = await startOrigin({ files: { "/a": damaged } });
      const name = "a.safetensors";
      const report = (event: TransportEvent) => {
        if (event.type !== "download" || event.phase !== "repairing") return;
        origin.add(status200(page, "application/octet-stream"), { kind: "framing", framing: "chunked" });
      };
      await fails(get(`${origin.url}/a`, { name, hashes: { SHA256: modelSha256 }, report }), "login_required");
      assertEquals(names(), [`${name}.part`, `${name}.part.json`]);
      assert(Buffer.compare(read(`${name}.part`), damaged) === 0);
    }));
}

for (const stack of Object.keys(stacks)) {
  for (const status of [400, 403, 404, 405, 410, 416, 451, 500, 501, 502, 503]) {
    Deno.test(`download() over ${stack} asks plainly once a range is refused with ${status}, and remembers the host`, () =>
      place(stack, async ({ get, read }) => {
        await using origin = await startOrigin({
          files: { "/a": model, "/b": model },
          faults: [{ kind: "status", status, ranged: true, body: "no ranges here" }],
        });
        for (const name of ["a", "b"]) {
          await get(`${origin.url}/${name}`, { name: `${name}.safetensors` });
          assert(Buffer.compare(read(`${name}.safetensors`), model) === 0);
        }
        // what passes by itself is asked for again by the stack, once here
        const ranges = origin.log.map(({ path, range }) => `${path} ${range}`).filter((line) =>
          line !== "/a bytes=0-262143"
        );
        const expected = stack === "the socket" ? ["/a bytes=0-", "/a null", "/b null"] : ["/a null", "/b null"];
        assertEquals(ranges, expected);
      }));
  }

  Deno.test(`download() over ${stack} goes on plainly with what it has when ranges are refused from then on`, () =>
    place(stack, async ({ get, read }) => {
      await using origin = await startOrigin({
        files: { "/a": model },
        faults: [{ kind: "cut", after: 1_000_000, how: "fin" }, { kind: "status", status: 404, from: 1_000_000 }],
      });
      await assertRejects(() => get(`${origin.url}/a`, { maxAttempts: 0 }), CivikitError);
      origin.heal();
      origin.add({ kind: "status", status: 403, ranged: true });
      const { resumedBytes } = await get(`${origin.url}/a`);
      assert(resumedBytes > 0 && Buffer.compare(read("a.bin"), model) === 0);
    }));

  for (const [status, retryAfter] of [[401], [429, 3600], [503, 3600]] as const) {
    Deno.test(`download() over ${stack} does not ask plainly after ${status}, which is not about ranges`, () =>
      place(stack, async ({ get }) => {
        const fault: Fault = { kind: "status", status, ...(retryAfter === undefined ? {} : { retryAfter }) };
        await using origin = await startOrigin({ files: { "/a": model }, faults: [fault] });
        await assertRejects(() => get(`${origin.url}/a`), CivikitError);
        assert(origin.log.every(({ range }) => range !== null));
      }));
  }

  Deno.test(`download() over ${stack} tells what the plain answer says when that is refused as well`, () =>
    place(stack, async ({ get, names }) => {
      await using origin = await startOrigin({
        faults: [{ kind: "status", status: 403, ranged: true }, { kind: "status", status: 404, ranged: false }],
      });
      await fails(get(`${origin.url}/a`), "not_found");
      assertEquals([origin.log.map(({ range }) => range === null), names()], [[false, true], []]);
    }));

  Deno.test(`download() over ${stack} knows a file to be whole when only its end was missing`, () =>
    place(stack, async ({ get, read, folder }) => {
      const log: string[] = [];
      await using server = rawServer(async (connection) => {
        for (let head = await readHead(connection); head !== ""; head = await readHead(connection)) {
          const range = /^range: (.*)\r/im.exec(head)?.[1] ?? "none";
          log.push(range);
          if (range !== `bytes=${size}-`) {
            // all of it, in one chunk, and then nothing that says so
            await writeText(
              connection,
              `HTTP/1.1 200 OK\r\nETag: "e"\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n`,
            );
            await writeAll(connection, expected);
            await writeText(connection, "\r\n");
            while (Deno.statSync(`${folder}/a.bin.part`).size < size) {
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
            return;
          }
          await writeText(
            connection,
            `HTTP/1.1 416 No\r\nContent-Range: bytes */${size}\r\nContent-Length: 4\r\n\r\nnone`,
          );
        }
      });
      await get(`http://127.0.0.1:${server.port}/a`, { maxAttempts: 2 });
      assert(Buffer.compare(read("a.bin"), expected) === 0);
      assertEquals(log.slice(1), [`bytes=${size}-`]);
    }));
}

Deno.test("download() asks for a range again that a passing 416 refused, and keeps what it has", () =>
  place("the whole stack", async ({ get, read }) => {
    await using origin = await startOrigin({
      files: { "/a": model },
      faults: [{ kind: "unsatisfiable", from: 500_000, times: 1 }],
    });
    await get(`${origin.url}/a`);
    assert(Buffer.compare(read("a.bin"), model) === 0);
    assert(origin.log.every(({ range }) => range !== null));
    assert(origin.sent() < model.byteLength * 1.5, `${origin.sent()}`);
  }));

Deno.test("download() judges no file by a first part that is too short to judge", () =>
  place("the socket", async ({ get, read }) => {
    const short = { bytes: 20, claim: "honest", ranged: true, before: 100 } as const;
    await using origin = await startOrigin({ files: { "/a": model }, faults: [{ kind: "short_range", ...short }] });
    await get(`${origin.url}/a`, { name: "a.safetensors" });
    assert(Buffer.compare(read("a.safetensors"), model) === 0);
    assertEquals(origin.log[1]!.range, "bytes=20-");
  }));

/** What a peer may do that takes requests and never answers. */
const silent: Record<string, (connection: Deno.Conn) => Promise<void>> = {
  "says nothing": async (connection) => void await connection.read(new Uint8Array(1)),
  "sends nothing but 1xx": async (connection) => {
    for (;;) {
      await writeText(connection, "HTTP/1.1 103 Early Hints\r\n\r\n");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },
};
for (const [name, behave] of Object.entries(silent)) {
  for (const start of [0, 1_000_000]) {
    const when = start === 0 ? "from the first request on" : "in the middle of a file";
    Deno.test(`download() gives a peer up after minutes that ${name} ${when}`, async () => {
      const folder = await Deno.makeTempDir();
      const clock = fakeClock();
      let isSilent = false;
      await using server = rawServer(async (connection) => {
        const head = await readHead(connection);
        const from = Number(/^range: bytes=(\d+)/im.exec(head)?.[1]);
        if (from < start) {
          const range = `Content-Range: bytes ${from}-${start - 1}/${model.byteLength}`;
          await writeText(
            connection,
            `HTTP/1.1 206 P\r\nETag: "e"\r\n${range}\r\nContent-Length: ${start - from}\r\n\r\n`,
          );
          await writeAll(connection, model.slice(from, start));
          await readHead(connection);
        }
        isSilent = true;
        await behave(connection);
        await readHead(connection);
      });
      using socket = fetchTransport({ headersMs: 30_000, clock });
      const healing = resumeTransport(compose(socket, retry({ clock })), { clock });
      // parts have an idle timer of their own
      const transport = start === 0 ? rangeTransport(healing, { clock }) : healing;
      let outcome: unknown;
      const done = download(transport, `http://127.0.0.1:${server.port}/a`, `${folder}/a.bin`, { clock }).then(
        () => outcome = "done",
        (error) => outcome = error,
      );
      try {
        let seconds = 0;
        while (outcome === undefined && seconds < 3600) {
          // what is on the wire goes at its own speed
          await new Promise((resolve) => setTimeout(resolve, 2));
          if (!isSilent) continue;
          await clock.advance(1000);
          seconds++;
        }
        assert(outcome instanceof CivikitError, String(outcome));
        assert(["header_timeout", "no_progress"].includes(outcome.code), outcome.code);
        assert(seconds >= 120 && seconds <= 330, `${seconds} s`);
        assertEquals([...Deno.readDirSync(folder)].length, start === 0 ? 0 : 2);
      } finally {
        await done;
        await Deno.remove(folder, { recursive: true });
      }
    });
  }
}
