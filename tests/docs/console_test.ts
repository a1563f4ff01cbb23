import { assert, assertEquals } from "@std/assert";
import { main } from "../../cli/mod.ts";
import { embeddedCivitai } from "../../testing/mod.ts";
import { testIo } from "../cli/_io.ts";
import { blocksOf, civikitCommands, documents } from "./_documents.ts";

/** What is different each time: numbers, times, sizes, speeds, and how far a transfer was when it was looked at. */
function steady(text: string): string {
  return text.split("\n").filter((line) => !/^\S+: \d+%/.test(line)).join("\n").replace(/\d[\d,.]*/g, "N").trim();
}

/** The commands of a block, each with what it is said to print. */
function callsOf(code: string): { command: string; printed: string }[] {
  return code.split(/^\$ /m).slice(1).map((part) => {
    const [command = "", ...lines] = part.split("\n");
    return { command, printed: lines.join("\n") };
  });
}

for (const { path, text } of await documents()) {
  const blocks = blocksOf({ path, text }).filter(({ language }) => language === "console");
  if (blocks.length === 0) continue;
  Deno.test(`the console blocks of ${path} are what civikit sandbox makes of their commands`, async () => {
    const locale = path.endsWith(".en.md") || path === "README.md" ? "en" : "zh-TW";
    await using civitai = await embeddedCivitai({ bigBytes: 256 * 1024 ** 2 }).listen();
    const folder = await Deno.makeTempDir();
    const home = await Deno.makeTempDir();
    const before = Deno.cwd();
    Deno.chdir(folder);
    try {
      for (const { place, code } of blocks) {
        for (const { command, printed } of callsOf(code)) {
          const [args] = civikitCommands(command);
          assert(args !== undefined, `${place}: ${command} is not civikit`);
          const written: string[] = [];
          const env = {
            ...{ CIVIKIT_BASE_URL: civitai.url, CIVIKIT_LANG: locale },
            ...{ XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, XDG_STATE_HOME: home },
          };
          const io = { ...testIo({ env }), stdout: (one: string) => void written.push(one) };
          await main(args, { ...io, stderr: io.stdout });
          assertEquals(steady(written.join("")), steady(printed), `${place}: ${command}`);
        }
      }
    } finally {
      Deno.chdir(before);
      await Deno.remove(folder, { recursive: true });
      await Deno.remove(home, { recursive: true });
    }
  });
}
