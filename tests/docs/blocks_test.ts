import { assert, assertEquals } from "@std/assert";
import { parse } from "yaml";
import { main } from "../../cli/mod.ts";
import { testIo } from "../cli/_io.ts";
import { blocksOf, documents } from "./_documents.ts";

/** Languages a block may be in, and what holds it: `ts` runs with the tests, `sh` is parsed, `text` is a picture. */
const known =
  /^(?:ts|ts ignore|sh|bash|console|diff|json|jsonc|yaml|ini|xml|nginx|caddyfile|text|dockerfile|powershell|python)$/;

Deno.test("every block of code in the documents says what it is", async () => {
  const open = (await documents()).flatMap(blocksOf).filter(({ language }) => !known.test(language))
    .map(({ place, language }) => `${place}: "${language}"`);
  assertEquals(open, []);
});

Deno.test("every json and yaml block in the documents is one", async () => {
  let count = 0;
  for (const { place, language, code } of (await documents()).flatMap(blocksOf)) {
    try {
      if (language === "json") JSON.parse(code);
      else if (language === "yaml") parse(code);
      else continue;
      count++;
    } catch (error) {
      assert(false, `${place}: ${(error as Error).message}`);
    }
  }
  assert(count > 0);
});

Deno.test("every settings file in the documents is one that civikit takes", async () => {
  const path = await Deno.makeTempFile();
  let count = 0;
  try {
    for (const { place, language, code } of (await documents()).flatMap(blocksOf)) {
      if (language !== "json") continue;
      // the manifest of a project has a version, too
      const { version, models } = JSON.parse(code);
      if (version !== 1 || models !== undefined) continue;
      count++;
      await Deno.writeTextFile(path, code);
      const io = testIo();
      assertEquals(await main(["config", "check", "--config", path], io), 0, `${place}: ${io.err}`);
      assertEquals(io.err.trim().split("\n").length, 1, `${place}: it warns: ${io.err}`);
    }
    await Deno.writeTextFile(path, '{ "version": 1, "download": { "concurrent": 99 } }');
    assertEquals(await main(["config", "check", "--config", path], testIo()), 2);
  } finally {
    await Deno.remove(path);
  }
  assert(count >= 3, `only ${count} were found`);
});

Deno.test("every sh block in the documents is what bash can read", async () => {
  const faults: string[] = [];
  for (const { place, language, code } of (await documents()).flatMap(blocksOf)) {
    if (language !== "sh" && language !== "bash") continue;
    const child = new Deno.Command("bash", { args: ["-n"], stdin: "piped", stdout: "null", stderr: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(code.replace(/<[^<>\n]+>/g, "X")));
    await writer.close();
    const { success, stderr } = await child.output();
    if (!success) faults.push(`${place}: ${new TextDecoder().decode(stderr)}`);
  }
  assertEquals(faults, []);
});

Deno.test("every document is reached from the README, and the guides are whole", async () => {
  const all = await documents();
  const linked = new Set<string>();
  const queue = ["README.md", "README.zh-TW.md"];
  for (const path of queue) {
    linked.add(path);
    const { text } = all.find((document) => document.path === path)!;
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+\.md)(?:#[^)]*)?\)/g)) {
      const found = new URL(target!, `file:///${path}`).pathname.slice(1);
      if (all.some((document) => document.path === found) && !queue.includes(found)) queue.push(found);
    }
  }
  assertEquals(all.map(({ path }) => path).filter((path) => !linked.has(path)), []);
});

Deno.test("llms.txt names every document of docs/ but the twins, and nothing that is not there", async () => {
  const root = new URL("../../", import.meta.url);
  const text = await Deno.readTextFile(new URL("llms.txt", root));
  const named = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path!);
  for (const path of named) await Deno.stat(new URL(path, root));
  const guides = (await documents()).map(({ path }) => path).filter((path) =>
    /^docs\/\w+_guide\.md$|trouble|settings|reference|arch/.test(path)
  );
  assertEquals(guides.filter((path) => !named.includes(path) && !named.includes(path.replace(".md", ".en.md"))), []);
});

Deno.test("each of the six guides has at least 3,000 Chinese characters beside its code", async () => {
  const guides = (await documents()).filter(({ path }) =>
    /^docs\/(?:\w+_guide|architecture_overview|troubleshooting)\.md$/.test(path)
  );
  assertEquals(guides.length, 6);
  for (const { path, text } of guides) {
    const characters = text.replace(/^(`{3,})[^]*?^\1$/gm, "").match(/[\u4e00-\u9fff]/g) ?? [];
    assert(characters.length >= 3000, `${path}: ${characters.length}`);
  }
});
