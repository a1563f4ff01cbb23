/** What a server's answer may do to a download. */
import { assert, assertEquals, assertRejects } from "@std/assert";
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
} from "../../../transport/mod.ts";
import { createTransport } from "../../../create_transport.ts";
import { contentAt, fileOf, sha256Of, startOrigin } from "../../_origin/mod.ts";
import { fakeClock } from "../../_clock.ts";
import { rawServer, readHead, writeAll, writeText } from "../../_raw.ts";

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
  const folder = await Deno.makeTempDir(), key = "etag-key-0123456789abcdef";
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
      const folder = await Deno.makeTempDir(), clock = fakeClock();
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
