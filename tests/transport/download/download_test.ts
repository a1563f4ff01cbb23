import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CivikitError,
  ContentError,
  DiskError,
  download,
  type DownloadOptions,
  type DownloadResult,
  type ErrorCode,
  fetchTransport,
  HttpError,
  InputError,
  NetworkError,
  rangeTransport,
  resumeTransport,
  throttle,
  type Transport,
  type TransportEvent,
  VerificationError,
} from "../../../transport/mod.ts";
import { contentAt, type Fault, type Origin, type OriginOptions, sha256Of, startOrigin } from "../../_origin/mod.ts";
import { fakeClock } from "../../_support/clock.ts";

const size = 5_000_000;
const seed = 31;
const expected = contentAt(seed, 0, size);
const SHA256 = sha256Of(seed, size);

type Kind = "fetch" | "resume" | "range";
const kinds: Kind[] = ["fetch", "resume", "range"];

function stack(kind: Kind, socket: Transport): Transport {
  const resume = resumeTransport(socket, { delayMs: 0, idleTimeoutMs: 2000 });
  if (kind === "fetch") return socket;
  if (kind === "resume") return resume;
  return rangeTransport(resume, { delayMs: 0, pieceBytes: 256 * 1024, enoughBytesPerSecond: 1e12 });
}

interface Bench {
  folder: string;
  path: string;
  origin: Origin;
  transport: Transport;
  events: TransportEvent[];
  get(options?: DownloadOptions & { url?: string }): Promise<DownloadResult>;
  names(): string[];
}

