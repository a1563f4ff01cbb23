import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { readUsage, setUsage, type Version, writeSidecars } from "../../../api/mod.ts";
import { startCivitai } from "../../_civitai/mod.ts";
import { fetchTransport } from "../../../transport/mod.ts";
import { civitai } from "../../../api/mod.ts";
import { inFolder } from "../library/_folder.ts";

const script = new URL("other_programs.py", import.meta.url).pathname;

function python(...args: string[]): Deno.ChildProcess {
  return new Deno.Command("python3", { args: [script, ...args], stdout: "piped", stderr: "piped" }).spawn();
}

async function said(process: Deno.ChildProcess): Promise<string> {
  const { success, stdout, stderr } = await process.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

const hasPython = await new Deno.Command("python3", { args: ["--version"] }).output().then(() => true, () => false);
const version: Version = {
  ...{ id: 7, modelId: 5, name: "v1", baseModel: "SDXL 1.0", trainedWords: ["lantern"] },
  model: { name: "Lantern", type: "LORA" },
  files: [{ id: 9, name: "a.safetensors", type: "Model", hashes: { SHA256: "AB".repeat(32) } }],
};

Deno.test({
  name: "what writeSidecars() writes is what Civitai Helper, A1111 and Forge read: info, metadata, preview",
  ignore: !hasPython,
  fn: () =>
    inFolder(async (folder) => {
      await using site = await startCivitai({ loraBytes: 4096 });
      using transport = fetchTransport();
      const api = civitai(transport, { baseUrl: site.url });
      const path = join(folder, "燈籠 v1.0.safetensors");
      Deno.writeTextFileSync(path, "weights");
      const found = await api.versions.get(2001);
      await writeSidecars(path, found, { transport });
      const read = JSON.parse(await said(python("read", path)));
      assertEquals([read.helper.id, read.helper.modelId, read.helper.type], [2001, 1001, "LORA"]);
      assertEquals(read.helper.sha256, [await site.sha256(3001)]);
      assertEquals(read.helper.trainedWords, found.trainedWords);
      assertEquals(read.webui["activation text"], found.trainedWords!.join(", "));
      assertEquals(read.webui["sd version"], "SDXL");
      assertEquals(read.preview.name, `燈籠 v1.0.preview.${read.preview.type}`);
    }),
});

Deno.test("readUsage() reads Lora-Manager's and A1111's notes, and setUsage() writes neither file", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const manager = JSON.stringify({ file_name: "a", notes: "of the manager", tags: ["style", "paper"], sha256: "ab" });
    const webui = JSON.stringify({ notes: "of the web UI", "activation text": "one, two", "preferred weight": 0.7 });
    Deno.writeTextFileSync(join(folder, "a.metadata.json"), manager);
    assertEquals(readUsage(path), {
      notes: "of the manager",
      tags: ["style", "paper"],
      triggerWords: [],
      weight: null,
    });
    Deno.writeTextFileSync(join(folder, "a.json"), webui);
    const both = readUsage(path);
    assertEquals([both.notes, both.triggerWords, both.weight], ["of the web UI", ["one", "two"], 0.7]);
    const own = await setUsage(path, { notes: "mine", addTags: ["new"], removeTags: ["PAPER"] });
    assertEquals([own.notes, own.tags], ["mine", ["style", "new"]]);
    assertEquals(Deno.readTextFileSync(join(folder, "a.metadata.json")), manager);
    assertEquals(Deno.readTextFileSync(join(folder, "a.json")), webui);
    Deno.writeTextFileSync(join(folder, "a.metadata.json"), "{cut");
    Deno.writeTextFileSync(join(folder, "a.json"), "[1]");
    assertEquals(readUsage(path).notes, "mine");
    await Promise.all(Array.from({ length: 20 }, (_, n) => setUsage(path, { addTags: [`t${n}`] })));
    assertEquals(readUsage(path).tags.length, 22, "all that came at once are there");
  }));

Deno.test({
  name: "a sidecar that another program writes in place while it is merged loses no key and is never half",
  ignore: !hasPython,
  fn: () =>
    inFolder(async (folder) => {
      const path = join(folder, "a.safetensors");
      const info = join(folder, "a.civitai.info");
      const count = Number(Deno.env.get("CIVIKIT_SIDECAR_ROUNDS") ?? 300);
      await writeSidecars(path, version);
      const writer = python("write", path, String(count));
      let isOver = false;
      const ended = said(writer).then(() => isOver = true);
      let merges = 0;
      while (!isOver) {
        const next = { ...version, description: `text ${merges++}` };
        const [outcome] = await writeSidecars(path, next);
        assert(outcome!.state !== "failed", outcome!.error?.message);
        await new Promise((resolve) => setTimeout(resolve));
      }
      await ended;
      await writeSidecars(path, { ...version, description: "the last" });
      const value = JSON.parse(Deno.readTextFileSync(info));
      assertEquals([value.id, value.modelId], [7, 5]);
      assert(merges > 1);
      const lost = Array.from({ length: count }, (_, n) => `key ${n}`).filter((key) => !(key in value));
      assertEquals(lost, [], `${merges} merges`);
    }),
});
