import {
  auth,
  breaker,
  civitai,
  createTransport,
  dedupe,
  download,
  downloadAll,
  downloadModel,
  fetchTransport,
  httpCache,
  memoryStore,
  rangeTransport,
  rateLimit,
  resumeTransport,
  retry,
  sqliteStore,
  status,
  timeout,
} from "@civikit/civikit";
import { retryBudget } from "@civikit/civikit/transport";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";

const transport = { fetch: () => Promise.resolve(new Response("bytes")) };
const url = "https://civitai.com/api/download/models/1";

/** Each factory, an option someone might write, and the one that was meant. */
const slips: readonly [string, (options: never) => unknown, string, string][] = [
  ["auth", auth, "host", "hosts"],
  ["breaker", breaker, "openMS", "openMs"],
  ["civitai", (options) => civitai(transport, options), "baseURL", "baseUrl"],
  ["createTransport", createTransport, "parrallel", "parallel"],
  ["dedupe", dedupe, "maxBodyByte", "maxBodyBytes"],
  ["downloadAll", (options) => downloadAll(transport, [], options), "concurency", "concurrency"],
  ["fetchTransport", fetchTransport, "useragent", "userAgent"],
  ["httpCache", httpCache, "stores", "store"],
  ["memoryStore", memoryStore, "maxBtyes", "maxBytes"],
  ["rangeTransport", (options) => rangeTransport(transport, options), "pieceByte", "pieceBytes"],
  ["rateLimit", rateLimit, "perSeconds", "perSecond"],
  ["resumeTransport", (options) => resumeTransport(transport, options), "delayMS", "delayMs"],
  ["retry", retry, "maxx", "max"],
  ["retryBudget", retryBudget, "ratios", "ratio"],
  ["sqliteStore", (options) => sqliteStore(":memory:", options), "maxIdle", "maxIdleMs"],
  ["status", status, "clasify", "classify"],
  ["timeout", timeout, "totalms", "totalMs"],
];

for (const [name, factory, slip, meant] of slips) {
  Deno.test(`${name}() refuses an option it does not know, with the one that was meant`, () => {
    const state = `option ${slip}: unknown to ${name}(); did you mean ${meant}?`;
    assertEquals(assertThrows(() => factory({ [slip]: undefined } as never), TypeError).message, state);
    assertThrows(() => factory({ nothing_like_it: 1 } as never), TypeError, `unknown to ${name}()`);
  });
}

Deno.test("downloadModel() refuses an option it does not know, with the one that was meant", async () => {
  const call = () => downloadModel(transport, "5", { dirctory: "." } as never);
  await assertRejects(call, TypeError, "option dirctory: unknown to downloadModel(); did you mean directory?");
});

Deno.test("download() refuses a slip, and takes what describes a file with more in it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const get = (options: object) => download(transport, url, `${folder}/a.bin`, options);
    await assertRejects(() => get({ onProgess: () => {} }), TypeError, "did you mean onProgress?");
    assertEquals((await get({ fileName: "a.bin", versionId: 1, warnings: [], air: null })).bytes, 5);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
