import { assertEquals } from "@std/assert";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Made by tasks, or by civikit in a folder of models, so not there in a fresh checkout. */
const made = /^(?:dist|\.tmp|\.civikit)\//;

/** Every file of the checkout, and every folder with a slash at its end, as git would list them. */
async function checkout(folder = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    if ([".git", ".tmp", "coverage", "dist", "node_modules"].includes(name)) continue;
    if (isDirectory) paths.push(`${folder}${name}/`, ...await checkout(`${folder}${name}/`));
    else paths.push(folder + name);
  }
  return paths;
}

/** Paths that a document names in code spans; `NAME` stands for a name to choose. */
function pathsOf(markdown: string): string[] {
  const text = markdown.replace(/^```[\s\S]*?^```/gm, "");
  return [...text.matchAll(/`(\.?[\w./]+)`/g)].map(([, path]) => path!)
    .filter((path) => /^[\w.]+\/|^\w+\.(?:ts|md|json)$/.test(path) && !path.includes("NAME"));
}

/** Files and folders that the trees of a document name. */
function roomsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```text\n([\s\S]*?)^```/gm)]
    .flatMap(([, tree]) =>
      [...tree!.matchAll(/(?<![\w.*-])([\w/]+(?:\.ts|\/))(?=[\s　（]|$)/gm)].map(([, name]) => name!)
    );
}

const held = ["CONTRIBUTING.md", "SECURITY.md", "docs/architecture_overview.md", "docs/decision_records.md"];
for (const name of [...held, "docs/guarantees.md"]) {
  Deno.test(`every file and folder that ${name} names is there`, async () => {
    const markdown = await Deno.readTextFile(join(root, name));
    const paths = await checkout();
    const known = new Set(paths);
    assertEquals(
      pathsOf(markdown).filter((path) => !known.has(path) && !known.has(`${path}/`) && !made.test(path)),
      [],
    );
    const names = new Set(paths.flatMap((path) => [path, path.endsWith("/") ? `${basename(path)}/` : basename(path)]));
    assertEquals(roomsOf(markdown).filter((room) => !names.has(room)), []);
  });
}

for (const name of ["CONTRIBUTING.md", "docs/architecture_overview.md"]) {
  Deno.test(`the trees of ${name} show every room of the house`, async () => {
    const shown = new Set(roomsOf(await Deno.readTextFile(join(root, name))).map((room) => basename(room)));
    const rooms = (await checkout()).filter((path) =>
      /^(?:transport|cache|api|monitor|hub|testing|cli)\/(?:\w+\/)?$/.test(path)
    );
    assertEquals(rooms.filter((room) => !shown.has(basename(room))), []);
  });
}
