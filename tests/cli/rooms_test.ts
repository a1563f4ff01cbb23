import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

const cli = new URL("../../cli/", import.meta.url);

/** The rooms of the command from the top down; the two of one row do not import each other. */
const floors = [
  ["mod.ts"],
  ["main.ts"],
  ["dispatch.ts"],
  ["help.ts"],
  ["commands"],
  ["run"],
  ["command.ts"],
  ["options"],
  ["settings"],
  ["terminal"],
  ["missing_part.ts"],
  ["texts"],
  ["exit_code.ts"],
  ["exit_codes.ts"],
];

const roomOf = (path: string) => path.split("/")[0]!;
const floorOf = (room: string) => floors.findIndex((rooms) => rooms.includes(room));

async function* sources(folder: URL, below = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(below, folder))) {
    if (isDirectory) yield* sources(folder, `${below}${name}/`);
    else yield below + name;
  }
}

Deno.test("in cli/ every import leads downwards, from commands over options to the terminal", async () => {
  const upwards: string[] = [];
  const rooms = new Set<string>();
  for await (const path of sources(cli)) {
    rooms.add(roomOf(path));
    const text = await Deno.readTextFile(new URL(path, cli));
    for (const [, specifier] of text.matchAll(/(?:from |import\()"(\.{1,2}\/[^"]+)"/g)) {
      const target = new URL(specifier!, new URL(path, cli));
      if (!target.href.startsWith(cli.href)) continue;
      const room = roomOf(fileURLToPath(target).slice(fileURLToPath(cli).length));
      if (room !== roomOf(path) && floorOf(room) <= floorOf(roomOf(path))) upwards.push(`${path} -> ${room}`);
    }
  }
  assertEquals(upwards, []);
  assertEquals([...rooms].filter((room) => floorOf(room) < 0), []);
  assert(floors.flat().every((room) => rooms.has(room)));
});
