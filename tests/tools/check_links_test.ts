import { assertEquals } from "@std/assert";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { anchorsOf, checkLinks, linksOf, markdownFiles } from "../../tools/check_links.ts";

Deno.test("check_links: anchors are what GitHub makes of headings, Chinese ones too", () => {
  const markdown = [
    "# Civikit: a `toolkit`!",
    "## 資料流程（總覽）",
    "## Same",
    "## Same",
    "### A [link](x.md) in it",
    '<a id="own"></a>',
    "```sh",
    "# no heading",
    "```",
  ].join("\n");
  assertEquals([...anchorsOf(markdown)], [
    "civikit-a-toolkit",
    "資料流程總覽",
    "same",
    "same-1",
    "a-link-in-it",
    "own",
  ]);
});

Deno.test("check_links: links in code and comments are no links", () => {
  const markdown = [
    '[a](a.md) and ![b](b.png "title")',
    "```ts",
    "[c](c.md)",
    "```",
    "`[d](d.md)` <!-- [e](e.md) -->",
    "[f]: f.md",
    '<img src="g.png" alt="">',
  ].join("\n");
  assertEquals(linksOf(markdown), [
    { line: 1, target: "a.md" },
    { line: 1, target: "b.png" },
    { line: 6, target: "f.md" },
    { line: 7, target: "g.png" },
  ]);
});

Deno.test("check_links: finds missing files, missing anchors and ways out of the project", async () => {
  const folder = await mkdtemp(join(tmpdir(), "civikit_links_"));
  try {
    await mkdir(join(folder, "docs"));
    await writeFile(
      join(folder, "README.md"),
      "# Top\n\n[ok](docs/guide.md#第一章) [ok](#top) [ok](https://example.com/x) [ok](docs/)\n\n" +
        "[no](docs/none.md)\n[no](docs/guide.md#chapter)\n[no](../README.md)\n[no](#bottom)\n",
    );
    await writeFile(join(folder, "docs", "guide.md"), "## 第一章\n\n[ok](../README.md#top)\n");
    const root = pathToFileURL(`${folder}/`);
    const files = await markdownFiles(root);
    assertEquals(files, ["README.md", "docs/guide.md"]);
    assertEquals(await checkLinks(files, root), [
      { file: "README.md", line: 5, target: "docs/none.md" },
      { file: "README.md", line: 6, target: "docs/guide.md#chapter" },
      { file: "README.md", line: 7, target: "../README.md" },
      { file: "README.md", line: 8, target: "#bottom" },
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
