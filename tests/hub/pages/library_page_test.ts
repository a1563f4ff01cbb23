import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { serveHub } from "../_service.ts";
import { identity, idle, testLibrary } from "../library/_library.ts";

const text = async (answer: Promise<Response>): Promise<string> => await (await answer).text();
const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);

Deno.test("the library page shows files with trigger words and preview, narrowed by kind and text", async () => {
  await using files = await testLibrary();
  const path = await files.write("loras/lantern.safetensors", "a", identity(7, { modelName: "Paper Lantern" }));
  await files.write("loras/strange.safetensors", "b", null);
  await files.write("loras/alone.safetensors", "d", identity(8, { trainedWords: ["soft glow"] }));
  await files.write('loras/<img src=x onerror="1">.safetensors', "c", null);
  await Deno.writeTextFile(
    path.replace(".safetensors", ".civitai.info"),
    JSON.stringify({ trainedWords: ["paperlantern"], images: [{ nsfwLevel: 1 }] }),
  );
  await Deno.writeFile(path.replace(".safetensors", ".preview.png"), png);
  await using hub = await serveHub({ library: files.library });
  const page = await text(hub.ask("GET", "/library"));
  assertStringIncludes(page, "Paper Lantern");
  assertStringIncludes(page, "paperlantern");
  assertStringIncludes(page, 'data-copy="soft glow"');
  assertStringIncludes(page, "&lt;img src=x onerror");
  assert(!page.includes("<img src=x"), "a hostile name is markup");
  assert(!page.includes("is-blurred"), "a picture for everybody is blurred");
  const [, id] = /src="\/library\/preview\/([\da-f]{16})"/.exec(page) ?? [];
  const preview = await hub.ask("GET", `/library/preview/${id}`);
  assertEquals([preview.status, preview.headers.get("content-type")], [200, "image/png"]);
  assertEquals(new Uint8Array(await preview.arrayBuffer()), png);
  assertEquals((await hub.ask("GET", "/library/preview/../../etc/passwd")).status, 404);
  const unknown = await text(hub.ask("GET", "/library?filter=unknown&lang=zh-TW"));
  assert(!unknown.includes("Paper Lantern"), "known files among the unknown");
  assertStringIncludes(unknown, "模型庫");
  const found = await text(hub.ask("GET", "/library?text=lantern%20paper"));
  assertStringIncludes(found, "lantern.safetensors");
  assert(!found.includes("strange.safetensors"), "the text does not narrow");
});

Deno.test("the library page keeps notes and tags beside a file, by a plain form", async () => {
  await using files = await testLibrary();
  const path = await files.write("lantern.safetensors", "a", identity(7));
  await Deno.writeTextFile(
    path.replace(".safetensors", ".metadata.json"),
    `{ "notes": "<b>of the manager", "tags": ["x"] }`,
  );
  await files.library.look();
  await using hub = await serveHub({ library: files.library });
  const [row] = files.library.list().rows;
  const page = await text(hub.ask("GET", "/library"));
  assertStringIncludes(page, "&lt;b&gt;of the manager");
  const kept = await text(hub.send("/library/note", { id: row!.id, notes: "at 0.8\r\nglow", tags: "style, paper" }));
  assertStringIncludes(kept, "Kept.");
  assertStringIncludes(kept, "style, paper");
  const own = JSON.parse(await Deno.readTextFile(path.replace(".safetensors", ".civikit.json")));
  assertEquals([own.notes, own.tags], ["at 0.8\nglow", ["style", "paper"]]);
  assertStringIncludes(await text(hub.send("/library/note", { id: "0".repeat(16), notes: "x" })), "Choose files first");
  assertStringIncludes(await text(hub.ask("GET", "/library?lang=zh-TW")), "筆記");
});

