import { assert, assertEquals } from "@std/assert";
import { createTransport } from "../../create_transport.ts";
import {
  CivikitError,
  download,
  type DownloadOptions,
  type DownloadResult,
  fetchTransport,
  rangeTransport,
  resumeTransport,
  type Transport,
} from "../../transport/mod.ts";
import { contentAt, type Fault, type Origin, sha256Of, startOrigin } from "../_origin/mod.ts";

// cases that random schedules and kills have found

const size = 600_000;
const seed = 3;
const expected = contentAt(seed, 0, size) as Uint8Array<ArrayBuffer>;
const SHA256 = sha256Of(seed, size);

interface Bench {
  readonly origin: Origin;
  readonly path: string;
  get(transport: Transport, options?: DownloadOptions): Promise<DownloadResult>;
  names(): string[];
}

async function bench(faults: Fault[], test: (bench: Bench) => Promise<void>): Promise<void> {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed } }, faults });
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.bin`;
  try {
    await test({
      origin,
      path,
      get: (transport, options) => download(transport, `${origin.url}/a.bin`, path, { delayMs: 0, ...options }),
      names: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function stacks(socket: Transport): Record<string, Transport> {
  const resume = resumeTransport(socket, { delayMs: 0 });
  return { fetch: socket, resume, range: rangeTransport(resume, { delayMs: 0, pieceBytes: 65_536 }) };
}

for (const kind of ["fetch", "resume", "range"]) {
  Deno.test(`download() over ${kind}Transport takes no encoded 200 for the file it asked a range of`, () =>
    bench([{ kind: "ignore_range" }, { kind: "gzip", ranged: true }], async ({ get, path }) => {
      using socket = fetchTransport();
      const { bytes } = await get(stacks(socket)[kind]!);
      assertEquals(bytes, size);
      assertEquals(await Deno.readFile(path), expected);
    }));

  Deno.test(`download() over ${kind}Transport takes no 200 of several parts for the file`, () =>
    bench([{ kind: "multipart", times: 1 }, { kind: "ignore_range", times: 1 }], async ({ get, path }) => {
      using socket = fetchTransport();
      await get(stacks(socket)[kind]!);
      assertEquals(await Deno.readFile(path), expected);
    }));

  Deno.test(`download() over ${kind}Transport keeps its bytes when one 416 denies the rest of the file`, () =>
    bench([{ kind: "cut", after: 400_000, how: "fin", from: 0, times: 1 }, {
      kind: "unsatisfiable",
      from: 60_000,
      times: 1,
    }], async ({ get, path, origin }) => {
      using socket = fetchTransport();
      await get(stacks(socket)[kind]!);
      assertEquals(await Deno.readFile(path), expected);
      assert(origin.sent() < size + 300_000, `${origin.sent()}`);
    }));
}

Deno.test("download() gets over a total that was wrong in the first answer, also where the bytes would be kept", () =>
  bench([{ kind: "short_range", bytes: 1000, claim: "honest", times: 1 }, {
    kind: "wrong_total",
    by: 500,
    times: 1,
  }], async ({ get, path }) => {
    using socket = fetchTransport();
    const { verified } = await get(socket, { hashes: { SHA256 } });
    assert(verified);
    assertEquals(await Deno.readFile(path), expected);
  }));

Deno.test("createTransport() and download() get over a wrong total that puts the rest behind the end of the file", () =>
  bench([{ kind: "wrong_total", by: 500, times: 1 }], async ({ get, path }) => {
    using transport = createTransport();
    const { verified } = await get(transport, { hashes: { SHA256 } });
    assert(verified);
    assertEquals(await Deno.readFile(path), expected);
  }));

Deno.test("download() begins again when wrong bytes of a wrong length cannot be had a second time", () =>
  bench(
    [{ kind: "overlong", bytes: 943, claim: "range", times: 1 }, { kind: "ignore_range", times: 1 }],
    async ({ get, path, names }) => {
      using socket = fetchTransport();
      const { verified } = await get(socket, { hashes: { SHA256 } });
      assert(verified);
      assertEquals(await Deno.readFile(path), expected);
      assertEquals(names(), ["a.bin"]);
    },
  ));

Deno.test("download() does not ask for ever when a repair brings a shorter file", () =>
  bench([{ kind: "ignore_range" }, { kind: "overlong", bytes: 6, claim: "range", times: 1 }], async ({ get, path }) => {
    using socket = fetchTransport();
    const { verified } = await get(socket, { hashes: { SHA256 } });
    assert(verified);
    assertEquals(await Deno.readFile(path), expected);
  }));

Deno.test("download() does not ask for ever when answers without a length bring nothing new", () =>
  bench([
    { kind: "cut", after: 100_000, how: "fin", nth: 1 },
    { kind: "ignore_range", since: 2 },
    { kind: "cut", after: 100_000, how: "fin", framing: "close", since: 2 },
  ], async ({ get, names, origin }) => {
    using socket = fetchTransport();
    const error = await get(socket, { hashes: { SHA256 } }).then(() => undefined, (error) => error);
    assertEquals(error?.code, "body_incomplete", String(error));
    assert(!names().includes("a.bin"));
    assert(origin.log.length < 10, `${origin.log.length} requests`);
  }));

Deno.test("createTransport() and download() get over a small file whose body stands still", () =>
  bench([{ kind: "stall", after: 40, times: 2 }], async ({ get, path, origin }) => {
    origin.put("/a.bin", expected.subarray(0, 88));
    using transport = createTransport({ idleMs: 50 });
    assertEquals((await get(transport)).bytes, 88);
    assertEquals(await Deno.readFile(path), expected.slice(0, 88));
  }));

Deno.test("download() leaves no half-written journal behind that a killed process had begun", () =>
  bench([], async ({ get, path, names }) => {
    await Deno.writeTextFile(`${path}.part.json.tmp`, `{"version":1,"ur`);
    using socket = fetchTransport();
    await get(socket);
    assertEquals(names(), ["a.bin"]);
  }));

Deno.test("resumeTransport() drops the request for the rest when its body is cancelled meanwhile", () =>
  bench([{ kind: "cut", after: 100_000, how: "fin", nth: 1 }, { kind: "hang", nth: 2 }], async ({ origin }) => {
    using socket = fetchTransport();
    const { body } = await resumeTransport(socket).fetch(new Request(`${origin.url}/a.bin`));
    const reader = body!.getReader();
    const reading = (async () => {
      while (!(await reader.read()).done);
    })();
    while (origin.log.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await reader.cancel(new CivikitError("enough", { code: "aborted" }));
    await reading;
    await origin.idle();
    assertEquals(origin.log.length, 2);
  }));

Deno.test("resumeTransport() drops an answer for the rest that comes after its body was cancelled", () =>
  bench(
    [{ kind: "cut", after: 100_000, how: "fin", nth: 1 }, { kind: "stall", after: 10, nth: 2 }],
    async ({ origin }) => {
      using socket = fetchTransport();
      const reading: { reader?: ReadableStreamDefaultReader<Uint8Array> } = {};
      const late: Transport = {
        async fetch(request) {
          const response = await socket.fetch(request);
          // the reader goes away at the very moment the answer is there
          await reading.reader?.cancel(new CivikitError("enough", { code: "aborted" }));
          return response;
        },
      };
      const { body } = await resumeTransport(late).fetch(new Request(`${origin.url}/a.bin`));
      const reader = reading.reader = body!.getReader();
      while (!(await reader.read()).done);
      await origin.idle();
      assertEquals(origin.log.length, 2);
    },
  ));
