import { assert } from "@std/assert";
import { join } from "node:path";
import { inWorld } from "./_world.ts";

/** Three small words in a row are English; names of models, files, options and units are not. */
const english = /(?<![\w./:@-])[a-z]{2,}(?: [a-z]{2,}){2,}(?![\w./:@-])/;
/** Words of other places that are part of a word of Taiwan: what may not follow. */
const within: Readonly<Record<string, string>> = { 數據: "(?!機)", 支持: "(?!者)", 用戶: "(?!端)", 程序: "(?!員)" };
/** Terms of other places, from the glossary's last column; what is said here stands in its first. */
const glossary = await Deno.readTextFile(new URL("../../docs/glossary.md", import.meta.url));
const avoided = [...glossary.matchAll(/^\|(?:[^|]*\|){3} *([^|]*?) *\|$/gm)].flatMap(([, cell]) => cell!.split("、"))
  .filter((word) => word !== "" && !/不用|-/.test(word));
const foreign = new RegExp(avoided.map((word) => word + (within[word] ?? "")).join("|"));

Deno.test("what commands print under zh-TW is Chinese", () =>
  inWorld(async ({ folder, run, civitai }) => {
    const dir = join(folder, "models");
    // one that is too large to be hashed at once, one that nobody knows, one that cannot be whole
    const { content } = civitai.file(3010).file;
    const mine = join(folder, "mine");
    Deno.mkdirSync(mine);
    Deno.writeFileSync(join(mine, "harbour.safetensors"), content.read(0, content.size));
    Deno.writeTextFileSync(join(mine, "own.pt"), "own");
    Deno.writeTextFileSync(join(mine, "cut.safetensors"), "cut");
    Deno.writeTextFileSync(join(mine, "half.pt.part"), "half");
    const project = ["--project", folder];
    const calls = [
      ["scan", mine, "--quick"],
      ["adopt", mine, ...project, "--dry-run"],
      ["adopt", mine, ...project, "--quick"],
      ["scan", mine, "--quick", "--prove"],
      ["adopt", mine, ...project],
      ["adopt", ...project],
      ["scan", mine, "--prove"],
      ["download", "2002", "--dir", dir, "--dry-run"],
      ["download", "2002", "--dir", dir],
      ["download", "2002", "--dir", dir],
      ["download", "2070", "--dir", dir],
      ["download"],
      ["download", "2002", "--jobs", "0"],
      ["download", "2002", "--limit-rate", "fast"],
      ["download", "2002", "--base-url", "ftp://civitai.com"],
      ["serve", "--port", "70000"],
      ["report"],
      ["download", "2001", "--output", "a/b"],
      ["scan", dir],
      ["scan", dir, "--offline", "--updates"],
      ["verify", dir],
      ["models", "search", "lantern"],
      ["models", "search", "nothing-of-this-name"],
      ["models", "get", "1001"],
      ["versions", "get", "2002"],
      ["users", "search"],
      ["creators", "search"],
      ["enums", "Nothing"],
      ["cache", "stats"],
      ["cache", "clear"],
      ["logs", "latency"],
      ["logs", "errors"],
      ["config", "list"],
      ["queue", "add", "2001"],
      ["queue", "list"],
      ["queue", "clear"],
      ["watch", "add", "model:1001", "creator:nobody", "--backlog", "1", "--base", "SDXL 1.0", "--max-size", "7G"],
      ["watch", "list"],
      ["watch", "now", "--dry-run"],
      ["watch", "now"],
      ["watch", "show", "1"],
      ["watch", "edit", "1", "--tell"],
      ["watch", "history"],
      ["watch", "history", "--rounds"],
      ["watch", "add", "nothing"],
      ["watch", "remove", "all"],
      ["transfers", "list"],
      ["paths"],
      ["clean"],
      ["whoami"],
      ["service", "install"],
      ["service", "install", dir],
      ["service", "status"],
      ["service", "health"],
      ["service", "uninstall"],
      ["service", "print", "nothing"],
      ["upgrade", "backup", join(folder, "backup")],
      ["upgrade", "migrate"],
      ["upgrade", "restore", join(folder, "backup")],
    ];
    for (const args of calls) {
      const { io } = await run([...args, "--lang", "zh-TW"]);
      for (const line of `${io.out}${io.err}`.split("\n")) {
        // the error's own words, of whatever language, stand in a line of their own; so do the site's
        if (/^ {2}\S/.test(line) && !/：/.test(line)) continue;
        assert(!english.test(line.replace(/civikit [\w:.<>| -]+/g, "")), `civikit ${args.join(" ")}: ${line}`);
        assert(!foreign.test(line), `civikit ${args.join(" ")}: ${line}`);
        assert(!/\p{Script=Han}[:,;](?: |$)/u.test(line), `civikit ${args.join(" ")}: ${line}`);
      }
    }
  }));

Deno.test("texts and documents use the words of Taiwan", async () => {
  const root = new URL("../../", import.meta.url);
  async function* files(folder: string): AsyncGenerator<string> {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
      if (isDirectory) yield* files(`${folder}${name}/`);
      else if (/\.(?:ts|md)$/.test(name)) yield folder + name;
    }
  }
  const found: string[] = [];
  for (const folder of ["cli/", "hub/", "monitor/", "transport/errors/", "docs/"]) {
    for await (const path of files(folder)) {
      if (path === "docs/glossary.md") continue;
      const text = await Deno.readTextFile(new URL(path, root));
      for (const [index, line] of text.split("\n").entries()) {
        if (foreign.test(line)) found.push(`${path}:${index + 1}: ${line.trim().slice(0, 80)}`);
      }
    }
  }
  assert(avoided.length > 20, "the glossary names no words");
  assert(found.length === 0, found.join("\n"));
});
