import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadCommands } from "../../cli/commands/commands.ts";
import { optionName } from "../../cli/options/flags.ts";
import { manPage } from "../../cli/run/man_page.ts";
import { inWorld } from "./_world.ts";

const commands = await loadCommands();
const locales = ["en", "zh-TW"] as const;
const hasGroff = await new Deno.Command("groff", { args: ["--version"], stdout: "null" }).output().then(
  ({ success }) => success,
  () => false,
);

Deno.test("civikit man prints the page in the language that is asked for", () =>
  inWorld(async ({ run }) => {
    for (const locale of locales) {
      const { code, io } = await run(["man", "--lang", locale]);
      assertEquals([code, io.out, io.err], [0, manPage(commands, locale), ""]);
    }
    assertEquals((await run(["man", "download"])).code, 2);
  }));

/** What a reader sees of roff. */
const read = (roff: string) => roff.replaceAll("\\:", "").replaceAll("\\(aq", "'").replaceAll("\\", "");

Deno.test("the manual page has every command with its options, and no text of it is taken for a request", () => {
  for (const locale of locales) {
    const page = manPage(commands, locale);
    for (const { name, flags, summary } of commands) {
      const [, part = ""] = page.split(`\n.SS civikit ${name}\n`);
      assertStringIncludes(read(part), summary[locale]);
      for (const flag of Object.keys(flags)) {
        assertStringIncludes(read(part.split("\n.S")[0]!), `--${optionName(flag)}`);
      }
    }
    const requests = new Set(page.split("\n").filter((line) => /^[.']/.test(line)).map((line) => line.split(" ")[0]));
    assertEquals([...requests].sort(), [
      ...["'\\\"", ".PP", ".RE", ".RS", ".SH", ".SS", ".TH", ".TP", ".ad", ".fi", ".nf", ".nh"],
    ]);
  }
});

Deno.test({
  name: "groff has nothing to say against the manual page, and breaks its lines, in Chinese too",
  ignore: !hasGroff,
  async fn() {
    for (const locale of locales) {
      const groff = new Deno.Command("groff", {
        args: ["-K", "utf8", "-T", "utf8", "-P", "-c", "-m", "an", "-w", "w", "-b", "-r", "LL=80n"],
        ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
      }).spawn();
      const page = new Blob([manPage(commands, locale)]).stream();
      const [{ success, stdout, stderr }] = await Promise.all([groff.output(), page.pipeTo(groff.stdin)]);
      assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
      const text = new TextDecoder().decode(stdout);
      assert(text.split("\n").length > 1000);
      assertStringIncludes(text, { en: "and verifies them.", "zh-TW": "下載檔案，並驗證。" }[locale]);
    }
  },
});
