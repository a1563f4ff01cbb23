import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { civitai } from "../../api/mod.ts";
import { compose, rangeTransport, resumeTransport, retry, toFetch } from "../../transport/mod.ts";
import { registryFlags } from "../../tools/registry.ts";
import {
  contentAt,
  digestOf,
  embeddedCivitai,
  fakeClock,
  type Fault,
  faultKinds,
  faultyOrigin,
  fixed,
  needsServer,
  randomSchedule,
  silentKinds,
  survivableKinds,
} from "../../testing/mod.ts";

const size = 200_000;
const seed = 7;
const files = { "/a.bin": { size, seed } };
const there = "https://files.example/a.bin";

const whole = contentAt(seed, 0, size);

Deno.test("faultyOrigin() answers ranges and HEAD in one process as it does on a port", async () => {
  const origin = faultyOrigin([], { files });
  await using server = await faultyOrigin([], { files }).listen();
  const shown = async (response: Response) => {
    const { date: _, connection: _c, ...headers } = Object.fromEntries(response.headers);
    return { status: response.status, headers, body: digestOf(fixed(await response.bytes())) };
  };
  for (
    const init of [
      {},
      { headers: { range: "bytes=10-19" } },
      { headers: { range: "bytes=-5" } },
      { headers: { range: `bytes=${size}-` } },
      { headers: { range: "bytes=5-", "if-range": '"other"' } },
      { method: "HEAD" },
    ]
  ) {
    assertEquals(
      await shown(await origin.fetch(new Request(there, init))),
      await shown(await fetch(`${server.url}/a.bin`, init)),
      JSON.stringify(init),
    );
  }
  assertEquals(origin.log.map(({ status }) => status), server.log.map(({ status }) => status));
  assertEquals((await origin.fetch(new Request("https://files.example/none"))).status, 404);
});

Deno.test("faultyOrigin() bends an answer the same way in one process and on a port", async () => {
  const faults: Fault[] = [
    { kind: "ignore_range" },
    { kind: "shift_range", by: 7 },
    { kind: "no_content_range" },
    { kind: "multipart" },
    { kind: "wrong_total", by: 1 },
    { kind: "short_range", bytes: 10, claim: "honest" },
    { kind: "short_range", bytes: 10, claim: "range" },
    { kind: "overlong", bytes: 10, claim: "honest" },
    { kind: "overlong", bytes: 10, claim: "range" },
    { kind: "replace", seed: 9 },
    { kind: "validators", etag: "weak", lastModified: "none" },
    { kind: "status", status: 429, retryAfter: 3 },
    { kind: "login_page" },
    { kind: "error_json", disguised: true },
    { kind: "unsatisfiable" },
    { kind: "corrupt", at: 105 },
    { kind: "framing", framing: "close" },
    { kind: "redirect_chain", hops: 3 },
    { kind: "rate", bytesPerSecond: 1e9 },
    { kind: "delay", ms: 1 },
  ];
  for (const fault of faults) {
    const headers = { range: "bytes=100-199" };
    await using server = await faultyOrigin([fault], { files }).listen();
    const far = await fetch(`${server.url}/a.bin`, { headers });
    const near = await faultyOrigin([fault], { files }).fetch(new Request(there, { headers }));
    const shown = (
      { status, headers, redirected }: Response,
    ) => [status, headers.get("content-range"), headers.get("etag"), headers.get("retry-after"), redirected];
    assertEquals(shown(near), shown(far), JSON.stringify(fault));
    assertEquals(await near.bytes(), await far.bytes(), JSON.stringify(fault));
  }
});

Deno.test("faultyOrigin() refuses in one process what takes a real connection, and says how to have it", async () => {
  const wire: Fault[] = [
    { kind: "cut", after: 10, how: "rst" },
    { kind: "cut", after: 10, how: "fin", framing: "close" },
    { kind: "short_range", bytes: 10, claim: "full" },
    { kind: "overlong", bytes: 10, claim: "length" },
    { kind: "gzip" },
    { kind: "no_answer", how: "fin" },
    { kind: "garbage" },
  ];
  for (const fault of wire) {
    assert(needsServer(fault));
    const origin = faultyOrigin([fault], { files });
    const error = await assertRejects(() => origin.fetch(new Request(there)), TypeError, `"kind":"${fault.kind}"`);
    assert(error.message.includes("listen()"), error.message);
    origin.heal();
    assertEquals(await (await origin.fetch(new Request(there))).bytes(), whole);
  }
  const origin = faultyOrigin([], { files, links: { "/link": { to: "/a.bin", bytes: 1000 } } });
  await assertRejects(() => origin.fetch(new Request("https://files.example/link")), TypeError, "1000 of 200000 bytes");
  await origin.idle();
});

