import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { civitai, parseReference, resolveDownloads } from "@civikit/civikit/api";
import { CivikitError, fetchTransport } from "@civikit/civikit/transport";
import { createHash } from "node:crypto";
import { startCivitai } from "../_civitai/mod.ts";

Deno.test("resolveDownloads() leads to the right bytes of every file on the embedded Civitai", async () => {
  await using site = await startCivitai({ bigBytes: 65_536, loraBytes: 32_768 });
  using transport = fetchTransport();
  const api = civitai(transport, { baseUrl: site.url });
  const unavailable = new Map([[2080, 401], [2070, 403]]);
  const refused = new Map([[2090, "gone"], [2110, "downloads_disabled"]]);
  for (const { versions } of site.models) {
    for (const { id } of versions) {
      const reference = parseReference(`${site.url}/model-versions/${id}`, api);
      if (reference.kind === "url") throw new Error("a page was taken for a plain URL");
      const code = refused.get(id);
      if (code !== undefined) {
        const error = await assertRejects(() => resolveDownloads(api, reference, { all: true }));
        assertInstanceOf(error, CivikitError);
        assertEquals(error.code, code);
        continue;
      }
      for (const file of await resolveDownloads(api, reference, { all: true })) {
        const response = await transport.fetch(new Request(file.url));
        const bytes = await response.bytes();
        assertEquals(response.status, unavailable.get(id) ?? 200, file.url);
        if (!response.ok) continue;
        assertEquals(bytes.length, file.sizeBytes);
        const hash = createHash("sha256").update(bytes).digest("hex").toUpperCase();
        assertEquals(hash, await site.sha256(file.fileId));
      }
    }
  }
});

Deno.test("models.page() gives one page in one call, and says where the next begins, also when a page is short", async () => {
  await using site = await startCivitai({ bigBytes: 65_536, loraBytes: 32_768 });
  site.faults.breakPages({ shortBy: 1 });
  using transport = fetchTransport();
  const { models } = civitai(transport, { baseUrl: site.url });
  const seen: number[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page = await models.page({ limit: 4, types: ["LORA"] }, { cursor });
    assertEquals(site.log.length, ++pages);
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  assertEquals(seen, [1001, 1004, 1005, 1006, 1007, 1008, 1009, 1012]);
  await assertRejects(() => models.page({ baseModels: ["Nothing"] }), CivikitError, "no such base model");
});

Deno.test("models.list() walks the embedded Civitai to its end, and me() knows its keys", async () => {
  await using site = await startCivitai({ bigBytes: 65_536, loraBytes: 32_768 });
  using transport = fetchTransport();
  const keyed = (key: string) => ({
    fetch(request: Request) {
      const headers = new Headers(request.headers);
      headers.set("authorization", `Bearer ${key}`);
      return transport.fetch(new Request(request, { headers }));
    },
  });
  const api = civitai(keyed("demo-key"), { baseUrl: site.url });
  assertEquals((await api.me()).username, "demo");
  const listed = await Array.fromAsync(api.models.list({ limit: 3, nsfw: true, archived: true }), ({ id }) => id);
  assertEquals(listed.toSorted(), site.models.map(({ id }) => id).toSorted());
  const wrong = civitai(keyed("wrong"), { baseUrl: site.url });
  const error = await assertRejects(() => wrong.me());
  assertInstanceOf(error, CivikitError);
  assertEquals(error.code, "unauthorized");
});

Deno.test("versions.byHash() finds a file of the embedded Civitai, in either case", async () => {
  await using site = await startCivitai({ bigBytes: 65_536, loraBytes: 32_768 });
  using transport = fetchTransport();
  const api = civitai(transport, { baseUrl: site.url });
  const hash = await site.sha256(3001);
  assertEquals((await api.versions.byHash(hash)).id, 2001);
  assertEquals((await api.versions.byHash(hash.toLowerCase())).id, 2001);
});
