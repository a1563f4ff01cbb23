import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { addModel, civitai, install, openProject, removeModel } from "@civikit/civikit/api";
import { CivikitError } from "@civikit/civikit/transport";
import { createTransport } from "@civikit/civikit";
import { startCivitai } from "../../_civitai/mod.ts";

interface Parts {
  /** Everything lies in here. */
  outer: string;
  /** A project as somebody else made it. */
  folder: string;
  api: ReturnType<typeof civitai>;
  transport: ReturnType<typeof createTransport>;
}

async function withForeign(work: (parts: Parts) => Promise<void>): Promise<void> {
  await using site = await startCivitai({ loraBytes: 32 * 1024 });
  using transport = createTransport({ retry: { delayMs: 1 } });
  const outer = await Deno.makeTempDir();
  const folder = join(outer, "project");
  Deno.mkdirSync(folder);
  try {
    await work({ outer, folder, transport, api: civitai(transport, { baseUrl: site.url }) });
  } finally {
    await Deno.remove(outer, { recursive: true });
  }
}

const write = (path: string, value: unknown) => Deno.writeTextFileSync(path, JSON.stringify(value));
const manifestOf = (folder: string, value: object = {}) =>
  write(join(folder, "civikit.models.json"), { version: 1, models: [], ...value });

/** The code and message of what `work` throws. */
async function refusal(work: () => Promise<unknown>): Promise<Pick<CivikitError, "code" | "reason" | "message">> {
  return await assertRejects(work, CivikitError);
}

for (const name of [".civikit", ".civikit/.gitignore", ".civikit/busy", ".civikit/installed.json"]) {
  Deno.test(`a project that brings a link at ${name} changes no file it leads to`, () =>
    withForeign(async ({ outer, folder, api, transport }) => {
      manifestOf(folder, { models: ["civitai:1001@2002"] });
      const isFolder = name === ".civikit";
      const precious = join(outer, "precious");
      if (isFolder) Deno.mkdirSync(precious);
      else {
        Deno.writeTextFileSync(precious, "mine");
        Deno.mkdirSync(join(folder, ".civikit"));
      }
      Deno.symlinkSync(precious, join(folder, name));
      const works: (() => Promise<unknown>)[] = [
        () => install(openProject(folder), api, transport),
        () => addModel(openProject(folder), api, "2020"),
        () => Promise.resolve().then(() => removeModel(openProject(folder), api, "2002")),
      ];
      for (const work of works) {
        if (name.endsWith("installed.json") && work !== works[0]) continue; // the others do not touch it
        assertEquals((await refusal(work)).code, "invalid_path");
      }
      if (isFolder) assertEquals([...Deno.readDirSync(precious)], []);
      else assertEquals(Deno.readTextFileSync(precious), "mine");
    }));
}

Deno.test("a link that dangles in .civikit makes no file where it leads", () =>
  withForeign(async ({ outer, folder, api, transport }) => {
    manifestOf(folder);
    Deno.mkdirSync(join(folder, ".civikit"));
    for (const name of [".gitignore", "busy"]) {
      const path = join(folder, ".civikit", name);
      Deno.symlinkSync(join(outer, "new"), path);
      assertEquals((await refusal(() => install(openProject(folder), api, transport))).code, "invalid_path", name);
      Deno.removeSync(path);
    }
    assertEquals([...Deno.readDirSync(outer)].map(({ name }) => name), ["project"]);
  }));

Deno.test("a manifest or lock file that is a link is not written", () =>
  withForeign(async ({ outer, folder, api }) => {
    for (const name of ["civikit.models.json", "civikit.lock.json"]) {
      const elsewhere = join(outer, name);
      const path = join(folder, name);
      write(elsewhere, name.includes("lock") ? { lockVersion: 1, files: [] } : { version: 1, models: [] });
      const before = Deno.readTextFileSync(elsewhere);
      Deno.symlinkSync(elsewhere, path);
      assertEquals((await refusal(() => addModel(openProject(folder), api, "2002"))).code, "invalid_path");
      assertEquals([Deno.readTextFileSync(elsewhere), Deno.readLinkSync(path)], [before, elsewhere]);
      Deno.removeSync(path);
      assertEquals(
        [...Deno.readDirSync(folder)].map(({ name }) => name),
        [".civikit"],
        "neither of the two was written",
      );
    }
  }));

Deno.test("what lies in .civikit already stays as it is", () =>
  withForeign(async ({ folder, api, transport }) => {
    manifestOf(folder);
    Deno.mkdirSync(join(folder, ".civikit"));
    Deno.writeTextFileSync(join(folder, ".civikit", ".gitignore"), "*\n!notes\n");
    await install(openProject(folder), api, transport);
    assertEquals(Deno.readTextFileSync(join(folder, ".civikit", ".gitignore")), "*\n!notes\n");
  }));