Deno.test("faultKinds names every kind once, with rows of the list and a sentence", async () => {
  const kinds = faultKinds.map(({ kind }) => kind);
  assertEquals(kinds.length, new Set(kinds).size);
  assertEquals([...survivableKinds, ...silentKinds].filter((kind) => !kinds.includes(kind)), []);
  const document = await Deno.readTextFile(new URL("../../docs/guarantees.md", import.meta.url));
  const rows = new Set([...document.matchAll(/^\| (\d+) +\| /gm)].map(([, row]) => Number(row)));
  for (const fault of faultKinds) {
    assert(/^[A-Z4].+\.$/.test(fault.reason), fault.kind);
    assert(fault.rows.length > 0 && fault.rows.every((row) => rows.has(row)), fault.kind);
  }
});

Deno.test("faultyOrigin() keeps time by the clock it is given", async () => {
  const clock = fakeClock();
  const origin = faultyOrigin([{ kind: "delay", ms: 60_000 }, { kind: "rate", bytesPerSecond: size / 100 }], {
    ...{ files, clock },
  });
  let bytes = 0;
  const done = origin.fetch(new Request(there)).then(async (response) => {
    for await (const chunk of response.body!) bytes += chunk.length;
  });
  await clock.advance(59_000);
  assertEquals([origin.log[0]!.status, bytes], [0, 0]);
  await clock.advance(51_000);
  assert(Math.abs(bytes - size / 2) < size / 50, `${bytes}`);
  await clock.advance(60_000);
  await done;
  assertEquals([bytes, clock.timers], [size, 0]);
});

Deno.test("faultyOrigin() hangs and stalls until the request is aborted, and the body ends with it", async () => {
  const origin = faultyOrigin([{ kind: "hang", nth: 1 }, { kind: "stall", after: 1000, nth: 2 }], { files });
  const stop = new AbortController();
  const hung = assertRejects(() => origin.fetch(new Request(there, { signal: stop.signal })), Error, "enough");
  stop.abort(new Error("enough"));
  await hung;
  const again = new AbortController();
  const stalled = await origin.fetch(new Request(there, { signal: again.signal }));
  const reader = stalled.body!.getReader();
  assertEquals((await reader.read()).value?.length, 1000);
  const more = assertRejects(() => reader.read(), Error, "over");
  again.abort(new Error("over"));
  await more;
  const unread = new AbortController();
  const idle = await origin.fetch(new Request(there, { signal: unread.signal }));
  unread.abort(new Error("gone"));
  await assertRejects(() => idle.bytes(), Error, "gone");
  const dropped = await origin.fetch(new Request(there));
  await dropped.body?.cancel();
  await origin.idle();
  assertEquals(origin.peak(), 1);
});

Deno.test("faultyOrigin() follows redirects as fetch does, or hands them out, and takes no key along", async () => {
  const origin = faultyOrigin([{ kind: "redirect", to: "https://other.example/b.bin", path: "/a.bin" }], {
    files: { ...files, "/b.bin": "moved" },
  });
  const headers = { authorization: "Bearer k" };
  const followed = await origin.fetch(new Request(there, { headers }));
  assertEquals([followed.url, followed.redirected, await followed.text()], [
    "https://other.example/b.bin",
    true,
    "moved",
  ]);
  assertEquals(origin.log.map((entry) => entry.headers.get("authorization")), ["Bearer k", null]);
  const manual = await origin.fetch(new Request(there, { redirect: "manual" }));
  assertEquals([manual.status, manual.headers.get("location")], [307, "https://other.example/b.bin"]);
  await assertRejects(() => origin.fetch(new Request(there, { redirect: "error" })), TypeError, "redirects");
  const circle = faultyOrigin([{ kind: "redirect_loop" }], { files });
  await assertRejects(() => circle.fetch(new Request(there)), TypeError, "more than 20");
});

