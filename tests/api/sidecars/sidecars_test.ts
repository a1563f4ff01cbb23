import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { readModelInfo, type Version, writeSidecars } from "@civikit/civikit/api";
import { CivikitError, fetchTransport } from "@civikit/civikit/transport";
import { hasSamples, sample, sampleNames } from "../_samples.ts";
import { withFolder } from "../../_support/folder.ts";

const inFolder = (work: (path: string, folder: string) => Promise<void> | void) =>
  withFolder((folder) => work(join(folder, "lantern.safetensors"), folder));

const version: Version = {
  id: 7,
  modelId: 5,
  name: "v1",
  baseModel: "SD 1.5",
  description: "<p>Soft &amp; warm</p><p>Use 0.8</p>",
  trainedWords: ["lantern", "glow"],
  model: { name: "Lantern", type: "LORA" },
  files: [{ id: 9, name: "lantern.safetensors", sizeKB: 1.5, type: "Model", hashes: { SHA256: "ab".repeat(32) } }],
};
const info = (folder: string) => join(folder, "lantern.civitai.info");
const read = (path: string) => JSON.parse(Deno.readTextFileSync(path));

Deno.test("writeSidecars() writes version JSON and LoRA metadata that readModelInfo() reads back", () =>
  inFolder(async (path, folder) => {
    const outcomes = await writeSidecars(path, version);
    assertEquals(outcomes.map(({ state }) => state), ["written", "written"]);
    assertEquals(read(info(folder)).files, version.files);
    assertEquals(read(join(folder, "lantern.json")), {
      description: "Soft & warm\nUse 0.8",
      "sd version": "SD1",
      "activation text": "lantern, glow",
      "preferred weight": 0,
      notes: "https://civitai.com/models/5?modelVersionId=7",
    });
    const found = readModelInfo(path)!;
    assertEquals([found.shape, found.modelId, found.versionId, found.modelName], ["version", 5, 7, "Lantern"]);
    assertEquals(found.sha256, ["AB".repeat(32)]);
    assertEquals((await writeSidecars(path, version)).map(({ state }) => state), ["kept", "kept"]);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "lantern.civitai.info",
      "lantern.json",
    ]);
  }));

Deno.test("writeSidecars() brings its own keys up to date, and never touches edits or other tools' keys", () =>
  inFolder(async (path, folder) => {
    await writeSidecars(path, version);
    const edited = read(info(folder));
    edited.trainedWords = ["my own word"];
    edited.rating = 5;
    edited.extensions.sd_civitai_helper = { version: "1.8" };
    Deno.writeTextFileSync(info(folder), JSON.stringify(edited));
    await writeSidecars(path, { ...version, name: "v1.1", trainedWords: ["new from the site"], description: "new" });
    const { name, trainedWords, rating, description, extensions } = read(info(folder));
    assertEquals([name, description, rating], ["v1.1", "new", 5]);
    assertEquals(trainedWords, ["my own word"]);
    assertEquals(extensions.sd_civitai_helper, { version: "1.8" });
  }));

Deno.test("writeSidecars() fills in what another tool left out and changes nothing it wrote", () =>
  inFolder(async (path, folder) => {
    const theirs = {
      id: 7,
      modelId: 5,
      name: "their name",
      description: null,
      custom: [1, 2],
      extensions: { other: 1 },
    };
    Deno.writeTextFileSync(info(folder), JSON.stringify(theirs));
    await writeSidecars(path, version);
    const after = read(info(folder));
    assertEquals([after.name, after.custom, after.description], ["their name", [1, 2], version.description]);
    assertEquals(after.extensions.other, 1);
  }));

Deno.test("writeSidecars() leaves a whole model's JSON, another version's, and the user's own .json as they are", () =>
  inFolder(async (path, folder) => {
    for (const theirs of [`{"id":5,"name":"Lantern","modelVersions":[]}`, `{"id":8,"modelId":5,"name":"v0"}`]) {
      Deno.writeTextFileSync(info(folder), theirs);
      Deno.writeTextFileSync(join(folder, "lantern.json"), `{"activation text":"mine","preferred weight":0.7}`);
      assertEquals((await writeSidecars(path, version)).map(({ state }) => state), ["kept", "kept"]);
      assertEquals(Deno.readTextFileSync(info(folder)), theirs);
      assertEquals(read(join(folder, "lantern.json"))["preferred weight"], 0.7);
    }
  }));

Deno.test("writeSidecars() reports a broken sidecar, and wipes nothing", () =>
  inFolder(async (path, folder) => {
    Deno.writeTextFileSync(info(folder), `{"id": 7, "name": "cut of`);
    const [broken, notes] = await writeSidecars(path, version);
    assertEquals([broken?.state, broken?.error?.code, notes?.state], ["failed", "invalid_file", "written"]);
    assertEquals(Deno.readTextFileSync(info(folder)), `{"id": 7, "name": "cut of`);
    assertEquals(assertThrows(() => readModelInfo(path), CivikitError).code, "invalid_file");
    Deno.writeTextFileSync(info(folder), `{"something":"else"}`);
    assertEquals(assertThrows(() => readModelInfo(path), CivikitError).code, "invalid_file");
  }));