async function bench(
  kind: Kind,
  faults: Fault[],
  test: (bench: Bench) => Promise<void>,
  more: OriginOptions = {},
): Promise<void> {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed } }, faults, ...more });
  using socket = fetchTransport();
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.bin`;
  const events: TransportEvent[] = [];
  const transport = stack(kind, socket);
  try {
    await test({
      folder,
      path,
      origin,
      transport,
      events,
      get: ({ url = `${origin.url}/a.bin`, ...options } = {}) =>
        download(transport, url, path, { delayMs: 0, report: (event) => events.push(event), ...options }),
      names: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function fails(run: () => Promise<unknown>, code: ErrorCode): Promise<CivikitError> {
  const error = await assertRejects(run, CivikitError);
  assertEquals(error.code, code, error.message);
  return error;
}

/** Faults after which the file must be there, right, through every transport. */
const survivable: Record<string, Fault[]> = {
  "no fault at all": [],
  "a server without ranges": [{ kind: "ignore_range" }],
  "a 206 that starts later than asked": [{ kind: "shift_range", by: 100, ranged: true, times: 2 }],
  "ranges that are always wrong": [{ kind: "shift_range", by: 100, ranged: true, from: 1 }, {
    kind: "cut",
    after: 900_000,
    how: "fin",
    times: 1,
  }],
  "206 without Content-Range": [{ kind: "no_content_range", times: 1 }],
  "multipart answers": [{ kind: "multipart", times: 1 }],
  "answers shorter than asked": [{ kind: "short_range", bytes: 700_000, claim: "honest", ranged: true }],
  "answers that claim too much": [{ kind: "short_range", bytes: 700_000, claim: "full", ranged: true, times: 3 }],
  "answers longer than asked": [{ kind: "overlong", bytes: 5000, claim: "length", times: 2 }],
  "bodies cut by FIN": [{ kind: "cut", after: 600_000, how: "fin", times: 4 }],
  "bodies cut by RST": [{ kind: "cut", after: 600_000, how: "rst", times: 4 }],
  "chunked bodies cut": [{ kind: "cut", after: 600_000, how: "rst", framing: "chunked", times: 4 }],
  "bodies framed by the end of the connection": [{ kind: "framing", framing: "close" }],
  "bodies without a length, cut as if whole": [{ kind: "cut", after: 600_000, how: "fin", framing: "close", times: 3 }],
  "connections without an answer": [{ kind: "cut", after: 600_000, how: "fin", times: 2 }, {
    kind: "no_answer",
    how: "rst",
    nth: 2,
  }],
  "500, 503 and 429 in mid-file": [
    { kind: "cut", after: 600_000, how: "fin", times: 1 },
    { kind: "status", status: 500, nth: 2 },
    { kind: "status", status: 503, nth: 3 },
    { kind: "status", status: 429, nth: 4, retryAfter: 0 },
  ],
  "an encoding nobody asked for": [{ kind: "gzip", ranged: true, times: 1 }],
  "a weak ETag": [{ kind: "validators", etag: "weak" }, { kind: "cut", after: 600_000, how: "fin", times: 2 }],
  "no validator at all": [
    { kind: "validators", etag: "none", lastModified: "none" },
    { kind: "cut", after: 600_000, how: "fin", times: 2 },
  ],
  "an ETag that differs between answers, the bytes being the same": [
    { kind: "validators", etag: "per_request" },
    { kind: "cut", after: 600_000, how: "fin", times: 1 },
  ],
  "one flipped bit on the way": [{ kind: "corrupt", at: 2_345_678, times: 1 }],
  "a region of wrong bytes on the way": [{ kind: "corrupt", at: 1_000_000, length: 50_000, times: 1 }],
  "replaced without an ETag, and put back": [
    { kind: "validators", etag: "none", lastModified: "none" },
    { kind: "corrupt", at: 4_000_000, length: 1000, times: 1 },
    { kind: "cut", after: 600_000, how: "fin", times: 1 },
  ],
};
for (const [name, faults] of Object.entries(survivable)) {
  for (const kind of kinds) {
    Deno.test(`download() over ${kind}Transport survives ${name}`, () =>
      bench(kind, structuredClone(faults), async ({ get, path, names }) => {
        const result = await get({ hashes: { SHA256 } });
        assertEquals([result.bytes, result.verified, result.digests.SHA256], [size, true, SHA256.toUpperCase()]);
        assertEquals(await Deno.readFile(path), expected as Uint8Array<ArrayBuffer>);
        assertEquals(names(), ["a.bin"]);
      }));
  }
}

/** Faults after which nothing may be under the final name, and the error must say why. */
const fatal: Record<string, [Fault[], ErrorCode]> = {
  "a login page": [[{ kind: "login_page" }], "login_required"],
  "an error text": [[{ kind: "error_json" }], "unexpected_content"],
  "an error text in disguise": [[{ kind: "error_json", disguised: true }], "unexpected_content"],
  "401": [[{ kind: "status", status: 401 }], "unauthorized"],
  "403": [[{ kind: "status", status: 403 }], "forbidden"],
  "404": [[{ kind: "status", status: 404 }], "not_found"],
  "410": [[{ kind: "status", status: 410 }], "gone"],
  "a redirect loop": [[{ kind: "redirect_loop" }], "redirect_loop"],
  "a file of the wrong size": [[{ kind: "replace", seed: 1, size: 4_000_000 }], "size_mismatch"],
  "wrong bytes for ever": [[{ kind: "corrupt", at: 100 }], "hash_mismatch"],
};
for (const [name, [faults, code]] of Object.entries(fatal)) {
  for (const kind of kinds) {
    Deno.test(`download() over ${kind}Transport refuses ${name}`, () =>
      bench(kind, structuredClone(faults), async ({ get, names }) => {
        await fails(() => get({ hashes: { SHA256 }, sizeBytes: size }), code);
        assert(!names().includes("a.bin"));
      }));
  }
}

Deno.test("download() reports progress with a total and ends at it", () =>
  bench("range", [], async ({ get }) => {
    const seen: [number, number | undefined][] = [];
    await get({
      onProgress: ({ downloadedBytes, totalBytes, bytesPerSecond }) => {
        seen.push([downloadedBytes, totalBytes]);
        assert(bytesPerSecond >= 0);
      },
    });
    assertEquals(seen.at(-1), [size, size]);
    assert(seen.every(([bytes, total]) => bytes <= size && (total === undefined || total === size)));
  }));

Deno.test("download() says unverified when nothing was promised, and computes SHA256 all the same", () =>
  bench("fetch", [], async ({ get }) => {
    const { verified, digests } = await get();
    assertEquals([verified, digests.SHA256], [false, SHA256.toUpperCase()]);
  }));

Deno.test("download() keeps what it has when it is stopped, and goes on from there", () =>
  bench("range", [{ kind: "rate", bytesPerSecond: 3_000_000 }], async ({ get, names, origin, path }) => {
    const controller = new AbortController();
    const reason = new Error("stop");
    const stopped = get({
      hashes: { SHA256 },
      signal: controller.signal,
      onProgress: ({ downloadedBytes }) => downloadedBytes > 2_000_000 && controller.abort(reason),
    });
    assert(await assertRejects(() => stopped, Error) === reason);
    assertEquals(names(), ["a.bin.part", "a.bin.part.json"]);
    origin.heal();
    await origin.idle();
    const before = origin.sent();
    const { resumedBytes, verified } = await get({ hashes: { SHA256 } });
    assert(resumedBytes > 1_500_000 && verified, `${resumedBytes}`);
    assertEquals(origin.sent() - before, size - resumedBytes);
    assertEquals(await Deno.readFile(path), expected as Uint8Array<ArrayBuffer>);
  }));

Deno.test("download() told not to resume begins at the first byte, whatever is there", () =>
  bench("fetch", [{ kind: "cut", after: 4_000_000, how: "fin" }], async ({ get, names, origin, path }) => {
    await fails(() => get({ hashes: { SHA256 }, maxAttempts: 0 }), "connection_reset");
    assertEquals(names(), ["a.bin.part", "a.bin.part.json"]);
    origin.heal();
    await origin.idle();
    const before = origin.sent();
    const { resumedBytes, verified } = await get({ hashes: { SHA256 }, resume: false });
    assertEquals([resumedBytes, verified, origin.sent() - before], [0, true, size]);
    assertEquals(await Deno.readFile(path), expected as Uint8Array<ArrayBuffer>);
  }));

Deno.test("download() fetches again only the spans that were damaged on the disk", () =>
  bench("fetch", [{ kind: "cut", after: 4_000_000, how: "fin" }], async ({ get, path, origin }) => {
    await fails(() => get({ hashes: { SHA256 }, maxAttempts: 0, flushBytes: 65_536 }), "connection_reset");
    using file = await Deno.open(`${path}.part`, { write: true });
    await file.seek(1000, Deno.SeekMode.Start);
    await file.write(new Uint8Array([1, 2, 3]));
    origin.heal();
    const { verified } = await get({ hashes: { SHA256 } });
    assert(verified);
    assertEquals(await Deno.readFile(path), expected as Uint8Array<ArrayBuffer>);
  }));

for (
  const [name, damage] of Object.entries({
    "truncated": (text: string) => text.slice(0, text.length / 2),
    "zero-filled": (text: string) => "\0".repeat(text.length),
    "of another version": (text: string) => text.replace('"version":1', '"version":99'),
  })
) {
  Deno.test(`download() does not believe a journal that is ${name}`, () =>
    bench("fetch", [{ kind: "cut", after: 4_000_000, how: "fin", times: 1 }], async ({ get, path, names }) => {
      await fails(() => get({ maxAttempts: 0 }), "connection_reset");
      const journal = `${path}.part.json`;
      await Deno.writeTextFile(journal, damage(await Deno.readTextFile(journal)));
      const { resumedBytes, verified } = await get({ hashes: { SHA256 } });
      assertEquals([resumedBytes, verified], [0, true]);
      assertEquals(names(), ["a.bin", "a.bin.part.json.bad"]);
    }));
}

Deno.test("download() trusts no part file without a journal, even of the right size", () =>
  bench("fetch", [], async ({ get, path }) => {
    await Deno.writeFile(`${path}.part`, new Uint8Array(size + 10));
    const { resumedBytes } = await get({ hashes: { SHA256 } });
    assertEquals(resumedBytes, 0);
    assertEquals((await Deno.stat(path)).size, size);
  }));

Deno.test("download() refuses the part file of another download, and sets it aside when told to replace", () =>
  bench("fetch", [{ kind: "cut", after: 4_000_000, how: "fin", path: "/b.bin" }], async ({ get, origin, names }) => {
    origin.put("/b.bin", { size, seed: 99 });
    await fails(() => get({ url: `${origin.url}/b.bin`, maxAttempts: 0 }), "connection_reset");
    const error = await fails(() => get({ hashes: { SHA256 } }), "part_mismatch");
    assert(error.message.includes("/b.bin"));
    await get({ hashes: { SHA256 }, replace: true });
    assertEquals(names(), ["a.bin", "a.bin.part.old"]);
  }));

Deno.test("download() leaves a file alone that is there and has the promised hash", () =>
  bench("fetch", [], async ({ get, origin, path }) => {
    await Deno.writeFile(path, expected);
    const { skipped, verified } = await get({ hashes: { SHA256 } });
    assertEquals([skipped, verified, origin.log.length], [true, true, 0]);
  }));

Deno.test("download() never writes over a file it does not know, unless told to", () =>
  bench("fetch", [], async ({ get, path }) => {
    await Deno.writeTextFile(path, "mine");
    await fails(() => get({ hashes: { SHA256 } }), "target_exists");
    await fails(() => get(), "target_exists");
    assertEquals(await Deno.readTextFile(path), "mine");
    await get({ hashes: { SHA256 }, replace: true });
    assertEquals((await Deno.stat(path)).size, size);
  }));

Deno.test("download() lets one process at a time write a target", () =>
  bench("fetch", [{ kind: "rate", bytesPerSecond: 2_000_000 }], async ({ get, path }) => {
    const first = get({ hashes: { SHA256 } });
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = setInterval(() => {
      try {
        if (Deno.statSync(`${path}.part`).size > 0) resolve();
      } catch {
        // not yet
      }
    }, 5);
    await promise;
    clearInterval(look);
    await fails(() => get({ hashes: { SHA256 } }), "target_locked");
    assert((await first).verified);
  }));

Deno.test("download() does not follow a link at the part's place", () =>
  bench("fetch", [], async ({ get, folder, path }) => {
    await Deno.writeTextFile(`${folder}/victim`, "precious");
    await Deno.symlink(`${folder}/victim`, `${path}.part`);
    await fails(() => get(), "invalid_path");
    assertEquals(await Deno.readTextFile(`${folder}/victim`), "precious");
  }));

Deno.test("download() proves the target to lie inside its root", () =>
  bench("fetch", [], async ({ transport, origin, folder }) => {
    for (const hostile of ["../x.bin", "/etc/x.bin", "a/../../x.bin"]) {
      await fails(() => download(transport, `${origin.url}/a.bin`, hostile, { root: folder }), "invalid_path");
    }
    await fails(() => download(transport, `${origin.url}/a.bin`, `${folder}/`), "invalid_path");
    assertEquals(origin.log.length, 0);
  }));

Deno.test("download() asks the original URL again when a link has expired", () =>
  bench("fetch", [], async ({ get, origin }) => {
    const { verified } = await get({ url: `${origin.url}/resolve`, hashes: { SHA256 } });
    assert(verified);
    assert(origin.requests("/resolve").length >= 3);
  }, { links: { "/resolve": { to: "/a.bin", bytes: 2_000_000 } } }));

Deno.test("download() passes on what a new look-up says, and keeps the part", () =>
  bench("fetch", [
    { kind: "cut", after: 2_000_000, how: "fin", times: 1, path: "/a.bin" },
    { kind: "status", status: 429, since: 2, retryAfter: 3600 },
  ], async ({ get, names }) => {
    const error = await assertRejects(() => get({ hashes: { SHA256 } }), HttpError);
    assertEquals([error.code, error.retryAfterMs], ["rate_limited", 3_600_000]);
    assertEquals(names(), ["a.bin.part", "a.bin.part.json"]);
  }));

Deno.test("download() keeps the bytes of a file whose storage name changed while its SHA-256 did not", () =>
  bench("fetch", [
    { kind: "cut", after: 3_000_000, how: "fin", times: 1 },
    { kind: "replace", seed, etag: "strong", nth: 2 },
  ], async ({ get, origin }) => {
    const { verified } = await get({ hashes: { SHA256 }, refresh: () => Promise.resolve({ hashes: { SHA256 } }) });
    assert(verified);
    assert(origin.sent() < size + 2_500_000, `${origin.sent()}`);
  }));

Deno.test("download() starts a new file when the promise changed as well, and keeps the old part if asked", () =>
  bench("fetch", [
    { kind: "cut", after: 3_000_000, how: "fin", times: 1 },
    { kind: "replace", seed: 77, etag: "strong", nth: 2 },
  ], async ({ get, names, events }) => {
    const now = sha256Of(77, size);
    const { digests } = await get({
      hashes: { SHA256 },
      refresh: () => Promise.resolve({ hashes: { SHA256: now } }),
      keepReplaced: true,
    });
    assertEquals(digests.SHA256, now.toUpperCase());
    assertEquals(names(), ["a.bin", "a.bin.part.old"]);
    assert(events.some((event) => event.type === "download" && event.phase === "restarted"));
  }));

Deno.test("download() keeps a file with a wrong hash in quarantine, with a report of what agrees", () =>
  bench("range", [], async ({ get, folder, names }) => {
    const AutoV2 = SHA256.slice(0, 10);
    const error = await assertRejects(() => get({ hashes: { SHA256: "0".repeat(64), AutoV2 } }), VerificationError);
    assertEquals([error.algorithm, error.actual], ["SHA256", SHA256.toUpperCase()]);
    assert(error.message.includes("AutoV2"));
    assertEquals(names(), ["a.bin.quarantine", "a.bin.quarantine.json"]);
    const report = JSON.parse(await Deno.readTextFile(`${folder}/a.bin.quarantine.json`));
    assertEquals([report.agreed, report.differing], [["AutoV2"], ["SHA256"]]);
  }));

Deno.test("download() accepts a wrong promise when told not to verify", () =>
  bench("fetch", [], async ({ get }) => {
    assertEquals((await get({ hashes: { SHA256: "0".repeat(64) }, verify: false })).verified, false);
  }));

Deno.test("download() makes an empty file of an empty answer", () =>
  bench("range", [], async ({ get, origin, path }) => {
    origin.put("/empty", "");
    assertEquals((await get({ url: `${origin.url}/empty` })).bytes, 0);
    assertEquals((await Deno.stat(path)).size, 0);
  }));

Deno.test("download() makes missing folders, and says so when it may not", () =>
  bench("fetch", [], async ({ transport, origin, folder }) => {
    await download(transport, `${origin.url}/a.bin`, `${folder}/new/deep/a.bin`);
    await Deno.writeTextFile(`${folder}/file`, "");
    const error = await assertRejects(
      () => download(transport, `${origin.url}/a.bin`, `${folder}/file/a.bin`),
      DiskError,
    );
    assertEquals(error.code, "invalid_path");
  }));

Deno.test("download() refuses what is no GET and no URL", () =>
  bench("fetch", [], async ({ transport, path, origin }) => {
    await assertRejects(() => download(transport, "not a url", path), InputError);
    await assertRejects(() => download(transport, new Request(origin.url, { method: "POST" }), path), InputError);
  }));

Deno.test("download() gives up at once when the server cannot be reached at all", () =>
  bench("resume", [], async ({ get, origin, names }) => {
    const url = `${origin.url}/a.bin`;
    await origin[Symbol.asyncDispose]();
    const error = await assertRejects(() => get({ url }), NetworkError);
    assertEquals(error.code, "connect_failed");
    assertEquals(names(), []);
  }));

Deno.test("download() writes no signed query string into the journal", () =>
  bench("fetch", [{ kind: "cut", after: 3_000_000, how: "fin" }], async ({ get, origin, path }) => {
    const url = `${origin.url}/a.bin?X-Amz-Signature=s3cr3t&token=k3y`;
    await fails(() => get({ url, maxAttempts: 0 }), "connection_reset");
    const journal = await Deno.readTextFile(`${path}.part.json`);
    assert(!journal.includes("s3cr3t") && !journal.includes("k3y"));
  }));

Deno.test("download() checks the room on the disk before the first byte", () =>
  bench("fetch", [], async ({ get, origin, names }) => {
    origin.put("/huge.bin", { size: 2 ** 50, seed: 1 });
    await fails(() => get({ url: `${origin.url}/huge.bin` }), "no_space");
    assertEquals(names(), []);
  }));

Deno.test("throttle() never lets more bytes pass than its rate", async () => {
  const clock = fakeClock();
  const limit = throttle(1000, clock);
  let passed = 0;
  const run = async () => {
    for (let i = 0; i < 10; i++) {
      await limit.take(500);
      passed += 500;
    }
  };
  const both = Promise.all([run(), run()]);
  for (let second = 1; second <= 12; second++) {
    await clock.advance(1000);
    assert(passed <= second * 1000 + 1000, `${passed} after ${second} s`);
  }
  await both;
  assertEquals(passed, 10_000);
});

Deno.test("download() refuses what keeps changing", () =>
  bench("fetch", [
    { kind: "validators", etag: "per_request" },
    { kind: "cut", after: 1_000_000, how: "fin" },
  ], async ({ get, names }) => {
    const error = await assertRejects(() => get(), ContentError);
    assertEquals(error.code, "content_changed");
    assert(!names().includes("a.bin"));
  }));

Deno.test("download() asks once where Deno has no right to the host: no waiting gives it one", async () => {
  const folder = await Deno.makeTempDir();
  let asked = 0;
  const refused: Transport = {
    fetch({ url }) {
      asked++;
      const message = `fetching "${url}": requires net access`;
      return Promise.reject(new NetworkError(message, { code: "permission_denied", url }));
    },
  };
  for (const kind of kinds) {
    asked = 0;
    const clock = fakeClock();
    const error = await assertRejects(
      () => download(stack(kind, refused), "https://a.example/x.bin", `${folder}/${kind}.bin`, { clock }),
      NetworkError,
    );
    assertEquals([error.code, asked, clock.timers], ["permission_denied", 1, 0], kind);
  }
  await Deno.remove(folder, { recursive: true });
});