Deno.test("a client's own stack goes over faultyOrigin(): parts, resumed bodies, retries", async () => {
  const clock = fakeClock();
  const faults: Fault[] = [
    { kind: "status", status: 503, retryAfter: 0, times: 1 },
    { kind: "short_range", bytes: 3000, claim: "range", since: 3 },
    { kind: "validators", etag: "per_request", since: 9, times: 1 },
  ];
  const origin = faultyOrigin(faults, { files });
  const socket = compose(origin, retry({ clock }));
  const stack = rangeTransport(resumeTransport(socket), { pieceBytes: 64 * 1024 });
  const request = new Request(there, { headers: { range: "bytes=0-" } });
  const asked = stack.fetch(request).then((response) => response.bytes());
  await clock.advance(60_000);
  assertEquals(digestOf(fixed(await asked)), digestOf(fixed(whole)));
  assert(origin.log.length > 3);
  assertEquals(await (await toFetch(origin)(there)).bytes(), whole);
});

Deno.test("randomSchedule() says how to make it again", () => {
  const schedule = randomSchedule(1234, { size: 3_000_000, count: 4 });
  assertEquals(schedule.repeat, 'randomSchedule(1234, {"size":3000000,"count":4})');
  assertEquals(new Function("randomSchedule", `return ${schedule.repeat}`)(randomSchedule), schedule);
  assertEquals(JSON.parse(JSON.stringify(schedule)), schedule);
});

Deno.test("embeddedCivitai() stands for https://civitai.com in one process, storage and pictures included", async () => {
  const site = embeddedCivitai();
  const api = civitai(site);
  const model = await api.models.get(1001);
  const [file] = model.modelVersions[0]!.files!;
  const answer = await site.fetch(new Request(file!.downloadUrl!));
  assertEquals(new URL(answer.url).host, "storage.civitai.test");
  assertEquals(digestOf(fixed(await answer.bytes())).toUpperCase(), await site.sha256(3002));
  assertEquals(site.storage.log.map(({ headers }) => headers.has("authorization")), [false]);
  const picture = await site.fetch(new Request(model.modelVersions[0]!.images![0]!.url));
  assertEquals(picture.status, 200);
  await picture.body?.cancel();
  site.faults.rateLimitNext(1, 2);
  const refused = await site.fetch(new Request("https://civitai.com/api/v1/tags"));
  assertEquals([refused.status, refused.headers.get("retry-after")], [429, "2"]);
  await refused.body?.cancel();
  site.faults.expireLinksNow();
  assertEquals((await site.fetch(new Request(answer.url))).status, 403);
  try {
    site.faults.killConnectionsNow();
    assert(false, "it should have refused");
  } catch (error) {
    assert(error instanceof TypeError && error.message.includes("listen()"));
  }
});

Deno.test("embeddedCivitai() takes shelves of one's own", async () => {
  const { models: [first] } = embeddedCivitai();
  const site = embeddedCivitai({ models: [{ ...first!, id: 5, name: "Mine" }] });
  assertEquals((await civitai(site).models.get(5)).name, "Mine");
  assertEquals(await civitai(site).models.getOrNull(1001), null);
});

Deno.test("embeddedCivitai() listens, in one process and on ports at once, and tells of every request", async () => {
  const seen: string[] = [];
  const site = embeddedCivitai({
    onRequest: ({ path, status }) => seen.push(`api ${status} ${path}`),
    onStorageRequest: ({ status, bytes }) => seen.push(`storage ${status} ${bytes > 0}`),
  });
  await using server = await site.listen();
  const response = await fetch(`${server.url}/api/download/models/2020`);
  assertEquals(digestOf(fixed(await response.bytes())).toUpperCase(), await site.sha256(3020));
  await server.storage.idle();
  assertEquals(seen, ["api 307 /api/download/models/2020", "storage 200 true"]);
  assertEquals([server.log.length, site.log.length], [1, 1]);
});

Deno.test("./testing needs no permission at all in one process", async () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const code = `
    import { embeddedCivitai, faultyOrigin, gguf, png, safetensors } from "@civikit/civikit/testing";
    import { civitai } from "@civikit/civikit/api";
    const { name } = await civitai(embeddedCivitai()).models.get(1001);
    const origin = faultyOrigin([{ kind: "status", status: 503, times: 1 }], { files: { "/a": "hello" } });
    const statuses = [];
    for (let n = 0; n < 2; n++) statuses.push((await origin.fetch(new Request("https://x.example/a"))).status);
    png({}); gguf({ seed: 1, dataBytes: 8 }); safetensors({ seed: 1, dataBytes: 8 });
    console.log(name, statuses.join());`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--no-check", ...await registryFlags(root), "--ext=ts", "-"],
    cwd: root,
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals([text(stdout), text(stderr)], ["Paper Lantern Style 503,200\n", ""]);
});
