/**
 * What a document says in one language, its twin says in the other: the same sections in the same order, and in each the
 * same commands, pictures, points and rows of tables.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type Block, blocksOf, civikitCommands, documents } from "./_documents.ts";

const twins = [["README.md", "README.zh-TW.md"], ["docs/user_guide.en.md", "docs/user_guide.md"], [
  "docs/index.en.md",
  "docs/index.md",
]] as const;

interface Section {
  readonly heading: string;
  readonly text: string;
}

/** Everything under each heading, up to the next one. */
function sectionsOf(text: string): Section[] {
  const blanked = text.replace(/^( *)```[\s\S]*?^\1```$/gm, (block) => block.replace(/^#/gm, "-"));
  const starts = [...blanked.matchAll(/^#{1,6} .*$/gm)];
  return starts.map(({ 0: heading, index }, at) => ({ heading, text: text.slice(index, starts[at + 1]?.index) }));
}

const level = ({ heading }: Section) => heading.replace(/ .*/, "");

/** What was typed in a block of shell. */
function typed({ language, code }: Block): string {
  return language.startsWith("console") ? code.match(/^\$ .*$/gm)?.join("\n") ?? "" : code;
}

/** What can be counted in any language. */
function marksOf({ heading, text }: Section) {
  const shells = blocksOf({ path: heading, text }).filter(({ language }) => /^(?:sh|bash|console)/.test(language));
  return {
    commands: shells.flatMap((block) => civikitCommands(typed(block))),
    pictures: [...text.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, path]) => path!),
    points: [...text.matchAll(/^ *- /gm)].length,
    rows: [...text.matchAll(/^\|.*\|$/gm)].length,
  };
}

for (const [one, other] of twins) {
  Deno.test(`${one} and ${other} say the same, section by section`, async () => {
    const all = await documents();
    const [ours, theirs] = [one, other].map((path) =>
      sectionsOf(all.find((document) => document.path === path)!.text)
    ) as [
      Section[],
      Section[],
    ];
    assert(ours.length > 1);
    const pairs = (list: Section[], counterpart: Section[]) => {
      return list.map((section, at) => `${level(section)} ${section.heading} = ${counterpart[at]?.heading}`);
    };
    assertEquals(ours.map(level), theirs.map(level), pairs(ours, theirs).join("\n"));
    for (const [at, section] of ours.entries()) {
      if (theirs[at]!.text.includes(`](${one}#`)) continue; // it sends its reader to the twin, and says so
      assertEquals(marksOf(section), marksOf(theirs[at]!), `${section.heading} = ${theirs[at]!.heading}`);
    }
  });
}
