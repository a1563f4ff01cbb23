import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { addModel, civitai, install, openProject, removeModel } from "@civikit/civikit/api";
import { CivikitError } from "@civikit/civikit/transport";
import { createTransport } from "@civikit/civikit";
import { registryFlags } from "../../../tools/registry.ts";
import { type Civitai as Embedded, startCivitai } from "../../_civitai/mod.ts";
import { tree } from "../../cli/_world.ts";

interface Parts {
  folder: string;
  site: Embedded;
  api: ReturnType<typeof civitai>;
  transport: ReturnType<typeof createTransport>;
}

async function withProject(work: (parts: Parts) => Promise<void>): Promise<void> {
  await using site = await startCivitai({ loraBytes: 32 * 1024 });
  using transport = createTransport({ retry: { delayMs: 1 } });
  const folder = await Deno.makeTempDir();
  try {
    await work({ folder, site, transport, api: civitai(transport, { baseUrl: site.url }) });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const manifest = (folder: string, value: unknown) =>
  Deno.writeTextFileSync(join(folder, "civikit.models.json"), JSON.stringify(value));

Deno.test("install() locks several files of one version each for itself, in the folders asked for", () =>
  withProject(async ({ folder, api, transport }) => {
    manifest(folder, {
      version: 1,
      layout: "comfyui",
      root: ".",
      models: [{ air: "civitai:1002@2010", file: 3010 }, { air: "civitai:1002@2010", file: 3012, folder: "vae/mine" }],
    });
    const { outcomes, failures } = await install(openProject(folder), api, transport);
    assertEquals([outcomes.map(({ state }) => state), failures], [["fetched", "fetched"], []]);
    const { files } = openProject(folder).lock;
    assertEquals(new Set(files.map(({ fileId }) => fileId)), new Set([3010, 3012]));
    assert(files.find(({ fileId }) => fileId === 3012)!.path.startsWith("vae/mine/"));
    assertEquals(tree(folder).filter((path) => !path.startsWith("civikit.")), files.map(({ path }) => path).sort());
    assertEquals((await install(openProject(folder), api, transport)).outcomes.map(({ state }) => state), [
      "there",
      "there",
    ]);
  }));

Deno.test("install() reports entries that mean nothing or belong to another source, installs the rest, and lets them be removed", () =>
  withProject(async ({ folder, api, transport }) => {
    const bad = ["urn:air:sd1:lora:huggingface:foo@1", "https://example.com/x?sig=0011223344", "nonsense"];
    manifest(folder, { version: 1, models: [...bad, "civitai:1001@2002"] });
    const { failures, outcomes } = await install(openProject(folder), api, transport);
    assertEquals(failures.map(({ wanted, error }) => [wanted.air, error.code]), [
      [bad[0], "invalid_air"],
      [bad[1], "invalid_url"],
      [bad[2], "invalid_url"],
    ]);
    assertEquals(outcomes.map(({ state }) => state), ["fetched"]);
    const project = openProject(folder);
    assertEquals(removeModel(project, api, "model:1001").map(({ air }) => air), ["civitai:1001@2002"]);
    for (const air of bad) removeModel(project, api, air);
    assertEquals(openProject(folder).manifest.models, []);
  }));

Deno.test("install() takes nothing away by a record that leads out of the root", () =>
  withProject(async ({ folder, api, transport }) => {
    const project = openProject(folder);
    const outside = join(folder, "outside.txt");
    Deno.writeTextFileSync(outside, "abc");
    await addModel(project, api, "2002");
    await install(project, api, transport);
    const record = join(folder, ".civikit", "installed.json");
    const value = JSON.parse(Deno.readTextFileSync(record));
    value.roots[project.root]["../outside.txt"] = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
    Deno.writeTextFileSync(record, JSON.stringify(value));
    assertEquals((await install(openProject(folder), api, transport)).removed, []);
    assertEquals(Deno.readTextFileSync(outside), "abc");
    Deno.writeTextFileSync(record, "{cut");
    assertEquals((await install(openProject(folder), api, transport)).outcomes[0]!.state, "there");
  }));

Deno.test("install() fills a template with the creator, and gives equal names a path each", () =>
  withProject(async ({ folder, api, transport }) => {
    manifest(folder, {
      version: 1,
      layout: "{creator}/{file}",
      models: ["civitai:1004@2030", { air: "civitai:1004@2030", file: 3031 }],
    });
    assertEquals((await install(openProject(folder), api, transport)).failures, []);
    assertEquals(tree(join(folder, "models")), ["lamplighter/twin-3031.safetensors", "lamplighter/twin.safetensors"]);
  }));

Deno.test("install() keeps an entry's files when the entry changed and cannot be looked up", () =>
  withProject(async ({ folder, api, transport, site }) => {
    const project = openProject(folder);
    await addModel(project, api, "2002");
    await install(project, api, transport);
    manifest(folder, { version: 1, models: ["civitai:1001@2001"] });
    site.faults.maintenance(true);
    const { failures, removed } = await install(openProject(folder), api, transport);
    assertEquals([failures.length, removed], [1, []]);
    assertEquals(tree(join(folder, "models")), ["paper_lantern_v2.safetensors"]);
    site.faults.heal();
    const after = await install(openProject(folder), api, transport);
    assertEquals(after.removed, ["paper_lantern_v2.safetensors"]);
    assertEquals(tree(join(folder, "models")), ["paper_lantern.safetensors"]);
  }));

Deno.test("install() of a version that was deleted since fails for it alone, with what the site said", () =>
  withProject(async ({ folder, api, transport }) => {
    const project = openProject(folder);
    await addModel(project, api, "2002");
    await addModel(project, api, "2020");
    const [one] = project.lock.files;
    Object.assign(one!, { url: one!.url.replace(/models\/\d+.*/, "models/99999?fileId=1"), fallbackUrls: [] });
    const { outcomes } = await install(project, api, transport);
    assertEquals(outcomes.map(({ state }) => state).sort(), ["failed", "fetched"]);
    assertEquals((outcomes.find(({ state }) => state === "failed")!.error as CivikitError).code, "not_found");
  }));

Deno.test("install() knows a file without SHA-256 by its other hashes, and without any by its exact size", () =>
  withProject(async ({ folder, api, transport, site }) => {
    const project = openProject(folder);
    await addModel(project, api, "2050");
    await addModel(project, api, "2051");
    await install(project, api, transport);
    const lockPath = join(folder, "civikit.lock.json");
    const whole = Deno.readTextFileSync(lockPath);
    const forget = (change: (file: Record<string, unknown>) => void) => {
      const lock = JSON.parse(whole);
      for (const file of lock.files) {
        file.sha256 = null;
        change(file);
      }
      Deno.writeTextFileSync(lockPath, JSON.stringify(lock));
    };
    forget(() => {});
    const before = site.log.length;
    const { outcomes } = await install(openProject(folder), api, transport, { isFrozen: true });
    assertEquals([outcomes.map(({ state }) => state), site.log.length], [["there", "there"], before]);
    forget((file) => file.hashes ? file.hashes = { BLAKE3: "00".repeat(32) } : file.bytes = 7);
    Deno.removeSync(join(folder, ".civikit"), { recursive: true });
    const wrong = await install(openProject(folder), api, transport);
    assertEquals(wrong.outcomes.map(({ error }) => (error as CivikitError).code), ["target_exists", "target_exists"]);
  }));

Deno.test("install() tries a file's other URLs where the first answers 404", () =>
  withProject(async ({ folder, api, transport }) => {
    const project = openProject(folder);
    await addModel(project, api, "2002");
    const [file] = project.lock.files;
    const { url } = file!;
    Object.assign(file!, {
      url: url.replace(/fileId=\d+/, "fileId=1"),
      fallbackUrls: [url.replace(/fileId=\d+/, "fileId=2"), url],
    });
    assertEquals((await install(project, api, transport)).outcomes.map(({ state }) => state), ["fetched"]);
  }));

Deno.test("addModel() with a base model takes the newest version for it, and names what there is where there is none", () =>
  withProject(async ({ folder, api }) => {
    const project = openProject(folder);
    const { files, wanted } = await addModel(project, api, "model:1001", { baseModel: "sdxl 1.0" });
    assertEquals([files[0]!.versionId, wanted.baseModel], [2002, "sdxl 1.0"]);
    assert((await addModel(project, api, "model:1001", { baseModel: "sdxl 1.0" })).wasThere);
    const error = await assertRejects(
      () => addModel(project, api, "model:1001", { baseModel: "Kolors" }),
      CivikitError,
    );
    assertEquals(error.code, "no_such_file");
    assertStringIncludes(error.message, "SDXL 1.0");
  }));

Deno.test("addModel() asks once about a model whose base models and creator it needs", () =>
  withProject(async ({ folder, api, site }) => {
    const project = openProject(folder, { layout: "{creator}/{file}" });
    const { files } = await addModel(project, api, "model:1001", { baseModel: "SDXL 1.0" });
    assert(!files[0]!.path.startsWith("unknown/"), files[0]!.path);
    assertEquals(site.log.filter(({ path }) => path === "/api/v1/models/1001").length, 1);
  }));

Deno.test("install() lets one process at a time change a project", () =>
  withProject(async ({ folder, api, transport }) => {
    const project = openProject(folder);
    await addModel(project, api, "2002");
    const first = install(project, api, transport);
    const error = await assertRejects(() => install(openProject(folder), api, transport), CivikitError);
    assertEquals(error.code, "target_locked");
    assertEquals((await first).outcomes.length, 1);
  }));

Deno.test("install() stopped by its signal throws the reason, and the next one goes on", () =>
  withProject(async ({ folder, api, transport, site }) => {
    const project = openProject(folder);
    const controller = new AbortController();
    const reason = new Error("enough");
    await addModel(project, api, "2002");
    site.faults.limitConnections(10_000);
    const stopped = install(project, api, transport, { signal: controller.signal });
    while (site.storage.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort(reason);
    assertEquals(await assertRejects(() => stopped), reason);
    site.faults.heal();
    assertEquals((await install(openProject(folder), api, transport)).outcomes[0]!.state, "fetched");
  }));

Deno.test("civikit install without the right to write is done when everything is there, and says what it may not do", () =>
  withProject(async ({ folder, api, transport, site }) => {
    const project = openProject(folder);
    await addModel(project, api, "2002");
    await install(project, api, transport);
    const root = fileURLToPath(new URL("../../../", import.meta.url));
    const flags = await registryFlags(root);
    const run = async () => {
      const rights = ["--allow-read", "--allow-env", "--allow-net", "--allow-sys", "--no-prompt"];
      const args = [
        "run",
        ...rights,
        "--quiet",
        "--no-check",
        ...flags,
        join(root, "cli", "main.ts"),
        "install",
        "--quiet",
      ];
      const env = { CIVIKIT_BASE_URL: site.url, XDG_CACHE_HOME: join(folder, "cache"), XDG_CONFIG_HOME: folder };
      const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, env, cwd: folder }).output();
      return { code, text: new TextDecoder().decode(stderr) };
    };
    const there = await run();
    assertEquals([there.code, there.text], [0, ""]);
    Deno.removeSync(join(folder, "models", "paper_lantern_v2.safetensors"));
    const missing = await run();
    assertEquals(missing.code, 8, missing.text);
    assertStringIncludes(missing.text, "paper_lantern_v2.safetensors");
  }));
