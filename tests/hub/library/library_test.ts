import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { civitai, hashCache, type Model, type Version } from "../../../api/mod.ts";
import { type Library, modelFolders, openLibrary } from "../../../hub/library/mod.ts";
import { CivikitError, fetchTransport } from "../../../transport/mod.ts";
import { startCivitai } from "../../_civitai/mod.ts";
import { serveHub } from "../_service.ts";
import { identity, idle, sha256, testLibrary } from "./_library.ts";

/** Tells when anything has changed. */
function changes(): { onChange(): void; changed(): Promise<void> } {
  let next = Promise.withResolvers<void>();
  return {
    onChange() {
      next.resolve();
      next = Promise.withResolvers();
    },
    changed: () => next.promise,
  };
}

Deno.test("openLibrary() shows what earlier runs found out, and neither hashes nor asks", async () => {
  await using it = await testLibrary();
  const { library } = it;
  assertEquals([library.seenMs, library.list().total], [null, 0]);
  await it.write("loras/known.safetensors", "known", identity(7));
  await it.write("loras/strange.safetensors", "strange", null);
  await it.write("loras/new.safetensors", "new");
  await it.write("loras/notes.txt", "no model");
  await library.look();
  assertEquals(
    library.list().rows.map(({ name, state, identity, provedMs }) => [name, state, identity?.versionId, provedMs]),
    [
      ["loras/known.safetensors", "known", 7, 5],
      ["loras/new.safetensors", "unhashed", undefined, null],
      ["loras/strange.safetensors", "unknown", undefined, 5],
    ],
  );
  assertEquals(library.counts(), {
    all: 3,
    known: 1,
    presumed: 0,
    unknown: 1,
    unhashed: 1,
    duplicate: 0,
    damaged: 0,
    update: 0,
    waiting: 0,
  });
  assert(library.seenMs !== null);
});

Deno.test("openLibrary() tells which versions are there, and where", async () => {
  await using it = await testLibrary();
  const path = await it.write("a.safetensors", "a", identity(7));
  await it.write("copy/a.safetensors", "a", identity(7));
  await it.write("b.safetensors", "b", identity(8));
  await it.library.look();
  const found = it.library.have([7, 9]);
  assertEquals([...found.keys()], [7]);
  assertEquals(found.get(7)?.map(({ path: where, twins }) => [where, twins])[0], [path, 1]);
  assertEquals(it.library.find((await sha256("b")).toLowerCase())?.name, "b.safetensors");
  assertEquals(it.library.find("00".repeat(32)), undefined);
  assertEquals(it.library.list({ filter: "duplicate" }).total, 2);
});

Deno.test("openLibrary() narrows by text, base model and kind, a page at a time", async () => {
  await using it = await testLibrary();
  for (let n = 0; n < 25; n++) {
    const baseModel = n % 2 === 0 ? "SDXL 1.0" : "Flux.1 D";
    const name = `m${String(n).padStart(2, "0")}.safetensors`;
    await it.write(name, `${n}`, identity(n + 1, { baseModel, modelName: n === 3 ? "Paper Lantern" : `Model ${n}` }));
  }
  const { library } = it;
  await library.look();
  assertEquals(library.bases(), ["Flux.1 D", "SDXL 1.0"]);
  assertEquals(library.list({ text: "LANTERN paper" }).rows.map(({ name }) => name), ["m03.safetensors"]);
  assertEquals(library.list({ base: "Flux.1 D" }).total, 12);
  const { rows, total } = library.list({ offset: 20, limit: 10 });
  assertEquals([rows.length, total, rows[0]?.name], [5, 25, "m20.safetensors"]);
});

Deno.test("openLibrary() scans: what is new is hashed and asked about, one task at a time", async () => {
  const { onChange, changed } = changes();
  const asked: string[] = [];
  const version = {
    ...{ id: 7, modelId: 70, name: "v1", baseModel: "SDXL 1.0", model: { name: "Lantern", type: "LORA" } },
    files: [{ id: 700, name: "a.safetensors", hashes: { SHA256: await sha256("new") } }],
  } as unknown as Version;
  await using it = await testLibrary({
    onChange,
    api: {
      versions: {
        byHash: () => Promise.reject(new Error("not asked")),
        async byHashes(hashes) {
          asked.push(...hashes);
          return new Map([[await sha256("new"), version]]);
        },
      },
      models: { get: () => Promise.reject(new Error()), byIds: () => Promise.resolve(new Map()) },
    },
  });
  const { library } = it;
  await it.write("new.safetensors", "new");
  await it.write("cut.safetensors", "0123456789");
  await it.write("known.safetensors", "known", identity(8));
  assert(library.scan());
  assertEquals([library.task?.kind, library.scan(), library.verify([])], ["scan", false, false]);
  await idle(library, changed);
  assertEquals(asked.toSorted(), [await sha256("new"), await sha256("0123456789")].toSorted());
  assertEquals(
    library.list().rows.map(({ name, state, problem }) => [name, state, problem !== null]),
    [
      ["cut.safetensors", "unknown", true],
      ["known.safetensors", "known", false],
      ["new.safetensors", "known", false],
    ],
  );
  assertEquals(library.list({ filter: "damaged" }).rows.map(({ name }) => name), ["cut.safetensors"]);
  assert(library.get(library.list().rows[2]!.id)!.provedMs! > 1_700_000_000_000);
});

