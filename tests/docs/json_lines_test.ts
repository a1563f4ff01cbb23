import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { events, inWorld } from "../cli/_world.ts";

const root = new URL("../../", import.meta.url);
const reference = await Deno.readTextFile(new URL("docs/reference.md", root));

/** The rows of a table between its marks: the words in code of each cell. */
function rowsOf(name: string): string[][][] {
  const [, table = ""] = new RegExp(`<!-- ${name} -->([^]*?)<!-- /${name} -->`).exec(reference) ?? [];
  return table.trim().split("\n").slice(2).map((line) =>
    line.split("|").slice(1, -1).map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!))
  );
}

const shapes = new Map(rowsOf("shapes of lines").map(([names, fields]) => [names![0]!, fields!]));
/** By `command event`: the fields that its lines may have. */
const documented = new Map<string, ReadonlySet<string>>();
for (const [commands = [], names = [], words = []] of rowsOf("events of commands")) {
  const fields = words.flatMap((word) => shapes.get(word) ?? [word]);
  for (const command of commands) {
    for (const name of names) {
      const key = `${command} ${name}`;
      documented.set(key, new Set([...fields, ...documented.get(key) ?? []]));
    }
  }
}
const known = new Set([...documented.keys()].map((key) => key.split(" ")[1]!));
/** What downloads say, in commands that download; it has a table of its own. */
const ofDownloads = new Set(rowsOf("lines").map(([names]) => names![0]!));

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) yield* sources(`${folder}${name}/`);
    else yield `${folder}${name}`;
  }
}

Deno.test("the reference has every event that the source of the commands names", async () => {
  const missing: string[] = [];
  for await (const path of sources("cli/")) {
    const text = await Deno.readTextFile(new URL(path, root));
    for (const [, name] of text.matchAll(/\bevent: "(\w+)"/g)) {
      if (!known.has(name!) && !ofDownloads.has(name!)) missing.push(`${path}: ${name}`);
    }
  }
  assertEquals(missing, []);
  assert(
    documented.size > 90 && ![...documented.values()].some((fields) => [...fields].some((f) => f.startsWith("…"))),
  );
});

Deno.test("lines of --json are as the reference has them, command by command", () =>
  inWorld(async ({ folder, run, civitai }) => {
    const [mine, project, twice] = ["mine", "project", "twice"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const one of [mine, project, twice]) Deno.mkdirSync(one);
    const { content } = civitai.file(3010).file;
    Deno.writeFileSync(join(mine, "harbour.safetensors"), content.read(0, content.size));
    Deno.writeTextFileSync(join(mine, "cut.safetensors"), "cut");
    Deno.writeTextFileSync(join(mine, "half.pt.part"), "half");
    const picture = join(folder, "info.txt");
    Deno.writeTextFileSync(picture, "x\nSteps: 20, Sampler: Euler a, Model: nobody_knows");
    const calls = [
      `scan ${mine} --quick`,
      `scan ${mine} --prove --updates --sidecars`,
      `verify ${mine}`,
      `adopt ${mine} --project ${project} --layout flat --dry-run`,
      `adopt ${mine} --project ${project} --layout flat`,
      `outdated --project ${project}`,
      `update --project ${project} --dry-run`,
      `update --project ${project} --latest --dry-run`,
      `update --project ${project} --latest --old trash`,
      `update --project ${project} --ignore model:1001`,
      `add 2001 --project ${project}`,
      `add ${picture} --project ${project}`,
      `install --project ${project}`,
      `verify --project ${project}`,
      `remove 2001 --project ${project} --dry-run`,
      `remove 2001 --project ${project} --trash`,
      `trash list --root ${mine}`,
      `download 2001 --dir ${twice}`,
      `download 2001 --dir ${join(twice, "b")}`,
      `duplicates ${twice}`,
      `duplicates ${twice} --trash --yes`,
      `organize ${twice} --layout comfyui --dry-run`,
      `organize ${twice} --layout comfyui`,
      `organize ${twice} --undo`,
      `show ${join(mine, "harbour.safetensors")}`,
      `images download --limit 1 --dir ${join(folder, "pictures")}`,
      `queue add 2001 2002 --dir ${join(folder, "queue")}`,
      "queue pause 1",
      "queue resume 1",
      "queue move 2 --before 1",
      "queue run",
      "queue retry 1",
      "queue cancel 1",
      "watch add model:1001 --backlog 1 --dry-run",
      "watch add model:1001 --backlog 1",
      "watch list",
      "watch now --dry-run",
      "watch now",
      "watch edit 1 --tell",
      "watch pause 1",
      "watch remove 1",
      "config set retry.max 2",
      "config unset retry.max",
      "config check",
      "config reset",
      `layout export comfyui --root ${mine} --out ${join(folder, "models.yaml")}`,
      `clean ${mine} --yes`,
      "logout",
    ];
    const seen = new Set<string>();
    const env = { CIVIKIT_STATE_DIR: join(folder, "state"), HOME: folder };
    for (const call of calls) {
      const words = call.split(" ");
      const { io } = await run([...words, "--json"], { env });
      for (const { event, ...fields } of events(io)) {
        if (event === undefined || event === "summary" || event === "error") continue;
        const key = `${words[0]} ${event}`;
        if (ofDownloads.has(String(event)) && !documented.has(key)) continue;
        const may = documented.get(key);
        assert(may !== undefined, `civikit ${call}: the reference has no ${key}`);
        const more = Object.keys(fields).filter((name) => !may.has(name));
        assertEquals(more, [], `civikit ${call}: fields of ${key} that the reference has not`);
        seen.add(key);
      }
    }
    assert(seen.size > 45, [...seen].join(", "));
  }));
