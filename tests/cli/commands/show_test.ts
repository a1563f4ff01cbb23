import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { permissionWords } from "../../../hub/run/permission_words.ts";
import { events, inWorld } from "../_world.ts";
import { inFolder } from "../../api/library/_folder.ts";
import { modelFacts, readGguf } from "../../../api/mod.ts";

function safetensors(metadata: Record<string, string>): Uint8Array<ArrayBuffer> {
  const tensors = { w: { dtype: "F16", shape: [2], data_offsets: [0, 4] } };
  const head = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, ...tensors }));
  return new Uint8Array([
    ...new Uint8Array(new BigUint64Array([BigInt(head.length)]).buffer),
    ...head,
    ...[1, 2, 3, 4],
  ]);
}

Deno.test("civikit show tells what the site, the head and the sidecars say, and keeps notes and tags", () =>
  inWorld(async ({ run, folder, civitai }) => {
    const path = join(folder, "lantern.safetensors");
    const { content } = civitai.file(3001).file;
    Deno.writeFileSync(path, content.read(0, content.size));
    await run(["scan", folder, "--sidecars"]);
    const shown = await run(["show", path]);
    assertEquals(shown.code, 0, shown.io.err);
    for (const word of [await civitai.sha256(3001), "(1001)", "(2001)", "SDXL 1.0", "lantern.civitai.info"]) {
      assertStringIncludes(shown.io.out, word);
    }
    assertStringIncludes(shown.io.out, "pictures may be sold, may run for pay on Civitai");
    const said = permissionWords({ allowNoCredit: false, allowCommercialUse: "{Image,Sell}", mine: 1 }, "zh-TW");
    assertEquals(said, ["要註明作者", "可販售圖片", "可販售模型或合併後的模型", "mine: 1"]);
    assertEquals(permissionWords({ allowCommercialUse: ["None"] }, "en"), ["no commercial use"]);
    const narrow = await run(["show", path], { isTerminal: true, columns: 40 });
    assertStringIncludes(narrow.io.out, await civitai.sha256(3001), "half a hash is of no use");
    assertStringIncludes(narrow.io.out, path);
    const set = await run([
      "show",
      path,
      "--note",
      "best at 0.8",
      "--own-tags",
      "style,paper",
      "--words",
      "my lantern",
    ]);
    for (const word of ["best at 0.8", "style, paper", "my lantern"]) assertStringIncludes(set.io.out, word);
    await run(["show", path, "--own-tags=-PAPER"]);
    const asked = civitai.log.length;
    const [model] = events((await run(["show", path, "--json", "--offline"])).io);
    assertEquals(civitai.log.length, asked, "nobody was asked");
    const { usage, source, goneAt } = model as { usage: object; source: string; goneAt: null };
    assertEquals(usage, { notes: "best at 0.8", tags: ["style"], triggerWords: ["my lantern"], weight: null });
    assertEquals([source, goneAt], ["site", null]);
    const chinese = await run(["show", path, "--offline", "--lang", "zh-TW"]);
    for (const word of ["觸發詞", "筆記", "標籤", "附屬檔"]) assertStringIncludes(chinese.io.out, word);
    const none = await run(["show", path, "--note", "", "--words=", "--json"]);
    assertEquals(none.code, 0, none.io.err);
    const { usage: cleared } = events(none.io)[0] as {
      usage: { notes: string; tags: string[]; triggerWords: string[] };
    };
    assertEquals([cleared.notes, cleared.tags, cleared.triggerWords.includes("my lantern")], ["", ["style"], false]);
    assertEquals((await run(["show", path, "--note"])).code, 2, "an option without its value is none that is empty");
    const inside = await run(["show", folder]);
    assertEquals(inside.code, 2);
    assertStringIncludes(inside.io.err, `civikit scan ${folder}`);
    assertEquals((await run(["show"])).code, 2);
    assertEquals((await run(["show", join(folder, "none.safetensors")])).code, 8);
  }));

Deno.test("civikit show has the site's trigger words where no sidecar lies beside the file", () =>
  inWorld(async ({ run, folder, civitai }) => {
    const path = join(folder, "lantern.safetensors");
    const { content } = civitai.file(3001).file;
    Deno.writeFileSync(path, content.read(0, content.size));
    await run(["scan", folder]);
    const wordsOf = async (...more: string[]) => {
      const [model] = events((await run(["show", path, "--json", ...more])).io);
      return (model as { usage: { triggerWords: string[] } }).usage.triggerWords;
    };
    assertEquals(await wordsOf("--offline"), ["paperlantern", "soft glow"]);
    await run(["show", path, "--words", "my lantern"]);
    assertEquals(await wordsOf("--offline"), ["my lantern"]);
    await run(["show", path, "--words="]);
    assertEquals(await wordsOf("--offline"), ["paperlantern", "soft glow"]);
  }));

