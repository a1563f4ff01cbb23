import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../tools/registry.ts";
import { copyCheckout } from "./_documents.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const guide = await Deno.readTextFile(join(root, "docs/maintenance_guide.md"));

/** A worked change of the guide. */
interface Recipe {
  readonly title: string;
  /** The test that shows it. */
  readonly test: string;
  readonly diff: string;
}

const recipes: readonly Recipe[] = [...guide.matchAll(
  /^### (.+)\n(?:(?!^### )[^])*?<!-- recipe (\S+) -->\n\n(`{3,})diff\n([^]*?)^\3$/gm,
)].map(([, title, test, , diff]) => ({ title: title!, test: test!, diff: diff! }));

const has = (program: string) =>
  new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success;

async function run(cwd: string, command: string, args: readonly string[], input = ""): Promise<string | undefined> {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  return success ? undefined : `${new TextDecoder().decode(stdout)}${new TextDecoder().decode(stderr)}`;
}

Deno.test({
  name: "every recipe of the maintenance guide applies to the code as it is, and the test in it passes",
  ignore: !has("git"),
  async fn() {
    assertEquals(recipes.length, 12);
    const folder = await Deno.makeTempDir({ prefix: "civikit_recipes_" });
    try {
      await copyCheckout(folder);
      const flags = await registryFlags(root);
      for (const { title, test, diff } of recipes) {
        const git = (...more: string[]) => run(folder, "git", ["apply", "--unidiff-zero", ...more, "-"], diff);
        assertEquals(await git(), undefined, `${title}: it does not apply`);
        const failed = await run(folder, Deno.execPath(), ["test", "-A", "--quiet", ...flags, test]);
        assert(failed === undefined, `${title}: ${failed}`);
        assertEquals(await git("-R"), undefined, title);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    assert(dirname(folder) !== root);
  },
});