for (const root of ["../outside", "..", "ABSOLUTE", "models/../../outside", "linked", "linked/deep"]) {
  Deno.test(`a manifest alone cannot name the root "${root}", outside of its project; whoever installs can`, () =>
    withForeign(async ({ outer, folder, api, transport }) => {
      const outside = join(outer, "outside");
      Deno.mkdirSync(outside);
      Deno.symlinkSync(outside, join(folder, "linked"));
      manifestOf(folder, { models: ["civitai:1001@2002"], root: root === "ABSOLUTE" ? outside : root });
      const { code, reason, message } = await refusal(async () => {
        const { outcomes } = await install(openProject(folder), api, transport);
        throw outcomes[0]!.error;
      });
      assertEquals([code, reason], ["invalid_path", "root_outside"]);
      assertStringIncludes(message, "outside");
      assertEquals([...Deno.readDirSync(outside)], []);
      const { outcomes } = await install(openProject(folder, { root: join(folder, "linked") }), api, transport);
      assertEquals(outcomes.map(({ state }) => state), ["fetched"]);
      assertEquals([...Deno.readDirSync(outside)].map(({ name }) => name), ["paper_lantern_v2.safetensors"]);
    }));
}

for (const root of [".git/hooks", ".civikit", "models/.hidden", "linked", "linked/deep"]) {
  Deno.test(`a manifest alone cannot name the root "${root}", hidden in its project; whoever installs can`, () =>
    withForeign(async ({ folder, api, transport }) => {
      const hooks = join(folder, ".git", "hooks");
      Deno.mkdirSync(hooks, { recursive: true });
      Deno.symlinkSync(hooks, join(folder, "linked"));
      manifestOf(folder, { models: ["civitai:1001@2002"], root });
      const { code, reason } = await refusal(() => install(openProject(folder), api, transport));
      assertEquals([code, reason], ["invalid_path", "root_outside"]);
      assertEquals([...Deno.readDirSync(hooks)], []);
      const { outcomes } = await install(openProject(folder, { root: join(folder, root) }), api, transport);
      assertEquals(outcomes.map(({ state }) => state), ["fetched"]);
    }));
}

Deno.test("a link below the root that leads out of the project is followed only when the root was given", () =>
  withForeign(async ({ outer, folder, api, transport }) => {
    const disk = join(outer, "disk");
    Deno.mkdirSync(disk);
    Deno.mkdirSync(join(folder, "models"));
    Deno.symlinkSync(disk, join(folder, "models", "loras"));
    manifestOf(folder, { models: ["civitai:1001@2002"], layout: "comfyui", root: "." });
    const { outcomes } = await install(openProject(folder), api, transport);
    assertEquals((outcomes[0]!.error as CivikitError).reason, "root_outside");
    assertEquals([...Deno.readDirSync(disk)], []);
    const named = await install(openProject(folder, { root: folder }), api, transport);
    assertEquals(named.outcomes.map(({ state }) => state), ["fetched"]);
    assertEquals([...Deno.readDirSync(disk)].map(({ name }) => name), ["paper_lantern_v2.safetensors"]);
  }));

Deno.test("a link at the very place of a model changes no file it leads to, not even by force", () =>
  withForeign(async ({ outer, folder, api, transport }) => {
    const precious = join(outer, "precious");
    const name = "paper_lantern_v2.safetensors";
    manifestOf(folder, { models: ["civitai:1001@2002"], root: "." });
    Deno.writeTextFileSync(precious, "mine");
    for (const ending of ["", ".part", ".part.json"]) {
      Deno.symlinkSync(precious, join(folder, `${name}${ending}`));
      for (const force of [false, true]) await install(openProject(folder), api, transport, { force });
      assertEquals(Deno.readTextFileSync(precious), "mine", ending);
      for (const { name: left } of Deno.readDirSync(folder)) {
        if (left.startsWith(name)) Deno.removeSync(join(folder, left));
      }
    }
    Deno.removeSync(precious);
    for (const ending of ["", ".part", ".part.json"]) {
      Deno.symlinkSync(precious, join(folder, `${name}${ending}`));
      await install(openProject(folder), api, transport, { force: true });
      assertEquals([...Deno.readDirSync(outer)].map(({ name }) => name), ["project"], `a link that dangles: ${ending}`);
      for (const { name: left } of Deno.readDirSync(folder)) {
        if (left.startsWith(name)) Deno.removeSync(join(folder, left));
      }
    }
  }));

Deno.test("a root that was named once is known again for that project, and for no other", () =>
  withForeign(async ({ outer, folder, api, transport }) => {
    const namedRoots = join(outer, "state", "roots.json");
    const outside = join(outer, "outside");
    const clone = join(outer, "clone");
    const value = { models: ["civitai:1001@2002"], root: "../outside" };
    Deno.mkdirSync(clone);
    for (const place of [folder, clone]) manifestOf(place, value);
    await install(openProject(folder, { root: outside, namedRoots }), api, transport);
    const { outcomes } = await install(openProject(folder, { namedRoots }), api, transport);
    assertEquals(outcomes.map(({ state }) => state), ["there"]);
    const elsewhere = () => install(openProject(clone, { namedRoots }), api, transport);
    assertEquals((await refusal(elsewhere)).code, "invalid_path");
    manifestOf(folder, { ...value, root: "../other" });
    const changed = () => install(openProject(folder, { namedRoots }), api, transport);
    assertEquals((await refusal(changed)).code, "invalid_path");
    Deno.writeTextFileSync(namedRoots, "{cut");
    manifestOf(folder, value);
    assertEquals((await refusal(changed)).code, "invalid_path");
  }));

