import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { dueGuides } from "../../tools/docs_age.ts";
import { version } from "../../transport/mod.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("every guide says for which version and when it was last checked", async () => {
  for await (const { name } of Deno.readDir(`${root}/docs`)) {
    if (!/_guide(?:\.en)?\.md$|_overview\.md$|^(?:troubleshooting|reference)\.md$/.test(name)) continue;
    const text = await Deno.readTextFile(`${root}/docs/${name}`);
    const [, checked] = /(?:檢查於|Checked for) (\d+\.\d+\.\d+)[，,] ?\d{4}-\d\d-\d\d/.exec(text) ?? [];
    assertEquals(checked, version, name);
  }
});

Deno.test("dueGuides() finds what is old, what names changed code, and what says nothing", async () => {
  const folder = await Deno.makeTempDir();
  const git = async (date: string, ...args: string[]) => {
    const { success, stderr } = await new Deno.Command("git", {
      args: ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args],
      cwd: folder,
      env: { GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: date },
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  try {
    await Deno.mkdir(`${folder}/docs`);
    await Deno.mkdir(`${folder}/cache`);
    const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
    await write("cache/a.ts", "1");
    await write("cache/b.ts", "1");
    await write("docs/old_guide.md", "檢查於 0.1.0，2026-01-01");
    await write("docs/fresh_guide.md", "檢查於 0.1.0，2026-05-01 `cache/a.ts`");
    await write("docs/stale_guide.en.md", "Checked for 0.1.0, 2026-05-01. `cache/b.ts`");
    await write("docs/silent_guide.md", "nothing");
    await git("2026-04-01T00:00:00Z", "init", "-q");
    await git("2026-04-01T00:00:00Z", "add", "-A");
    await git("2026-04-01T00:00:00Z", "commit", "-qm", "first");
    await write("cache/b.ts", "2");
    await git("2026-05-03T00:00:00Z", "commit", "-qam", "second");
    assertEquals(await dueGuides(folder, new Date("2026-05-10T00:00:00Z")), [
      { path: "docs/old_guide.md", why: "checked 129 days ago" },
      { path: "docs/silent_guide.md", why: "it does not say when it was checked" },
      { path: "docs/stale_guide.en.md", why: "changed since: cache/b.ts" },
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