Deno.test("the library page marks what is only presumed", async () => {
  // nothing is proved while the page is asked for
  const take = (_: number, signal?: AbortSignal) =>
    new Promise<void>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  await using files = await testLibrary({ throttle: () => ({ take }) });
  const path = await files.write("harbour.safetensors", "not read");
  const { size: bytes, mtime } = await Deno.stat(path);
  const presumption = {
    ...{ identity: identity(7, { modelName: "Harbour Mix" }), sha256: "AB".repeat(32), by: "AutoV1" as const },
    ...{ candidates: [], told: { title: null, base: null } },
  };
  files.hashes.keepPresumed({ path, bytes, mtimeMs: mtime!.getTime(), presumption, askedAt: Date.now() });
  await using hub = await serveHub({ library: files.library });
  const page = await text(hub.ask("GET", "/library"));
  assertStringIncludes(page, "Harbour Mix");
  assertStringIncludes(page, 'is-info"><span>presumed');
  assertStringIncludes(page, "Name new files at once");
  assertStringIncludes(await text(hub.ask("GET", "/library?lang=zh-TW")), 'is-info"><span>推定');
  const { items } = await (await hub.ask("GET", "/api/v1/library?have=7")).json();
  assertEquals([items[0].state, items[0].sha256, items[0].versionId], ["presumed", null, 7]);
});

Deno.test("the library page acts on chosen files and on all that match, by plain forms", async () => {
  const next: PromiseWithResolvers<void>[] = [Promise.withResolvers()];
  const onChange = () => next.push(Promise.withResolvers()) && next.shift()!.resolve();
  const wrote: string[] = [];
  await using files = await testLibrary({
    onChange,
    async *write(models) {
      wrote.push(...models.map(({ path }) => path));
      yield {};
    },
  });
  const first = await files.write("a.safetensors", "a", identity(7));
  await files.write("b.safetensors", "b", null);
  await files.library.look();
  await using hub = await serveHub({ library: files.library, roots: () => [files.folder] });
  const [row] = files.library.list().rows;
  assertStringIncludes(await text(hub.send("/library/do", { action: "verify" })), "Choose files first");
  assertStringIncludes(await text(hub.send("/library/do", { action: "verify", id: row!.id })), "Started");
  await idle(files.library, () => next[0]!.promise);
  assert(files.library.get(row!.id)!.provedMs! > 5, "not proved anew");
  assertStringIncludes(
    await text(hub.send("/library/do", { action: "sidecars", all: "1", query: "/library" })),
    "Started",
  );
  await idle(files.library, () => next[0]!.promise);
  assertEquals(wrote, [first]);
  assertStringIncludes(await text(hub.send("/library/do", { action: "update", id: row!.id })), "None of them");
});

Deno.test("the library page shows 30,000 files a page at a time", async () => {
  await using files = await testLibrary({ folders: () => [] });
  const { library } = files;
  await using hub = await serveHub({
    library: {
      ...library,
      seenMs: Date.now(),
      task: null,
      trouble: null,
      counts: library.counts,
      list: ({ offset = 0, limit = 100 } = {}) => ({
        total: 30_000,
        rows: Array.from({ length: limit }, (_, at) => ({
          ...{
            id: (offset + at).toString(16).padStart(16, "0"),
            path: `/none/${offset + at}`,
            name: `m${offset + at}`,
          },
          ...{ bytes: 1, mtimeMs: 0, state: "unhashed", sha256: null, provedMs: null, identity: null, problem: null },
          ...{ twins: 0, newer: null, waiting: null, goneMs: null } as const,
        })),
      }),
    },
  });
  const page = await text(hub.ask("GET", "/library?offset=29950"));
  assertEquals(page.match(/<tr id="file-/g)?.length, 50);
  assert(!page.includes('id="next"'), "a page behind the last one");
  assertStringIncludes(await text(hub.ask("GET", "/library")), 'href="/library?offset=50"');
});

Deno.test("the library page does not wait for folders that take long to read", async () => {
  await using files = await testLibrary();
  const looking = Promise.withResolvers<void>();
  const { library } = files;
  await using hub = await serveHub({
    library: { ...library, seenMs: null, task: null, trouble: null, look: () => looking.promise },
  });
  assertStringIncludes(await text(hub.ask("GET", "/library?lang=zh-TW")), "正在讀取資料夾");
  looking.resolve();
});