Deno.test("a link below the root that stays in the project is followed", () =>
  withForeign(async ({ folder, api, transport }) => {
    Deno.mkdirSync(join(folder, "models"));
    Deno.mkdirSync(join(folder, "big"));
    Deno.symlinkSync("../big", join(folder, "models", "loras"));
    manifestOf(folder, { models: ["civitai:1001@2002"], layout: "comfyui", root: "." });
    const { outcomes } = await install(openProject(folder), api, transport);
    assertEquals(outcomes[0]!.state, "fetched");
    assert(Deno.statSync(join(folder, "big", "paper_lantern_v2.safetensors")).isFile);
  }));

Deno.test("a record of earlier installs takes nothing away through a link that leads out", () =>
  withForeign(async ({ outer, folder, api, transport }) => {
    const project = openProject(folder);
    const outside = join(outer, "outside");
    await addModel(project, api, "2002");
    await install(project, api, transport);
    Deno.mkdirSync(outside);
    Deno.writeTextFileSync(join(outside, "a.txt"), "abc");
    Deno.symlinkSync(outside, join(project.root, "loras"));
    const record = join(folder, ".civikit", "installed.json");
    const value = JSON.parse(Deno.readTextFileSync(record));
    value.roots[project.root]["loras/a.txt"] = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
    write(record, value);
    assertEquals((await install(openProject(folder), api, transport)).removed, []);
    assertEquals(Deno.readTextFileSync(join(outside, "a.txt")), "abc");
  }));

const badPaths = [
  ".git/hooks/post-checkout",
  ".civikit/installed.json",
  ".hidden",
  "loras/.hidden",
  "con.safetensors",
  "aux/a.safetensors",
  "a. /b.safetensors",
  "a./b.safetensors",
  "a\u{202e}gnp.exe",
  "a\u{200b}.safetensors",
  "x.part",
  "x.safetensors.part.json",
  "x.part.lock",
  "a:b.safetensors",
  "a?.safetensors",
  "C:/x",
  "/etc/passwd",
  "../x",
  "a/../../x",
  "a//b",
  "a\\b",
  "a\u{0}b",
  "a\u{1b}[2J",
  "",
  "civikit.lock.json",
  "CIVIKIT.MODELS.JSON",
];

Deno.test("a lock file names no path that could mean anything but a model below the root", () =>
  withForeign(({ folder }) => {
    const file = { sha256: null, bytes: null, wanted: "w", air: "a", modelId: 1, versionId: 2, fileId: 3, model: "m" };
    const lock = (path: string) =>
      write(join(folder, "civikit.lock.json"), {
        lockVersion: 1,
        files: [{ ...file, path, version: "v", url: "https://civitai.com/api/download/models/2" }],
      });
    for (const path of badPaths) {
      lock(path);
      const { code } = assertThrows(() => openProject(folder), CivikitError, "files.0.path", JSON.stringify(path));
      assertEquals(code, "invalid_file");
    }
    for (const path of ["a.safetensors", "SDXL 1.0/LORA/水墨 [v2].safetensors", "models/a.part.safetensors"]) {
      lock(path);
      assertEquals(openProject(folder).lock.files[0]!.path, path);
    }
    return Promise.resolve();
  }));

Deno.test("addModel() refuses a folder that could not be read back, and writes nothing", () =>
  withForeign(async ({ folder, api }) => {
    const project = openProject(folder);
    for (const bad of ["../x", "/x", ".git", "a/../../b", "con", "a\\b", ".civikit"]) {
      assertEquals(
        (await refusal(() => addModel(project, api, "2002", { folder: bad }))).code,
        "invalid_argument",
        bad,
      );
      assertEquals([...Deno.readDirSync(folder)], [], bad);
    }
    assertEquals(
      (await addModel(project, api, "2002", { folder: "mine/./loras/" })).files[0]!.path.slice(0, 11),
      "mine/loras/",
    );
    assertEquals(openProject(folder).lock.files.length, 1);
  }));

Deno.test("install() of a manifest whose entry names a folder outside fails for that entry alone, and stays readable", () =>
  withForeign(async ({ folder, api, transport }) => {
    manifestOf(folder, { models: [{ air: "civitai:1001@2002", folder: "../x" }, "civitai:1003@2020"] });
    const { failures, outcomes } = await install(openProject(folder), api, transport);
    assertEquals(failures.map(({ error }) => error.code), ["invalid_argument"]);
    assertEquals(outcomes.map(({ state }) => state), ["fetched"]);
    assertEquals(openProject(folder).lock.files.length, 1);
  }));
