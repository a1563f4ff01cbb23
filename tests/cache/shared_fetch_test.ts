import { assertEquals } from "@std/assert";
import { httpCache, memoryStore } from "../../cache/mod.ts";
import { compose, dedupe, fetchTransport, type Transport } from "../../transport/mod.ts";
import { settle } from "../_support/clock.ts";

Deno.test("many callers of a missing entry share one fetch below the cache, also when the first one aborts", async () => {
  let calls = 0;
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async () => {
    calls++;
    await held;
    return new Response("shared", { headers: { "cache-control": "max-age=60" } });
  });
  using network = fetchTransport();
  const client: Transport = compose(network, httpCache({ store: memoryStore() }), dedupe());
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const first = new AbortController();
  const aborted = client.fetch(new Request(url, { signal: first.signal })).then(
    (response) => response.text(),
    () => "aborted",
  );
  const others = Array.from({ length: 5 }, async () => await (await client.fetch(new Request(url))).text());
  while (calls === 0) await settle();
  first.abort();
  release();
  assertEquals([await aborted, ...await Promise.all(others)], ["aborted", ...Array(5).fill("shared")]);
  assertEquals([await (await client.fetch(new Request(url))).text(), calls], ["shared", 1]);
});
