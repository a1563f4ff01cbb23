import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { addModel, civitai, install, openProject, outdated, planUpdate, removeModel } from "@civikit/civikit/api";
import { CivikitError, InputError } from "@civikit/civikit/transport";
import { createTransport } from "@civikit/civikit";
import { startCivitai } from "../../_civitai/mod.ts";
import { tree } from "../../cli/_world.ts";
import { bytesOfText, sha256Of, startHub, type TestHub, weightsOf } from "../../_support/hub.ts";

const weights = weightsOf(1);
const config = bytesOfText('{"hidden": 3}\n');
const token = "hf_secret_of_this_test";

interface World extends TestHub {
  readonly folder: string;
  readonly api: ReturnType<typeof civitai>;
  readonly transport: ReturnType<typeof createTransport>;
}

async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  await using site = await startCivitai({ loraBytes: 32 * 1024 });
  const repositories = { "closed/thing": { "a.safetensors": weightsOf(2) } };
  const files = { "vae/ae.safetensors": weights, "config.json": config };
  await using hub = await startHub(files, { repositories, private: ["closed/thing"], token });
  const headers = { [new URL(hub.hub.url).host]: { Authorization: `Bearer ${token}` } };
  using transport = createTransport({ retry: { delayMs: 1 }, headers });
  const folder = await Deno.makeTempDir();
  try {
    await work({ ...hub, folder, transport, api: civitai(transport, { baseUrl: site.url }) });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const readLock = (folder: string) => JSON.parse(Deno.readTextFileSync(join(folder, "civikit.lock.json")));

Deno.test("addModel() locks a file on Hugging Face by its OID at the very commit, install() verifies and keeps it", () =>
  inWorld(async ({ folder, api, transport, at, hub, storage }) => {
    const project = openProject(folder, { layout: "comfyui" });
    const url = at("vae/ae.safetensors");
    const added = await addModel(project, api, url, { type: "VAE", transport });
    assertEquals([added.wanted, added.wasThere], [{ air: url, type: "VAE" }, false]);
    const { lockVersion, files: [file] } = readLock(folder);
    const sha256 = await sha256Of(weights);
    assertEquals([lockVersion, file.path, file.sha256, file.oid, file.bytes, file.modelId, file.version], [
      ...[2, "models/vae/ae.safetensors", sha256, sha256.toLowerCase(), weights.length, null],
      "0123456789abcdef0123456789abcdef01234567",
    ]);
    assertEquals(new URL(file.url).pathname.includes(file.version), true);
    assertEquals((await addModel(project, api, url, { type: "VAE", transport })).wasThere, true);

    const { outcomes } = await install(openProject(folder), api, transport);
    assertEquals(outcomes.map(({ state, result }) => [state, result?.verified]), [["fetched", true]]);
    assertEquals(storage.log.every(({ headers }) => headers.get("authorization") === null), true);
    const asked = hub.log.length;
    const again = await install(openProject(folder), api, transport, { isFrozen: true });
    assertEquals([again.outcomes.map(({ state }) => state), hub.log.length], [["there"], asked]);
    // it stays what it is
    assertEquals((await outdated(openProject(folder), api)).outdated, []);
    assertEquals((await planUpdate(openProject(folder), api, { latest: true })).moves, []);
    removeModel(openProject(folder), api, url);
    await install(openProject(folder), api, transport);
    assertEquals(tree(folder).filter((path) => path.startsWith("models")), []);
    assertEquals(readLock(folder).lockVersion, 1);
  }));

Deno.test("install() locks addresses that were written into the manifest, private ones and small files of Git's own too", () =>
  inWorld(async ({ folder, api, transport, at, storage }) => {
    const models = [at("a.safetensors", "closed/thing"), {
      air: at("config.json"),
      folder: "configs",
      file: "vae.json",
    }];
    Deno.writeTextFileSync(join(folder, "civikit.models.json"), JSON.stringify({ version: 1, models }));
    const { outcomes, failures } = await install(openProject(folder), api, transport);
    assertEquals([failures, outcomes.map(({ state }) => state)], [[], ["fetched", "fetched"]]);
    assertEquals(tree(join(folder, "models")), ["a.safetensors", "configs/vae.json"]);
    const [first, second] = readLock(folder).files;
    assertEquals([first.sha256, second.sha256, second.oid.length], [
      ...[await sha256Of(weightsOf(2)), await sha256Of(config), 40],
    ]);
    assertEquals(storage.log.map(({ headers }) => headers.get("authorization")).filter((one) => one !== null), []);
    assertEquals(Deno.readTextFileSync(join(folder, "civikit.lock.json")).includes(token), false);
  }));

Deno.test("addModel() refuses what an address must not be, and a hash its host says is another's", () =>
  inWorld(async ({ folder, api, transport, at }) => {
    const project = openProject(folder);
    const wrong = await assertRejects(
      () => addModel(project, api, at("vae/ae.safetensors"), { sha256: "AB".repeat(32), transport }),
      CivikitError,
    );
    assertEquals(wrong.code, "hash_mismatch");
    const cases: [string, object, string][] = [
      ["https://example.com/x.safetensors?X-Amz-Signature=0011223344", {}, "invalid_url"],
      ["http://example.com/x.safetensors", {}, "insecure_url"],
      ["javascript:alert(1)", {}, "invalid_url"],
      ["https://example.com/x.safetensors", { file: "../x.safetensors" }, "invalid_path"],
      ["https://example.com/x.safetensors", { folder: "../out" }, "invalid_argument"],
      ["https://example.com/x.safetensors", { folder: ".git" }, "invalid_argument"],
    ];
    for (const [url, choice, code] of cases) {
      const error = await assertRejects(() => addModel(project, api, url, { ...choice, transport }), InputError);
      assertEquals(error.code, code, url);
    }
    assertEquals(tree(folder), []);
  }));

Deno.test("openProject() refuses a lock file that names half of a model, or a signed address", () =>
  inWorld(async ({ folder, api, transport, at }) => {
    await addModel(openProject(folder), api, at("vae/ae.safetensors"), { transport });
    const path = join(folder, "civikit.lock.json");
    const lock = readLock(folder);
    const [file] = lock.files;
    for (
      const change of [
        { modelId: 3 },
        { modelId: 3, versionId: 4, fileId: 5 },
        { url: "https://example.com/a?sig=0011223344" },
        { url: "http://example.com/a" },
        { oid: "x" },
        { path: "../a.safetensors" },
      ]
    ) {
      Deno.writeTextFileSync(path, JSON.stringify({ ...lock, files: [{ ...file, ...change }] }));
      assertEquals(assertThrows(() => openProject(folder), InputError).code, "invalid_file", JSON.stringify(change));
    }
  }));
