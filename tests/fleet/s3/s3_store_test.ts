import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { s3Store, type S3StoreOptions } from "../../../fleet/mod.ts";
import {
  contentAt,
  embeddedS3,
  type EmbeddedS3Options,
  type EmbeddedS3Server,
  fakeClock,
} from "../../../testing/mod.ts";
import { CivikitError, download, HttpError, type Middleware, VerificationError } from "../../../transport/mod.ts";

const mebibyte = 1024 * 1024;
const least = 5 * mebibyte;

interface World extends AsyncDisposable {
  readonly server: EmbeddedS3Server;
  readonly folder: string;
  store(options?: Partial<S3StoreOptions>): ReturnType<typeof s3Store>;
  /** A file in the folder, and its hash. */
  file(seed: number, size: number): { path: string; sha256: string; bytes: number; name: string };
}

function world(options: EmbeddedS3Options = {}): World {
  const server = embeddedS3(options).listen();
  const folder = Deno.makeTempDirSync();
  return {
    ...{ server, folder },
    store: (more = {}) =>
      s3Store({
        ...{ endpoint: server.url, bucket: "models", prefix: "lab/a b", credentials: server.user, partBytes: least },
        ...{ random: () => 0, transport: { retry: { delayMs: 1 } }, clock: quick },
        ...more,
      }),
    file(seed, size) {
      const name = `model ${seed}.safetensors`;
      const bytes = contentAt(seed, 0, size);
      Deno.writeFileSync(join(folder, name), bytes);
      return { path: join(folder, name), sha256: createHash("sha256").update(bytes).digest("hex"), bytes: size, name };
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

/** The machine's time, but waits are over at once. */
const quick = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(_delayMs: number, callback: () => void) {
    const timer = setTimeout(callback);
    return () => clearTimeout(timer);
  },
};

const keyOf = (sha256: string) => `lab/a b/sha256/${sha256.slice(0, 2)}/${sha256}`;
const operations = (server: EmbeddedS3Server) => server.log.map(({ operation }) => operation);

Deno.test("s3Store() stores a small file under its hash, once", async () => {
  await using w = world();
  using store = w.store();
  const { path, ...file } = w.file(1, 1000);
  await store.check(true);
  assertEquals(await store.find(file), undefined);
  const url = store.urlOf(file.sha256);
  assertEquals(await store.put(path, file), {
    url,
    isThere: false,
    isConfirmed: true,
    bytes: 1000,
    sentBytes: 1000,
    resumedBytes: 0,
  });
  assertEquals(await store.put(path, file), {
    url,
    isThere: true,
    isConfirmed: true,
    bytes: 1000,
    sentBytes: 0,
    resumedBytes: 0,
  });
  assertEquals(await store.find(file), { bytes: 1000 });
  const [key, object] = [...w.server.objects()][0]!;
  assertEquals(key, keyOf(file.sha256));
  assertEquals(object.bytes, contentAt(1, 0, 1000));
  assertEquals(object.meta, { sha256: file.sha256, name: "model%201.safetensors" });
  assertEquals(w.server.uploads().size, 0, "the look at the rights leaves nothing");
});

Deno.test("s3Store() stores an empty file", async () => {
  await using w = world();
  using store = w.store();
  const { path, ...file } = w.file(1, 0);
  assertEquals((await store.put(path, file)).isThere, false);
  assertEquals(w.server.objects().get(keyOf(file.sha256))?.bytes.length, 0);
});

for (
  const [name, abilities, sums] of [
    ["a CRC32 of the whole", {}, ["CRC32"]],
    ["SHA-256 of the parts where CRC32 of the whole is unknown", { fullChecksums: false }, ["SHA256"]],
    ["no checksums at all", { checksums: false }, []],
    ["no list of uploads", { listUploads: false }, ["CRC32"]],
    ["no conditional writes", { conditionalWrites: false }, ["CRC32"]],
  ] as const
) {
  Deno.test(`s3Store() stores a large file in parts, with ${name}`, async () => {
    await using w = world(abilities);
    using store = w.store();
    const size = 2 * least + 12_345;
    const { path, ...file } = w.file(2, size);
    const told: number[] = [];
    const outcome = await store.put(path, file, { onProgress: ({ bytes }) => told.push(bytes) });
    const url = store.urlOf(file.sha256);
    const isConfirmed = sums[0] === "CRC32";
    assertEquals(outcome, { url, isThere: false, isConfirmed, bytes: size, sentBytes: size, resumedBytes: 0 });
    const object = w.server.objects().get(keyOf(file.sha256))!;
    assertEquals(createHash("sha256").update(object.bytes).digest("hex"), file.sha256);
    assertEquals(Object.keys(object.sums), [...sums]);
    assertEquals(told.at(-1), size);
    assertEquals(w.server.uploads().size, 0);
  });
}

Deno.test("what is stored comes back through download(), with proof", async () => {
  await using w = world();
  using store = w.store();
  const { path, ...file } = w.file(3, least + 77);
  await store.put(path, file);
  w.server.add({ kind: "cut", after: 100_000, on: "GetObject", times: 2 });
  const target = join(w.folder, "back");
  const { verified, bytes } = await download(store.transport, store.urlOf(file.sha256), target, {
    hashes: { SHA256: file.sha256 },
    delayMs: 0,
  });
  assertEquals({ verified, bytes }, { verified: true, bytes: least + 77 });
});

Deno.test("a store that rots is found out when it is read", async () => {
  await using w = world();
  using store = w.store();
  const { path, ...file } = w.file(4, 5000);
  w.server.add({ kind: "damage", on: "PutObject" });
  await store.put(path, file);
  const reading = download(store.transport, store.urlOf(file.sha256), join(w.folder, "back"), {
    hashes: { SHA256: file.sha256 },
  });
  assertEquals((await assertRejects(() => reading, VerificationError)).code, "hash_mismatch");
});

Deno.test("what is garbled on its way is sent again", async () => {
  await using w = world();
  using store = w.store();
  const { path, ...file } = w.file(5, 2 * least);
  const small = w.file(6, 10);
  w.server.add({ kind: "garble", on: ["UploadPart", "PutObject"], times: 2 });
  await store.put(path, file);
  w.server.add({ kind: "garble", on: "PutObject" });
  await store.put(small.path, small);
  for (const { bytes } of w.server.objects().values()) {
    const hash = createHash("sha256").update(bytes).digest("hex");
    assert(w.server.objects().has(keyOf(hash)));
  }
  assertEquals(w.server.objects().size, 2);
});

for (
  const [name, fault] of [
    ["SlowDown", { kind: "refuse", status: 503, code: "SlowDown" }],
    ["InternalError", { kind: "refuse", status: 500, code: "InternalError" }],
    ["an answer that got lost", { kind: "lose_answer" }],
    ["an error in an answer of 200", { kind: "error_in_200", on: "CompleteMultipartUpload" }],
    ["a conflict", { kind: "conflict", on: ["PutObject", "CompleteMultipartUpload"] }],
    ["an upload that was taken away", { kind: "forget_upload", on: "UploadPart", skip: 1 }],
    ["an upload that was taken away at its end", { kind: "forget_upload", on: "CompleteMultipartUpload" }],
  ] as const
) {
  Deno.test(`s3Store() gets a file over in spite of ${name}`, async () => {
    await using w = world();
    using store = w.store();
    const large = w.file(7, 2 * least + 1);
    const small = w.file(8, 100);
    const on = ["PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"] as const;
    for (const operation of "on" in fault ? [fault.on].flat() : on) w.server.add({ ...fault, on: operation });
    await store.put(large.path, large);
    await store.put(small.path, small);
    assertEquals(w.server.objects().size, 2);
    for (const { sha256, bytes } of [large, small]) {
      const object = w.server.objects().get(keyOf(sha256))!;
      assertEquals(createHash("sha256").update(object.bytes).digest("hex"), sha256);
      assertEquals(object.bytes.length, bytes);
    }
  });
}

Deno.test("a checksum that is none is no proof, and said as it is", async () => {
  await using w = world();
  using store = w.store();
  const { path, ...file } = w.file(30, 1000);
  await store.put(path, file);
  const key = keyOf(file.sha256);
  w.server.objects().set(key, { ...w.server.objects().get(key)!, sums: { SHA256: "no base64!" } });
  const error = await assertRejects(() => store.find(file), VerificationError);
  assertEquals([error.code, error.actual], ["hash_mismatch", "no base64!"]);
});

Deno.test("s3Store() waits as long as a refusal says", async () => {
  await using w = world();
  const waits: number[] = [];
  const clock = { ...quick, after: (ms: number, call: () => void) => (waits.push(ms), quick.after(0, call)) };
  using store = w.store({ clock });
  const { path, ...file } = w.file(9, 100);
  w.server.add({ kind: "refuse", status: 503, code: "SlowDown", on: "PutObject", retryAfter: 1 });
  await store.put(path, file);
  assertEquals(waits, [1000]);
});

Deno.test("a store that is too slow for too long is said by its own word, not by the circuit it opened", async () => {
  await using w = world();
  using store = w.store();
  const large = w.file(25, 2 * least);
  w.server.add({ kind: "refuse", status: 503, code: "SlowDown", on: ["PutObject", "UploadPart"], times: 1000 });
  const said = async (work: () => Promise<unknown>) => {
    const error = await assertRejects(work, CivikitError);
    return [error.code, error.message.includes("SlowDown")];
  };
  for (let time = 0; time < 3; time++) {
    assertEquals(await said(() => store.put(large.path, large)), ["service_unavailable", true]);
  }
  assertEquals(await said(() => store.find(large)), ["service_unavailable", true]);
});

Deno.test("two who store one file at once both succeed, and it is there once", async () => {
  await using w = world();
  using one = w.store();
  using other = w.store();
  const { path, ...file } = w.file(10, 3 * least);
  const small = w.file(11, 10);
  const outcomes = await Promise.all([
    ...[one, other].map((store) => store.put(path, file)),
    ...[one, other].map((store) => store.put(small.path, small)),
  ]);
  assert(outcomes.some(({ isThere }) => !isThere));
  assertEquals(w.server.objects().size, 2);
  assertEquals(w.server.uploads().size, 0);
});

Deno.test("an upload that was broken off goes on with the parts that are there", async () => {
  await using w = world();
  using store = w.store({ concurrency: 1 });
  const { path, ...file } = w.file(12, 4 * least);
  const stop = new AbortController();
  const going = store.put(path, file, {
    signal: stop.signal,
    onProgress: ({ bytes }) => bytes === 2 * least && stop.abort(new Error("enough")),
  });
  await assertRejects(() => going, Error, "enough");
  assertEquals(w.server.uploads().size, 1);
  using next = w.store();
  const { sentBytes, resumedBytes, isThere } = await next.put(path, file);
  assertEquals({ isThere, whole: sentBytes + resumedBytes }, { isThere: false, whole: 4 * least });
  assert(resumedBytes >= 2 * least, `${resumedBytes}`);
});

Deno.test("a part that is not what belongs there is sent again", async () => {
  await using w = world({ checksums: false });
  using store = w.store({ concurrency: 1 });
  const { path, ...file } = w.file(13, 3 * least);
  const stop = new AbortController();
  const going = store.put(path, file, { signal: stop.signal, onProgress: () => stop.abort(new Error("enough")) });
  await assertRejects(() => going, Error, "enough");
  const [upload] = w.server.uploads().values();
  const etag = '"00000000000000000000000000000000"';
  upload!.parts.set(1, { bytes: new Uint8Array(least), etag, sum: undefined, storedMs: Date.now() });
  await store.put(path, file);
  const object = w.server.objects().get(keyOf(file.sha256))!;
  assertEquals(createHash("sha256").update(object.bytes).digest("hex"), file.sha256);
});

Deno.test("a file that is not what it is said to be does not come to be", async () => {
  await using w = world();
  using store = w.store();
  for (const size of [1000, 2 * least]) {
    const { path, ...file } = w.file(14, size);
    const bytes = Deno.readFileSync(path);
    bytes[size - 1]! ^= 1;
    Deno.writeFileSync(path, bytes);
    const error = await assertRejects(() => store.put(path, file), VerificationError);
    assertEquals([error.code, error.path], ["hash_mismatch", path]);
    Deno.writeFileSync(path, bytes.subarray(1));
    assertEquals((await assertRejects(() => store.put(path, file), VerificationError)).code, "size_mismatch");
  }
  assertEquals([w.server.objects().size, w.server.uploads().size], [0, 0]);
});

Deno.test("another object under a file's key is said, and stays", async () => {
  await using w = world();
  using store = w.store();
  const { path, ...file } = w.file(15, 1000);
  await store.put(path, file);
  for (const wrong of [{ ...file, bytes: 999 }, file]) {
    if (wrong === file) {
      const object = w.server.objects().get(keyOf(file.sha256))!;
      w.server.objects().set(keyOf(file.sha256), {
        ...object,
        sums: { SHA256: createHash("sha256").update("other").digest("base64") },
      });
    }
    const error = await assertRejects(() => store.find(wrong), VerificationError);
    assertStringIncludes(error.message, "what is stored there");
  }
});

Deno.test("clean() gives up old uploads, and only those below the prefix", async () => {
  await using w = world();
  using store = w.store();
  using foreign = w.store({ prefix: "other" });
  const { path, ...file } = w.file(16, 2 * least);
  for (const one of [store, foreign]) {
    w.server.add({ kind: "refuse", status: 403, code: "AccessDenied", on: "UploadPart", times: 2 });
    await assertRejects(() => one.put(path, file), HttpError);
    w.server.heal();
  }
  assertEquals(w.server.uploads().size, 2);
  assertEquals(await store.clean(60_000), []);
  const [upload] = w.server.uploads().values();
  const { startedMs } = upload!;
  const told = { sha256: file.sha256, bytes: 0, startedMs, lastMs: startedMs };
  assertEquals(await store.clean(0, { isDry: true }), [told]);
  assertEquals(w.server.uploads().size, 2);
  assertEquals(await store.clean(0), [told]);
  assertEquals(w.server.uploads().size, 1);
});

Deno.test("clean() leaves an upload alone that somebody is still at, and takes what a look at the rights left", async () => {
  const clock = fakeClock();
  await using w = world({ clock });
  using store = w.store({ clock: { ...quick, date: clock.date } });
  const { path, ...file } = w.file(18, 3 * least);
  const stop = new AbortController();
  await assertRejects(() =>
    store.put(path, file, { signal: stop.signal, onProgress: () => stop.abort(new Error("no")) })
  );
  w.server.add({ kind: "refuse", status: 403, code: "AccessDenied", on: "AbortMultipartUpload" });
  await assertRejects(() => store.check(true), HttpError);
  assertEquals(w.server.uploads().size, 2);
  const half = [...w.server.uploads().values()].find(({ parts }) => parts.size > 0)!;
  await clock.advance(3_600_000);
  // several parts go at once: any of them may be the one that came before the end
  const [number, part] = [...half.parts][0]!;
  half.parts.set(number, { ...part, storedMs: clock.date() });
  assertEquals((await store.clean(60_000)).map(({ sha256 }) => sha256), [undefined]);
  assertEquals([...w.server.uploads().values()], [half]);
  await clock.advance(60_000);
  const [{ bytes, lastMs } = { bytes: 0, lastMs: 0 }] = await store.clean(60_000);
  assertEquals([bytes >= least, lastMs, w.server.uploads().size], [true, clock.date() - 60_000, 0]);
});

/** Rots what is under a key, as a disk does: everything the store says of it stays. */
function rot({ server }: World, key: string): void {
  const object = server.objects().get(key)!;
  const bytes = object.bytes.slice();
  bytes[bytes.length >> 1]! ^= 1;
  server.objects().set(key, { ...object, bytes });
}

Deno.test("prove() finds what rotted in the store, which its own checksums do not", async () => {
  await using w = world();
  using store = w.store();
  for (const [seed, size] of [[20, 1000], [21, 2 * least], [22, 0]] as const) {
    const { path, ...file } = w.file(seed, size);
    assertEquals(await store.prove(file), undefined);
    await store.put(path, file);
    const told: number[] = [];
    w.server.add({ kind: "cut", after: size / 3, on: "GetObject" });
    assertEquals(await store.prove(file, { onProgress: ({ bytes }) => told.push(bytes) }), { bytes: size });
    assertEquals(told.at(-1) ?? 0, size);
    w.server.heal();
    if (size === 0) continue;
    rot(w, keyOf(file.sha256));
    assertEquals(await store.find(file), { bytes: size }, "the store believes itself");
    const error = await assertRejects(() => store.prove(file), VerificationError);
    assertEquals([error.code, error.expected], ["hash_mismatch", file.sha256]);
  }
  await assertRejects(() => w.store({ credentials: undefined }).prove(w.file(20, 1000)), HttpError);
});

Deno.test("put() replaces what is damaged, in one step, and not what somebody else has put there meanwhile", async () => {
  await using w = world();
  using store = w.store();
  for (const [seed, size] of [[23, 1000], [24, 2 * least]] as const) {
    const { path, ...file } = w.file(seed, size);
    const key = keyOf(file.sha256);
    await store.put(path, file);
    rot(w, key);
    assertEquals((await store.put(path, file)).isThere, true, "by its checksums nothing is wrong");
    const { isThere, sentBytes } = await store.put(path, file, { isReplacing: true });
    assertEquals({ isThere, sentBytes }, { isThere: false, sentBytes: size });
    assertEquals(await store.prove(file), { bytes: size });

    // a store that compares If-Match in its own way: Ceph 16.2 takes an ETag in quotes for another one
    const picky: Middleware = (request, next) => {
      const said = "<Error><Code>PreconditionFailed</Code></Error>";
      return request.headers.has("if-match") ? Promise.resolve(new Response(said, { status: 412 })) : next(request);
    };
    using ceph = w.store({ transport: { layers: [picky] } });
    rot(w, key);
    assertEquals((await ceph.put(path, file, { isReplacing: true })).isThere, false);
    assertEquals(await store.prove(file), { bytes: size });

    for (const meanwhile of ["replaced", "removed"] as const) {
      rot(w, key);
      const good = {
        ...w.server.objects().get(key)!,
        bytes: new Uint8Array(contentAt(seed, 0, size)),
        etag: '"other"',
      };
      const layer: Middleware = (request, next) => {
        if (request.headers.has("if-match")) {
          if (meanwhile === "removed") w.server.objects().delete(key);
          else w.server.objects().set(key, good);
        }
        return next(request);
      };
      using slow = w.store({ transport: { layers: [layer] } });
      assertEquals((await slow.put(path, file, { isReplacing: true })).isThere, meanwhile === "replaced");
      assertEquals(w.server.objects().get(key)!.etag === good.etag, meanwhile === "replaced");
      assertEquals(await store.prove(file), { bytes: size });
    }
  }
  assertEquals(w.server.uploads().size, 0);
});

async function refused(w: World, options: Partial<S3StoreOptions>, isWriting = true): Promise<(string | undefined)[]> {
  using store = w.store(options);
  const error = await assertRejects(() => store.check(isWriting), CivikitError);
  assert(!error.message.includes(w.server.user.secretAccessKey));
  return [error.code, error.reason];
}

Deno.test("check() says what is wrong with credentials, bucket, region and rights", async () => {
  const users = {
    EMBEDDEDACCESSKEY: { secretAccessKey: "embedded/secret+access/key0123456789abcd" },
    READER: { secretAccessKey: "reader/secret", may: "read" },
    NOBODY: { secretAccessKey: "nobody/secret", may: "nothing" },
  } as const;
  await using w = world({ region: "eu-central-1", users });
  const region = "eu-central-1";
  const as = (accessKeyId: string, secretAccessKey: string) => ({
    region,
    credentials: { accessKeyId, secretAccessKey },
  });
  assertEquals(await refused(w, as("UNKNOWN", "x")), ["unauthorized", "s3_credentials"]);
  assertEquals(await refused(w, as("READER", "wrong")), ["unauthorized", "s3_credentials"]);
  assertEquals(await refused(w, { region, credentials: undefined }), ["forbidden", "bucket_denied"]);
  assertEquals(await refused(w, as("NOBODY", "nobody/secret"), false), ["forbidden", "bucket_denied"]);
  assertEquals(await refused(w, as("READER", "reader/secret")), ["forbidden", "bucket_denied"]);
  assertEquals(await refused(w, { region, bucket: "elsewhere" }), ["not_found", "bucket_missing"]);
  assertEquals(await refused(w, {}), ["invalid_config", "bucket_region"]);
  using reader = w.store(as("READER", "reader/secret"));
  await reader.check(false);
});

Deno.test("a clock that is an hour off is set by the server's, for reading and writing", async () => {
  for (const skewMs of [3_600_000, -3_600_000]) {
    await using w = world({ skewMs });
    using store = w.store();
    const { path, ...file } = w.file(17, 100);
    await store.put(path, file);
    using other = w.store();
    const target = join(w.folder, "back");
    assertEquals((await download(other.transport, other.urlOf(file.sha256), target)).bytes, 100);
    assertEquals(operations(w.server).filter((one) => one === "PutObject").length, 1);
  }
});

Deno.test("s3Store() refuses what cannot be a place, a size or a hash", () => {
  const fine = { endpoint: "https://s3.example", bucket: "models", credentials: undefined };
  const wrong: [Partial<S3StoreOptions>, string][] = [
    [{ bucket: "Models" }, "cannot be the name of a bucket"],
    [{ bucket: "a" }, "cannot be the name of a bucket"],
    [{ bucket: "me:secret@models" }, "holds no credentials"],
    [{ prefix: "../x" }, "dot segment"],
    [{ prefix: "a//b" }, "empty segment"],
    [{ endpoint: "ftp://s3.example" }, "endpoint"],
    [{ endpoint: "https://me:secret@s3.example" }, "endpoint"],
    [{ partBytes: 1000 }, "partBytes"],
    [{ concurrency: 0 }, "concurrency"],
  ];
  for (const [options, words] of wrong) {
    let message = "";
    try {
      s3Store({ ...fine, ...options }).close();
    } catch (error) {
      message = `${(error as Error).message} ${JSON.stringify(error)}`;
    }
    assertStringIncludes(message, words);
    assert(!message.includes("secret"));
  }
  using store = s3Store(fine);
  assertEquals(store.urlOf("AB".repeat(32)), `https://s3.example/models/sha256/ab/${"ab".repeat(32)}`);
  using hosted = s3Store({ ...fine, addressing: "virtual" });
  assert(hosted.urlOf("ab".repeat(32)).startsWith("https://models.s3.example/sha256/"));
});

Deno.test("a list of a store that is none, is cut off or never ends is an error, and what lies in a wrong folder no file", async () => {
  const sha256 = "ab".repeat(32);
  const contents = (key: string) => `<Contents><Key>${key}</Key><Size>7</Size></Contents>`;
  const page = (inner: string) => `<?xml version="1.0"?><ListBucketResult xmlns="s3">${inner}</ListBucketResult>`;
  const more = "<IsTruncated>true</IsTruncated>";
  const token = (text: string) => `${more}<NextContinuationToken>${text}</NextContinuationToken>`;
  let answer: (after: string | null) => string = () => "";
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ url }) => new Response(answer(new URL(url).searchParams.get("continuation-token"))),
  );
  using store = s3Store({ endpoint: `http://127.0.0.1:${server.addr.port}`, bucket: "models", credentials: undefined });
  const list = () => Array.fromAsync(store.list());
  for (
    const [text, code] of [
      ["<html>Please log in</html>", "unexpected_content"],
      ["", "unexpected_content"],
      [page(more + contents(`sha256/ab/${sha256}`)), "page_loop"],
      [page(token("again") + contents(`sha256/ab/${sha256}`)), "page_loop"],
    ] as const
  ) {
    answer = () => text;
    const error = await assertRejects(list, CivikitError);
    assertEquals(error.code, code, text);
  }
  answer = (after) =>
    page(after === null ? token("two &amp; more") + contents(`sha256/zz/${sha256}`) : contents(`sha256/ab/${sha256}`));
  assertEquals(await list(), [{ sha256, bytes: 7 }]);
});