Deno.test("openLibrary() reads no faster than it is told, as it is told when a task begins", async () => {
  const { onChange, changed } = changes();
  let taken: number[] = [];
  let isLimited = false;
  const counting = { take: (bytes: number) => void taken.push(bytes) };
  await using it = await testLibrary({ onChange, throttle: () => isLimited ? counting : undefined });
  const { library } = it;
  await it.write("one.safetensors", "0123");
  assert(library.scan());
  await idle(library, changed);
  assertEquals(taken, []);
  isLimited = true;
  await it.write("two.safetensors", "012345");
  assert(library.scan());
  await idle(library, changed);
  assertEquals(taken, [6]);
  taken = [];
  assert(library.verify(library.list().rows.map(({ id }) => id)));
  await idle(library, changed);
  assertEquals(taken.toSorted(), [4, 6]);
});

Deno.test("openLibrary() verifies chosen files: a changed one is damaged, a vanished one gone", async () => {
  const { onChange, changed } = changes();
  await using it = await testLibrary({ onChange });
  const { library } = it;
  const changedPath = await it.write("changed.safetensors", "before", identity(7));
  const gone = await it.write("gone.safetensors", "gone", identity(8));
  await it.write("good.safetensors", "good", identity(9));
  await library.look();
  const { mtime } = await Deno.stat(changedPath);
  await Deno.writeTextFile(changedPath, "behind");
  await Deno.utime(changedPath, mtime!, mtime!);
  await Deno.remove(gone);
  const ids = library.list().rows.map(({ id }) => id);
  assert(library.verify(ids));
  await idle(library, changed);
  assertEquals(
    library.list().rows.map(({ name, problem }) => [name, problem === null]),
    [["changed.safetensors", false], ["good.safetensors", true]],
  );
  // and it stays so: the hash of the damaged file is not written down as its own
  await library.look();
  assertEquals(library.list({ filter: "known" }).total, 2);
});

Deno.test("openLibrary() tells newer versions, and what went wrong when nobody could be asked", async () => {
  const { onChange, changed } = changes();
  let isDown = false;
  const versions = [{ id: 8, name: "v2", baseModel: "SDXL 1.0" }, { id: 7, name: "v1", baseModel: "SDXL 1.0" }];
  const model = { id: 70, name: "Lantern", type: "LORA", modelVersions: versions } as unknown as Model;
  const answer = <T>(value: T) =>
    isDown ? Promise.reject(new CivikitError("asking", { code: "dns_failed" })) : Promise.resolve(value);
  await using it = await testLibrary({
    onChange,
    api: {
      versions: { byHashes: () => answer(new Map()), byHash: () => answer(undefined as never) },
      models: { get: () => answer(model), byIds: () => answer(new Map([[70, model]])) },
    },
  });
  const { library } = it;
  await it.write("a.safetensors", "a", identity(7));
  await library.look();
  assert(library.checkUpdates());
  await idle(library, changed);
  assertEquals(library.list({ filter: "update" }).rows.map(({ newer }) => newer?.versionId), [8]);
  isDown = true;
  assert(library.checkUpdates());
  await idle(library, changed);
  assertEquals(library.trouble, "asking");
});

Deno.test("openLibrary() takes up a file that has just come, and forgets one that went", async () => {
  await using it = await testLibrary();
  await it.library.look();
  const path = await it.write("loras/late.safetensors", "late", identity(7));
  it.library.note(path);
  assertEquals(it.library.list().rows.map(({ name, state }) => [name, state]), [["loras/late.safetensors", "known"]]);
  await Deno.remove(path);
  it.library.note(path);
  assertEquals(it.library.list().total, 0);
});

