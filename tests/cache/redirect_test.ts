import { assertEquals } from "@std/assert";
import { httpCache, memoryStore } from "../../cache/mod.ts";
import { compose, fetchTransport } from "../../transport/mod.ts";

Deno.test("a redirect that one caller wanted to see is not what others get, who want it followed", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    const headers = { "cache-control": "max-age=60" };
    return url.endsWith("/old")
      ? new Response(null, { status: 308, headers: { ...headers, location: "/new" } })
      : new Response("there", { headers });
  });
  const url = `http://127.0.0.1:${server.addr.port}/old`;
  using socket = fetchTransport();
  const client = compose(socket, httpCache({ store: memoryStore() }));
  const seen = await client.fetch(new Request(url, { redirect: "manual" }));
  assertEquals([seen.status, seen.headers.get("location")], [308, "/new"]);
  await seen.body?.cancel();
  const followed = await client.fetch(new Request(url));
  assertEquals([followed.status, await followed.text()], [200, "there"]);
  const again = await client.fetch(new Request(url, { redirect: "manual" }));
  assertEquals(again.status, 308);
  await again.body?.cancel();
});
