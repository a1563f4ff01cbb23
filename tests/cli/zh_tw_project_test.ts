import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { events, inWorld, type Ran, type World } from "./_world.ts";

/** What is no sentence: it is called the same in every language. */
const identifiers: readonly RegExp[] = [
  // deno-lint-ignore no-control-regex
  /\x1b\[[?\d]*[A-Za-z]/g,
  /\b\d[\d.]*\s?(?:[KMGT]?B(?:\/s)?|s)\b/g,
  /https?:\/\/\S+/g,
  /urn:air:\S+/g,
  /--[a-z][a-z\d-]*/g, // options
  /model:(?:\d+|<[^>]+>)/g,
  /\bcivikit(?: [a-z]+)?\b/g,
  /[^\s，。、：；（）「」]*[./\\_@][^\s，。、：；（）「」]*/g, // paths, file names, versions
  /\b[\dA-F]{8,64}\b/gi, // hashes
  /\b(?:SHA256|AutoV\d|BLAKE3|CRC32|AIR|URL|Civitai|SDXL|CFG|flat|pickle)\b/g,
];

/** Every word of English that is left where identifiers, and `names` of the site's own things, are taken away. */
function englishOf(text: string, names: readonly string[]): string[] {
  const rest = [...names, ...identifiers].reduce<string>((left, name) => left.replaceAll(name, " "), text);
  return rest.match(/[A-Za-z]{2,}/g) ?? [];
}

/** Runs the command in Chinese, and looks at all it says. */
function speaker({ run }: World, names: readonly string[] = []) {
  return async (args: readonly string[], due: number, options: Parameters<World["run"]>[1] = {}): Promise<Ran> => {
    const ran = await run([...args, "--lang", "zh-TW"], options);
    const text = ran.io.out + ran.io.err;
    assertEquals(ran.code, due, `${args.join(" ")}\n${text}`);
    assert(/\p{Script=Han}/u.test(text), `${args.join(" ")}\n${text}`);
    assertEquals(englishOf(text, names), [], `${args.join(" ")}\n${text}`);
    return ran;
  };
}

const names = ["Paper Lantern Style", "Harbour Mix", "paperlantern", "soft glow"];

Deno.test("under zh-TW the commands of a project speak Chinese", () =>
  inWorld(async (world) => {
    const say = speaker(world, names);
    const project = ["--project", world.folder];
    await say(["add", "2001", ...project, "--dry-run"], 0);
    await say(["add", "2001", ...project], 0);
    await say(["add", "2001", ...project], 0);
    await say(["install", ...project], 0);
    await say(["install", ...project, "--dry-run"], 0);
    await say(["outdated", ...project], 0);
    await say(["update", ...project], 0);
    await say(["update", ...project, "--latest", "--dry-run"], 0);
    await say(["update", ...project, "--latest"], 0);
    await say(["outdated", ...project], 0);
    await say(["remove", "model:1001", ...project, "--dry-run"], 0);
    await say(["remove", "model:1001", ...project], 0);
  }));

Deno.test("under zh-TW civikit images speaks Chinese", () =>
  inWorld(async (world) => {
    const say = speaker(world);
    await say(["images", "download", "--limit", "3", "--dir", join(world.folder, "images")], 0);
  }));

Deno.test("under zh-TW a wrong command line is told in Chinese", () =>
  inWorld(async (world) => {
    const say = speaker(world);
    const hash = "0".repeat(64);
    const { folder } = world;
    await say(["add", "2002", "--project", folder, "--no-install"], 0);
    for (
      const args of [
        ["download"],
        ["download", "-", "-"],
        ["download", "1", "2", "--output", "a"],
        ["download", "1", "--output", "a/b"],
        ["download", "1", "2", "--sha256", hash],
        ["download", "1", "--sha256", hash, "--no-verify"],
        ["download", "1", "--file", "1", "--all-files"],
        ["download", "1", "--json", "--print-path"],
        ["download", "1", "--root", "a", "--dir", "b"],
        ["add"],
        ["add", "1", "--file", "1", "--all-files"],
        ["add", "2002", "--project", folder, "--layout", "comfyui"],
        ["remove", "--project", folder],
        ["update", "model:7", "--project", folder],
        ["images", "get"],
        ["images", "get", "?"],
      ]
    ) await say(args, 2);
  }));

Deno.test("--json says the same in every language", () =>
  inWorld(async ({ run, folder }) => {
    const kinds = async (lang: string) => {
      const dir = join(folder, lang);
      const { io } = await run(["download", "2002", "--dir", dir, "--json", "--lang", lang]);
      assert(!/\p{Script=Han}/u.test(io.out), io.out);
      return events(io).filter(({ event }) => event !== "progress").map((event) => Object.keys(event));
    };
    assertEquals(await kinds("zh-TW"), await kinds("en"));
  }));
