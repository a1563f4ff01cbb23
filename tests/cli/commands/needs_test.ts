import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { avif, jpeg, png, webp } from "../../../testing/files/pictures.ts";
import { startOrigin } from "../../_origin/mod.ts";
import { sha256Of, startHub, weightsOf } from "../../_support/hub.ts";
import { events, inWorld, sha256, tree, type World } from "../_world.ts";

const weights = weightsOf(1);

/** What a picture says it was made with: a LoRA by its hash, an embedding by its version, and one nobody knows. */
async function infotextOf({ civitai }: World, more = ""): Promise<string> {
  const hash = (await civitai.sha256(3002)).slice(0, 10).toLowerCase();
  return `a lantern\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Seed: 1, Lora hashes: "somebodys_copy: ${hash}", ` +
    `Civitai resources: [{"type":"embed","modelVersionId":2020}]${more}`;
}

const stateOf = (list: readonly Record<string, unknown>[]) =>
  list.filter(({ event }) => event === "need").map(({ name, state }) => [name, state]);

Deno.test("civikit add reads a picture, says what is here and what is missing, and gets the rest at one answer", () =>
  inWorld(async (world) => {
    const { run, folder, civitai } = world;
    const picture = join(folder, "lantern.png");
    Deno.writeFileSync(picture, png({ parameters: await infotextOf(world) }));
    const place = ["--project", folder, "--layout", "comfyui"];

    const asked = await run(["add", picture, ...place], { answer: "n", isTerminal: true });
    assertEquals(asked.code, 0, asked.io.err);
    assertMatch(asked.io.err, /missing: somebodys_copy \(Paper Lantern.*models\/loras\/paper_lantern_v2\.safetensors/s);
    assertStringIncludes(asked.io.err, "0 here, 2 missing, 0 unknown");
    assertStringIncludes(asked.io.err, "Get the 2 missing");
    assertStringIncludes(asked.io.err, "nothing was added");
    assertEquals(tree(folder), ["lantern.png"]);

    const silent = await run(["add", picture, ...place]);
    assertEquals(silent.code, 2);
    assertStringIncludes(silent.io.err, `civikit add ${picture} --project ${folder} --layout comfyui --yes`);
    const dry = await run(["add", picture, ...place, "--dry-run", "--json"]);
    assertEquals(dry.code, 0, dry.io.err);
    const told = events(dry.io);
    assertEquals(told.map(({ event }) => event).filter((event) => event !== "would_download"), [
      ...["need", "need", "needs", "would_add", "would_add"],
    ]);
    assertEquals(told[0]!["place"], join(folder, "models/loras/paper_lantern_v2.safetensors"));
    assertEquals(tree(folder), ["lantern.png"]);

    const yes = await run(["add", picture, ...place], { answer: "y", isTerminal: true });
    assertEquals(yes.code, 0, yes.io.err);
    const lora = join(folder, "models/loras/paper_lantern_v2.safetensors");
    assertEquals(await sha256(lora), await civitai.sha256(3002));
    const { models } = JSON.parse(Deno.readTextFileSync(join(folder, "civikit.models.json")));
    assertEquals(models.length, 2);

    const again = await run(["add", picture, "--project", folder, "--json"]);
    assertEquals([again.code, stateOf(events(again.io))], [0, [["somebodys_copy", "here"], ["2020", "here"]]]);
    assertEquals(events(again.io)[0]!["path"], lora);
  }));

Deno.test("civikit add reads graphs and infotexts among ordinary references, and locks files on Hugging Face by their OID", () =>
  inWorld(async (world) => {
    const { run, folder } = world;
    await using hub = await startHub({ "vae/ae.safetensors": weights });
    const graph = {
      nodes: [{
        type: "VAELoader",
        widgets_values: ["ae.safetensors"],
        properties: { models: [{ name: "ae.safetensors", url: hub.at("vae/ae.safetensors"), directory: "vae" }] },
      }],
    };
    const [workflow, text] = [join(folder, "workflow.json"), join(folder, "beside.txt")];
    Deno.writeTextFileSync(workflow, JSON.stringify(graph));
    Deno.writeTextFileSync(text, await infotextOf(world, ", Model: nobody_knows"));
    const place = ["--project", folder, "--layout", "comfyui", "--yes"];
    const { code, io } = await run(["add", workflow, "2010", text, ...place]);
    assertEquals(code, 4, io.err);
    assertStringIncludes(io.err, 'nobody knows where to get 1 of the models: "nobody_knows"');
    assertStringIncludes(io.err, "verified by its LFS OID");
    const lock = JSON.parse(Deno.readTextFileSync(join(folder, "civikit.lock.json")));
    const vae = lock.files.find(({ modelId }: { modelId: number | null }) => modelId === null);
    assertEquals([vae.path, vae.sha256, vae.oid], [
      ...["models/vae/ae.safetensors", await sha256Of(weights), (await sha256Of(weights)).toLowerCase()],
    ]);
    assertEquals(await sha256(join(folder, vae.path)), vae.sha256);
    assertEquals(lock.files.length, 4);
  }));

Deno.test("civikit add takes pictures from addresses and from the gallery, bounded, and images get --add does the same", () =>
  inWorld(async (world) => {
    const { run, folder, civitai } = world;
    const text = await infotextOf(world);
    const files = {
      "/a.jpeg": jpeg(text),
      "/a.webp": webp(text),
      "/a.avif": avif(text),
      "/page.png": new TextEncoder().encode("<!doctype html>"),
      "/large.png": { size: 65 * 1024 ** 2, seed: 1 },
    };
    await using origin = await startOrigin({ files });
    for (const name of ["a.jpeg", "a.webp", "a.avif"]) {
      const { code, io } = await run(["add", `${origin.url}/${name}`, "--project", folder, "--dry-run", "--json"]);
      assertEquals([code, stateOf(events(io)).length], [0, 2], io.err + io.out);
    }
    for (const [name, word] of [["page.png", "no graph and no infotext"], ["large.png", "larger than"]]) {
      const { code, io } = await run(["add", `${origin.url}/${name}`, "--project", folder, "--dry-run"]);
      assertEquals(code > 0, true);
      assertStringIncludes(io.err, word!);
    }
    const page = `${civitai.url}/images/7000000`;
    const shown = await run(["add", page, "--project", folder, "--dry-run", "--json"]);
    assertEquals(stateOf(events(shown.io)).map(([, state]) => state).sort(), ["missing", "unknown"], shown.io.err);
    const added = await run(["images", "get", "7000000", "--add", "--yes", "--project", folder]);
    assertEquals(added.code, 4, added.io.err);
    assertEquals(tree(join(folder, "models")), ["paper_lantern.safetensors"]);
    const outside = await run(["download", page, "--dir", join(folder, "out"), "--yes"]);
    assertEquals([outside.code, tree(join(folder, "out"))], [4, ["paper_lantern.safetensors"]], outside.io.err);
    const wrong = await run(["images", "search", "--add"]);
    assertEquals(wrong.code, 2);
  }));

Deno.test("civikit download of a picture fetches what is missing into the folders of the layout, or queues it", () =>
  inWorld(async (world) => {
    const { run, folder } = world;
    await using hub = await startHub({ "ae.safetensors": weights });
    const models = [{ name: "ae.safetensors", url: hub.at("ae.safetensors"), directory: "vae" }];
    const picture = join(folder, "lantern.png");
    const workflow = JSON.stringify({ nodes: [{ properties: { models } }] });
    Deno.writeFileSync(picture, png({ parameters: await infotextOf(world), workflow }));
    const root = join(folder, "ComfyUI");
    const place = ["--root", root, "--layout", "comfyui"];
    const due = await run(["download", picture, ...place]);
    assertEquals(due.code, 2);
    assertStringIncludes(due.io.err, `civikit download ${picture} --root ${root} --layout comfyui --yes`);

    const state = { env: { CIVIKIT_STATE_DIR: join(folder, ".state") } };
    const queued = await run(["download", picture, ...place, "--yes", "--queue", "--json"], state);
    assertEquals(queued.code, 0, queued.io.err);
    const jobs = events(queued.io).filter(({ event }) => event === "added");
    assertEquals(jobs.length, 3, queued.io.out);
    const { options } = jobs.find(({ reference }) => String(reference).startsWith(hub.hub.url))! as {
      options: Record<string, unknown>;
    };
    assertEquals([options["dir"], options["output"], options["sha256"]], [
      ...[join(root, "models/vae"), "ae.safetensors", await sha256Of(weights)],
    ]);

    const worked = await run(["queue", "run"], state);
    assertEquals(worked.code, 0, worked.io.err);
    assertEquals(await sha256(join(root, "models/vae/ae.safetensors")), await sha256Of(weights));
    Deno.removeSync(root, { recursive: true });

    const { code, io } = await run(["download", picture, ...place, "--yes"]);
    assertEquals(code, 0, io.err);
    assertEquals(tree(root).filter((path) => /ae\.|lantern/.test(path)), [
      ...["models/loras/paper_lantern_v2.safetensors", "models/vae/ae.safetensors"],
    ]);
    const again = await run(["download", picture, ...place]);
    assertEquals(again.code, 0, again.io.err);
    assertStringIncludes(again.io.err, "3 here, 0 missing");
  }));

Deno.test("civikit queue verifies an address on Hugging Face by its OID, which nobody wrote beside it", () =>
  inWorld(async ({ run, folder }) => {
    await using hub = await startHub({ "ae.safetensors": weights });
    const options = { env: { CIVIKIT_STATE_DIR: join(folder, ".state") } };
    await run(["queue", "add", hub.at("ae.safetensors"), "--dir", join(folder, "out")], options);
    assertEquals((await run(["queue", "run"], options)).code, 0);
    const jobs = events((await run(["queue", "list", "--json"], options)).io).filter(({ reference }) => reference);
    assertEquals(jobs.map(({ state, verdict }) => [state, verdict]), [["done", "verified"]]);
  }));

Deno.test("civikit download verifies an address on Hugging Face by its OID, and says early that a wanted hash is another's", () =>
  inWorld(async ({ run, folder }) => {
    await using hub = await startHub({ "ae.safetensors": weights });
    const page = hub.at("ae.safetensors").replace("/resolve/", "/blob/");
    const wrong = await run(["download", page, "--dir", folder, "--sha256", "AB".repeat(32)]);
    assertEquals([wrong.code, hub.storage.log.length], [7, 0], wrong.io.err);
    const { code, io } = await run(["download", page, "--dir", folder, "--json"]);
    assertEquals(code, 0, io.err);
    const done = events(io).find(({ event }) => event === "done")!;
    assertEquals([done["verified"], tree(folder)], [true, ["ae.safetensors"]]);
    hub.storage.add({ kind: "corrupt", at: 2000 });
    const bad = await run(["download", page, "--dir", join(folder, "b")]);
    assertEquals(bad.code, 7, bad.io.err);
  }));

Deno.test("civikit add says of what is no picture why, by name, and a file that is not there is told as one", () =>
  inWorld(async ({ run, folder }) => {
    const empty = join(folder, "empty.png");
    Deno.writeFileSync(empty, png({}));
    const cases: [string, number, string][] = [
      [empty, 1, "names no model it was made with"],
      [empty, 1, "many sites take it out"],
      [join(folder, "missing.png"), 8, "missing.png"],
      ["javascript:alert(1).png", 2, "http"],
      ["file:///etc/passwd.json", 2, "http"],
      ["https://user:pw@127.0.0.1/a.png", 2, "user name or password"],
    ];
    for (const [what, expected, word] of cases) {
      const { code, io } = await run(["add", what, "--project", folder, "--yes"]);
      assertEquals(code, expected, `${what}: ${io.err}`);
      assertStringIncludes(io.err, word);
    }
    const both = await run(["add", empty, "--base", "SDXL 1.0", "--project", folder]);
    assertEquals(both.code, 2);
    assertEquals(tree(folder), ["empty.png"]);
  }));

Deno.test("civikit add stands a graph of 10,000 nodes whose names lead out of the folder", () =>
  inWorld(async ({ run, folder, civitai }) => {
    const nodes = Array.from({ length: 10_000 }, (_, id) => ({
      ...{ id, type: "LoraLoader", widgets_values: [`../../../../${id % 40}.safetensors`] },
      properties: {
        models: [{
          name: `../../../${id % 40}.safetensors`,
          url: `${civitai.url}/nothing/${id % 40}`,
          directory: "../..",
        }],
      },
    }));
    const path = join(folder, "workflow.json");
    Deno.writeTextFileSync(path, JSON.stringify({ nodes }));
    const { code, io } = await run(["add", path, "--project", folder, "--layout", "comfyui", "--dry-run", "--json"]);
    assertEquals(code, 0, io.err);
    const places = events(io).filter(({ event }) => event === "need").map(({ place }) => String(place));
    assertEquals([places.length, places.every((place) => place.startsWith(join(folder, "models/")))], [40, true]);
  }));

Deno.test("under zh-TW civikit add says in Chinese what is here, missing and unknown, and asks so", () =>
  inWorld(async (world) => {
    const { run, folder } = world;
    const picture = join(folder, "lantern.png");
    Deno.writeFileSync(picture, png({ parameters: await infotextOf(world, ", Model: nobody_knows") }));
    const options = { env: { CIVIKIT_LANG: "zh-TW" } };
    const { code, io } = await run(["add", picture, "--project", folder], {
      ...options,
      answer: "n",
      isTerminal: true,
    });
    assertEquals(code, 4);
    for (
      const words of [
        "缺少：somebodys_copy",
        "不明：nobody_knows",
        "已有 0 個、缺少 2 個、不明 1 個",
        "要取得缺少的 2 個嗎",
      ]
    ) {
      assertStringIncludes(io.err, words);
    }
    assertStringIncludes(io.err, "什麼都沒有加入");
    assertEquals(/missing|unknown|nobody knows where/.test(io.err), false, io.err);
    const silent = await run(["download", picture, "--dir", folder], options);
    assertEquals(silent.code, 2);
    assertStringIncludes(silent.io.err, "要取得請執行：civikit download");
  }));

Deno.test("a private file on Hugging Face comes with a header rule for its host alone, and without it the reason is said", () =>
  inWorld(async ({ run, folder }) => {
    const token = "hf_secret_of_this_test";
    await using hub = await startHub({ "ae.safetensors": weights }, { private: ["someone/thing"], token });
    const url = hub.at("ae.safetensors");
    for (const command of [["add", url, "--project", folder], ["download", url, "--dir", folder]]) {
      const { code, io } = await run(command);
      assertEquals(code, 3, io.err);
      assertStringIncludes(io.err, "Private or gated on another host");
      assertStringIncludes(io.err, "civikit config set headers.huggingface.co/Authorization");
    }
    const env = {
      CIVIKIT_HEADERS: `${new URL(hub.hub.url).host}/Authorization=env:HF_AUTHORIZATION`,
      HF_AUTHORIZATION: `Bearer ${token}`,
    };
    const added = await run(["add", url, "--project", folder, "--json"], { env });
    const fetched = await run(["download", url, "--dir", join(folder, "out"), "--json"], { env });
    assertEquals([added.code, fetched.code], [0, 0], added.io.err + fetched.io.err);
    assertEquals(tree(folder).filter((path) => path.endsWith("ae.safetensors")), [
      ...["models/ae.safetensors", "out/ae.safetensors"],
    ]);
    const written = tree(folder).filter((path) => path.endsWith(".json")).map((path) =>
      Deno.readTextFileSync(join(folder, path))
    );
    for (const text of [added.io.out, added.io.err, fetched.io.out, fetched.io.err, ...written]) {
      assertEquals(text.includes(token), false);
    }
    const seen = hub.storage.log.map(({ headers }) => headers.get("authorization"));
    assertEquals([seen.length > 0, seen.filter((value) => value !== null)], [true, []]);
  }));
