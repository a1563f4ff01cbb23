import { assertEquals, assertRejects } from "@std/assert";
import { civitai } from "../../api/mod.ts";
import { createTransport } from "../../mod.ts";
import { NetworkError } from "../../transport/mod.ts";
import { fixed, startOrigin } from "../_origin/mod.ts";

const answer = JSON.stringify({ items: [], metadata: { note: "x".repeat(4000) } });
const file = { content: fixed(new TextEncoder().encode(answer)), type: "application/json" };

Deno.test("an API answer that breaks off is asked for again as a whole", async () => {
  await using origin = await startOrigin({
    files: { "/api/v1/creators": file },
    faults: [{ kind: "cut", after: 1000, how: "rst", times: 2 }],
  });
  using transport = createTransport();
  const names = await Array.fromAsync(civitai(transport, { baseUrl: origin.url }).creators.list());
  assertEquals([names.length, origin.log.length], [0, 3]);
});

Deno.test("an API answer that always breaks off ends in an error", async () => {
  await using origin = await startOrigin({
    files: { "/api/v1/creators": file },
    faults: [{ kind: "cut", after: 1000, how: "rst" }],
  });
  using transport = createTransport();
  await assertRejects(
    () => Array.fromAsync(civitai(transport, { baseUrl: origin.url }).creators.list()),
    NetworkError,
  );
  assertEquals(origin.log.length, 3);
});