Deno.test({
  name: "writeSidecars() where nobody may write is a reported failure",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const outcomes = await writeSidecars("/sys/kernel/lantern.safetensors", version);
    assertEquals(outcomes.map(({ state, error }) => [state, error?.code]), [
      ["failed", "permission_denied"],
      ["failed", "permission_denied"],
    ]);
  },
});

Deno.test("writeSidecars() names the preview by its bytes, keeps one that is there, and takes no web page for one", () =>
  inFolder(async (path, folder) => {
    const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...new Array(100).fill(1)]);
    let body: BodyInit = "<!doctype html><html>maintenance</html>";
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response(body));
    const transport = fetchTransport();
    try {
      const images = [
        { url: `http://127.0.0.1:${server.addr.port}/1.mp4`, type: "video" },
        { url: `http://127.0.0.1:${server.addr.port}/2.jpeg`, type: "image" },
      ];
      const last = async () => (await writeSidecars(path, { ...version, images }, { transport })).at(-1)!;
      const page = await last();
      assertEquals(page.state, "failed");
      body = png;
      const written = await last();
      assertEquals([written.state, written.path], ["written", join(folder, "lantern.preview.png")]);
      assertEquals(Deno.readFileSync(written.path), png);
      assertEquals((await last()).state, "kept");
      const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
      assertEquals(names, ["lantern.civitai.info", "lantern.json", "lantern.preview.png"]);
    } finally {
      transport.close();
      await server.shutdown();
    }
  }));

Deno.test({
  name: "readModelInfo() understands saved answers of every year in both shapes",
  ignore: !hasSamples,
  fn: () =>
    inFolder((path, folder) => {
      const names = sampleNames("model").filter((name) => /^(?:models|model-versions)\.(?:item-)?\d/.test(name));
      assert(names.length > 4);
      for (const name of names) {
        const saved = sample(name);
        Deno.writeTextFileSync(info(folder), JSON.stringify(saved));
        const found = readModelInfo(path)!;
        assertEquals(found.versionId, saved.modelVersions?.[0]?.id ?? saved.id, name);
        assert(found.modelName, name);
        assertEquals(found.raw, saved);
      }
    }),
});

/** The version of another model, with another file. */
const other: Version = {
  ...version,
  id: 8,
  modelId: 6,
  name: "w1",
  model: { name: "Other", type: "Checkpoint" },
  files: [{ id: 10, name: "lantern.pt", sizeKB: 1.5, type: "Model", hashes: { SHA256: "cd".repeat(32) } }],
};

Deno.test("writeSidecars() leaves the sidecars of two models of one name to the one whose hash is in them", () =>
  inFolder(async (path, folder) => {
    const second = join(folder, "lantern.pt");
    for (const model of [path, second]) Deno.writeTextFileSync(model, "");
    await writeSidecars(path, version);
    const before = [info(folder), join(folder, "lantern.json")].map((name) => Deno.readTextFileSync(name));
    for (let time = 0; time < 2; time++) {
      assertEquals(await writeSidecars(second, other), [{ path: info(folder), state: "other", owner: path }]);
      assertEquals((await writeSidecars(path, version)).map(({ state }) => state), ["kept", "kept"]);
    }
    assertEquals([info(folder), join(folder, "lantern.json")].map((name) => Deno.readTextFileSync(name)), before);
    await writeSidecars(path, { ...version, name: "v1.1" });
    assertEquals(read(info(folder)).name, "v1.1", "its own model brings it up to date");
    Deno.removeSync(path);
    assertEquals((await writeSidecars(second, other))[0]!.state, "written", "nobody else has the name any more");
    assertEquals(read(info(folder)).id, 8);
  }));

Deno.test("writeSidecars() knows its own by the hash, whichever version of the model it is said to be", () =>
  inFolder(async (path, folder) => {
    for (const model of [path, join(folder, "lantern.gguf")]) Deno.writeTextFileSync(model, "");
    await writeSidecars(path, version);
    assertEquals((await writeSidecars(path, { ...version, id: 17 }))[0]!.state, "written");
    Deno.writeTextFileSync(
      info(folder),
      JSON.stringify({ id: 6, name: "Other", modelVersions: [{ id: 8, files: other.files }] }),
    );
    assertEquals((await writeSidecars(path, version)).map(({ state }) => state), ["other"]);
    assertEquals((await writeSidecars(join(folder, "lantern.gguf"), other)).map(({ state }) => state), ["kept"]);
  }));

Deno.test("writeSidecars() lets files of one version share their sidecars, and takes no other name for the same", () =>
  inFolder(async (path, folder) => {
    for (const name of ["lantern.pt", "lantern.safetensors", "lantern2.pt", "lantern.txt"]) {
      Deno.writeTextFileSync(join(folder, name), "");
    }
    await writeSidecars(path, version);
    assertEquals((await writeSidecars(join(folder, "lantern.pt"), version)).map(({ state }) => state), [
      "kept",
      "kept",
    ]);
    Deno.removeSync(join(folder, "lantern.pt"));
    assertEquals((await writeSidecars(path, other))[0]!.state, "written", "an update in the same place");
  }));
