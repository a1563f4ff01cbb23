// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * One of the processes of the hammer test: asks for random URLs through a cache in the file given, checks every body
 * against the hash that came with it, and prints how many were right once a second. Ends with an error at the first
 * wrong body and at any failure that reaches the caller.
 */
import { createHash } from "node:crypto";
import { cacheInfo, httpCache, sqliteStore } from "../../cache/mod.ts";
import { compose } from "../../transport/mod.ts";

const [path, ms] = [Deno.args[0]!, Number(Deno.args[1])];
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Every answer is new, of a size of its own, and carries its hash; a part of them comes without a length. */
function origin(request: Request): Promise<Response> {
  if (request.headers.has("if-none-match") && Math.random() < 0.3) {
    return Promise.resolve(
      new Response(null, { status: 304, headers: { etag: request.headers.get("if-none-match")! } }),
    );
  }
  const size = Math.floor(Math.random() < 0.1 ? Math.random() * 900_000 : Math.random() * 9000);
  const bytes = new Uint8Array(size).map(() => Math.random() * 256);
  const sum = sha256(bytes);
  return Promise.resolve(
    new Response(Math.random() < 0.5 ? bytes : new Blob([bytes]).stream(), {
      headers: {
        "cache-control": `max-age=${Math.floor(Math.random() * 3)}`,
        "etag": `"${sum}"`,
        "x-url": request.url,
      },
    }),
  );
}

const store = sqliteStore(path, { maxBytes: 5_000_000 });
const client = compose({ fetch: origin }, httpCache({ store }));
const counts: Record<string, number> = { right: 0, hits: 0, given_up: 0 };
let printed = performance.now();
for (const end = printed + ms; performance.now() < end;) {
  const url = `http://a.test/${Math.floor(Math.random() * 150)}`;
  const dice = Math.random();
  if (dice < 0.02) await client.fetch(new Request(url, { method: "POST" })).then((response) => response.body?.cancel());
  const response = await client.fetch(new Request(url));
  if (dice > 0.97) {
    await response.body?.cancel();
    counts["given_up"]!++;
    continue;
  }
  const bytes = await response.bytes();
  const isRight = `"${sha256(bytes)}"` === response.headers.get("etag") && response.headers.get("x-url") === url;
  if (!isRight) {
    throw new Error(`wrong body for ${url}: ${bytes.length} bytes, ${response.headers.get("cache-status")}`);
  }
  counts["right"]!++;
  if (cacheInfo(response)?.result !== "miss") counts["hits"]!++;
  if (performance.now() - printed < 200) continue;
  printed = performance.now();
  console.log(JSON.stringify({ ...counts, failure: (await store.stats()).failure }));
}
store.close();