Deno.test("what the site has no more is shown as gone, by its sidecar, which stays to the byte", () =>
  inWorld(async ({ run, folder }) => {
    const path = join(folder, "own.safetensors");
    Deno.writeFileSync(path, safetensors({ "modelspec.title": "Own" }));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Deno.readFileSync(path))).toHex();
    const info = JSON.stringify({
      ...{ id: 77, modelId: 7, name: "v1", baseModel: "Pony", trainedWords: ["glow"], allowNoCredit: true },
      ...{ model: { name: "Lost", type: "LORA" }, files: [{ id: 1, hashes: { SHA256: digest } }], own: 1 },
    });
    const beside = join(folder, "own.civitai.info");
    Deno.writeTextFileSync(beside, info);
    const { io } = await run(["show", path]);
    assertStringIncludes(io.out, "gone from Civitai");
    assertStringIncludes(io.out, "Lost (7)");
    assertStringIncludes(io.out, "glow");
    for (const args of [["scan", folder], ["scan", folder, "--updates"], ["update", folder, "--all"]]) await run(args);
    await run(["scan", folder, "--sidecars", "--again"]);
    assertEquals(Deno.readTextFileSync(beside), info);
  }));

Deno.test("modelFacts() reads training tags and modelspec, and GGUF heads", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const tags = { one: { "1girl": 5, glow: 9 }, two: { glow: 2, paper: 5 } };
    Deno.writeFileSync(
      path,
      safetensors({
        ss_tag_frequency: JSON.stringify(tags),
        "modelspec.architecture": "stable-diffusion-xl-v1-base/lora",
      }),
    );
    const { head, problem } = await modelFacts(null, path);
    assertEquals([head?.base, problem], ["stable-diffusion-xl-v1-base/lora", null]);
    assertEquals(head?.trainingTags.map(({ tag, count }) => `${tag} ${count}`), ["glow 11", "1girl 5", "paper 5"]);
    const text = (value: string) => {
      const bytes = new TextEncoder().encode(value);
      return [...new Uint8Array(new BigUint64Array([BigInt(bytes.length)]).buffer), ...bytes];
    };
    const u32 = (value: number) => [...new Uint8Array(new Uint32Array([value]).buffer)];
    const u64 = (value: bigint) => [...new Uint8Array(new BigUint64Array([value]).buffer)];
    const begin = (values: bigint) => [...u32(0x46554747), ...u32(3), ...u64(0n), ...u64(values)];
    const gguf = join(folder, "b.gguf");
    const write = (bytes: number[]) => Deno.writeFileSync(gguf, new Uint8Array(bytes));
    write([
      ...begin(3n),
      ...[...text("general.architecture"), ...u32(8), ...text("flux")],
      ...[...text("tokens"), ...u32(9), ...u32(8), ...u64(2n), ...text("a"), ...text("b")],
      ...[...text("flux.block_count"), ...u32(4), ...u32(19)],
    ]);
    assertEquals(readGguf(gguf).metadata, { "general.architecture": "flux", tokens: "[2]", "flux.block_count": 19 });
    assertEquals((await modelFacts(null, gguf)).head?.base, "flux");
    // heads that would fill memory, or never end
    const huge = 2n ** 60n;
    for (
      const bytes of [
        begin(huge),
        [...begin(1n), ...u64(huge)],
        [...begin(1n), ...text("a"), ...u32(8), ...u64(huge)],
        [...begin(1n), ...text("a"), ...u32(9), ...u32(8), ...u64(huge)],
        [...begin(1n), ...text("a"), ...u32(9), ...u32(0), ...u64(huge)],
        [...begin(1n), ...text("a"), ...Array.from({ length: 99 }, () => [...u32(9), ...u64(1n)]).flat()],
        [...begin(1n), ...text("a"), ...u32(99)],
      ]
    ) {
      write(bytes);
      const { head, problem } = await modelFacts(null, gguf);
      assertEquals(head, null);
      assert(problem !== null);
    }
    write([...begin(20_000n), ...Array.from({ length: 20_000 }, (_, n) => [...text(`k${n}`), ...u32(7), 1]).flat()]);
    assertEquals(Object.keys(readGguf(gguf).metadata).length, 10_000);
    assertEquals(readGguf(gguf).isCut, true);
  }));
