import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { serveHub } from "../_service.ts";
import { tree } from "../../cli/_world.ts";
import { identity } from "../library/_library.ts";
import { testTidy } from "../library/_tidy.ts";

const text = async (answer: Promise<Response>): Promise<string> => await (await answer).text();
const json = async (answer: Promise<Response>) => await (await answer).json();

Deno.test("the page for tidying up shows what would move, moves, and takes it back, by plain forms", async () => {
  await using files = await testTidy();
  await files.write("loose/<img src=x>.safetensors", "a", identity(7));
  await files.write("loose/strange.safetensors", "b", null);
  await Deno.writeTextFile(`${files.folder}/loose/<img src=x>.json`, "{}");
  await files.library.look();
  const before = tree(files.folder);
  await using hub = await serveHub({ library: files.library, tidy: files.tidy, roots: () => [files.folder] });
  const page = await text(hub.ask("GET", "/tidy?layout=comfyui"));
  assert(!page.includes("<img src=x>"), "a hostile name is markup");
  assertStringIncludes(page, "models/loras/_img src=x_.safetensors");
  assertStringIncludes(page, "Move 1 model<");
  assertStringIncludes(await text(hub.ask("GET", "/tidy?own=%7Bnothing%7D&lang=zh-TW")), "problem");
  const done = await text(hub.send("/tidy/do", { action: "organize", layout: "comfyui" }));
  assertStringIncludes(done, "Done: 2 files.");
  assertEquals(tree(files.folder), [
    "loose/strange.safetensors",
    "models/loras/_img src=x_.json",
    "models/loras/_img src=x_.safetensors",
  ]);
  assertEquals(files.library.counts().known, 1, "the library sees it, and nothing is hashed again");
  assertStringIncludes(await text(hub.send("/tidy/do", { action: "undo" })), "Done: 2 files.");
  assertEquals(tree(files.folder), before);
  assertStringIncludes(await text(hub.ask("GET", "/tidy?lang=zh-TW")), "已復原");
});

Deno.test("the page for tidying up trashes duplicates, brings them back and removes them for good", async () => {
  await using files = await testTidy();
  await files.write("a.safetensors", "same", identity(7));
  await files.write("b.safetensors", "same", identity(7));
  await files.library.look();
  await using hub = await serveHub({ library: files.library, tidy: files.tidy, roots: () => [files.folder] });
  assertStringIncludes(await text(hub.ask("GET", "/tidy")), "do-trash");
  assertStringIncludes(await text(hub.send("/tidy/do", { action: "trash" })), "Done: 1 file.");
  assertEquals(tree(files.folder).length, 1);
  assertStringIncludes(await text(hub.ask("GET", "/tidy?lang=zh-TW")), '<td data-label="原因">重複 ');
  const [item] = files.tidy.trash().list();
  assertStringIncludes(await text(hub.send("/tidy/do", { action: "restore" })), "Choose something first");
  assertStringIncludes(await text(hub.send("/tidy/do", { action: "restore", id: item!.id })), "1 brought back");
  assertEquals(tree(files.folder).length, 2);
  assertStringIncludes(await text(hub.send("/tidy/do", { action: "link" })), "Done: 1 file.");
  const inode = (name: string) => Deno.statSync(`${files.folder}/${name}`).ino;
  assertEquals(inode("a.safetensors"), inode("b.safetensors"));
  await files.tidy.trash().put(`${files.folder}/b.safetensors`);
  assertStringIncludes(await text(hub.send("/tidy/do", { action: "empty" })), "1 removed");
});

Deno.test("the API organises, lists duplicates, and keeps the trash, as its description says", async () => {
  await using files = await testTidy();
  await files.write("x/a.safetensors", "same", identity(7));
  await files.write("x/b.safetensors", "same", identity(7));
  await files.library.look();
  await using hub = await serveHub({ library: files.library, tidy: files.tidy, roots: () => [files.folder] });
  const api = (method: string, path: string, body?: unknown) => json(hub.ask(method, `/api/v1${path}`, body));
  const { paths } = await api("GET", "/openapi.json");
  for (const path of ["/organize", "/organize/undo", "/duplicates", "/trash", "/trash/restore", "/trash/empty"]) {
    assert(Object.keys(paths).some((one) => one.endsWith(path)), path);
  }
  const plan = await api("GET", "/organize");
  assertEquals([plan.layout, plan.total, plan.settled], ["comfyui", 2, 0]);
  assertEquals(await api("POST", "/organize", {}), { started: true, done: 2, left: 0, code: null });
  assertEquals((await api("GET", "/organize")).settled, 2);
  assertEquals((await api("POST", "/organize/undo")).done, 2);
  const { items } = await api("GET", "/duplicates?prefer=shortest");
  assertEquals([items.length, items[0].others.length], [1, 1]);
  assertEquals((await api("POST", "/duplicates", { how: "trash" })).done, 1);
  const [item] = (await api("GET", "/trash")).items;
  assertEquals(item.why, "duplicate");
  assertEquals((await api("POST", "/trash/restore", { ids: [item.id] })).items.length, 1);
  assertEquals((await hub.ask("POST", "/api/v1/trash/restore", { ids: [item.id] })).status, 400);
  assertEquals((await api("POST", "/trash/empty", {})).items, []);
  assertEquals((await hub.ask("GET", "/api/v1/organize?layout=%7Bx%7D")).status, 400);
});
