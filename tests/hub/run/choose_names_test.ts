import { assert, assertEquals, assertRejects } from "@std/assert";
import { chooseNames, type Unnamed } from "../../../hub/run/choose_names.ts";

Deno.test("chooseNames() gives each file a name of its own that fits, whatever the disk thinks of upper case", async () => {
  const folder = await Deno.makeTempDir();
  const long = "長".repeat(72) + ".safetensors";
  const file = (name: string, mark: string): Unnamed => ({ name, mark, url: `https://x.example/${mark}`, hashes: {} });
  try {
    const files = [
      file("a.bin", "1"),
      file("A.bin", "2"),
      file("a-2.bin", "3"),
      file("a.bin", "1"),
      file(long, "1234567"),
      file(long, "1234568"),
      file("noextension", "5"),
      file("noextension", "6"),
    ];
    const names = await chooseNames(files, folder, new AbortController().signal);
    assertEquals(names.slice(0, 4), ["a.bin", "A-2.bin", "a-2-3.bin", "a-1.bin"]);
    assertEquals(names.slice(6), ["noextension", "noextension-6"]);
    assert(names[5]!.endsWith("長-1234568.safetensors"), names[5]);
    assertEquals(new Set(names.map((one) => one.toLowerCase())).size, files.length);
    for (const one of names) assert(new TextEncoder().encode(one).length <= 229, one);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("chooseNames() takes what cannot be read for another file, and ends when it is told to", async () => {
  const folder = await Deno.makeTempDir();
  const stop = new AbortController();
  const url = "https://x.example/";
  const files = ["1", "2"].map((mark): Unnamed => ({ name: "a.bin", mark, url: url + mark, hashes: { SHA256: "00" } }));
  try {
    await Deno.mkdir(`${folder}/a.bin`);
    assertEquals(await chooseNames(files, folder, stop.signal), ["a-1.bin", "a-2.bin"]);
    await Deno.remove(`${folder}/a.bin`);
    await Deno.writeTextFile(`${folder}/a.bin`, "x");
    stop.abort(new Error("stop"));
    await assertRejects(() => chooseNames(files, folder, stop.signal), Error, "stop");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