Deno.test("modelFolders() keeps to what holds models", async () => {
  const root = await Deno.makeTempDir();
  try {
    assertEquals(modelFolders("comfyui", root), [root]);
    for (const folder of ["models/loras", "user/default/workflows", "venv/lib", "output"]) {
      await Deno.mkdir(`${root}/${folder}`, { recursive: true });
    }
    assertEquals(modelFolders("ComfyUI", root).toSorted(), [`${root}/models`, `${root}/user/default/workflows`]);
    await Deno.mkdir(`${root}/embeddings`);
    assertEquals(modelFolders("a1111", root).toSorted(), [`${root}/embeddings`, `${root}/models`]);
    assertEquals(modelFolders("{type}/{file}", root), [root]);
    assertEquals(modelFolders("flat", root), [root]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("openLibrary() lets others go on while it looks, and keeps what comes meanwhile", async () => {
  let isTicked = false;
  let beside = 0;
  await using it = await testLibrary();
  for (let n = 0; n < 4000; n++) await it.write(`${n % 50}/${n}.safetensors`, "");
  const looking = it.library.look();
  const timer = setInterval(() => beside++);
  const late = await it.write("0/late.safetensors", "late", identity(7));
  isTicked = it.library.seenMs === null;
  it.library.note(late);
  await looking;
  clearInterval(timer);
  assert(isTicked && beside > 0, "the look held everything up");
  assertEquals(it.library.list({ text: "late" }).total, 1);
  assertEquals(it.library.counts().all, 4001);
});

Deno.test("openLibrary() tells of a folder it cannot read, until it can, and takes one that vanished for empty", async () => {
  const open = await Deno.makeTempDir();
  const shut = await Deno.makeTempDir();
  await Deno.writeTextFile(`${open}/a.safetensors`, "a");
  await Deno.writeTextFile(`${shut}/b.safetensors`, "b");
  const places = [open, `${shut}/b.safetensors/none`, shut];
  await using it = await testLibrary({ folders: () => places });
  await it.library.look();
  assertEquals(it.library.counts().all, 2);
  assert(it.library.trouble?.includes("b.safetensors"), `${it.library.trouble}`);
  places.splice(1, 1);
  await Deno.remove(shut, { recursive: true });
  await it.library.look();
  assertEquals([it.library.trouble, it.library.counts().all], [null, 1]);
  await Deno.remove(open, { recursive: true });
});

Deno.test("the service asks at each look at its health which folders count", async () => {
  const places = [await Deno.makeTempDir()];
  let count = 0;
  await using hub = await serveHub({ folder: () => (count++, places) });
  for (let n = 1; n <= 2; n++) {
    await (await hub.ask("GET", "/healthz")).body?.cancel();
    assertEquals(count, n);
  }
  await Deno.remove(places[0]!);
});

/** A library of one embedded file of 6 MiB, byte for byte or with its last byte changed, and the site that has it. */
async function withHarbour(
  isWhole: boolean,
  work: (parts: {
    open(): Library;
    path: string;
    hashes: ReturnType<typeof hashCache>;
    until(is: () => boolean): Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  await using site = await startCivitai();
  const transport = fetchTransport();
  const folder = await Deno.makeTempDir();
  using hashes = hashCache(":memory:");
  const { content } = site.file(3010).file;
  const bytes = new Uint8Array(content.read(0, content.size));
  if (!isWhole) bytes[bytes.length - 1]! ^= 1;
  const path = `${folder}/harbour.safetensors`;
  await Deno.writeFile(path, bytes);
  const told = changes();
  const open = () =>
    openLibrary({
      ...{ folders: () => [folder], hashes, onChange: told.onChange },
      api: civitai(transport, { baseUrl: site.url }),
    });
  async function until(is: () => boolean): Promise<void> {
    while (!is()) await told.changed();
  }
  try {
    await work({ open, path, hashes, until });
  } finally {
    transport.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openLibrary() names files at once, as presumed, and proves them beside everything else", () =>
  withHarbour(true, async ({ open, until }) => {
    const library = open();
    try {
      assert(library.quick());
      await until(() => library.list().rows[0]?.state === "presumed");
      const [row] = library.list({ filter: "presumed" }).rows;
      assertEquals([row?.identity?.fileId, row?.sha256, row?.provedMs], [3010, null, null]);
      assertEquals(library.have([2010]).size, 1);
      await until(() => library.list().rows[0]?.state === "known");
      const [known] = library.list().rows;
      assertEquals([known?.identity?.fileId, known?.problem], [3010, null]);
      assert(known!.sha256 !== null && known!.provedMs !== null);
      assertEquals(library.counts().presumed, 0);
    } finally {
      await library.close();
    }
  }));

Deno.test("openLibrary() goes on proving after a restart, and tells what the hash disproves", () =>
  withHarbour(false, async ({ open, until, hashes }) => {
    const first = open();
    assert(first.quick());
    await until(() => first.list().rows[0]?.state === "presumed");
    await first.close();
    const second = open();
    try {
      await second.look();
      await until(() => second.list().rows[0]?.state === "unknown");
      const [row] = second.list({ filter: "damaged" }).rows;
      assertEquals(row?.identity, null);
      assertStringIncludes(row?.problem ?? "", "presumed to be Harbour Mix v1.0");
      assert(hashes.find(row!) !== undefined);
    } finally {
      await second.close();
    }
  }));
