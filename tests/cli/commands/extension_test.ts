import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { extensionFiles } from "../../../extensions/mod.ts";
import { version } from "../../../transport/http/version.ts";
import { events, inWorld, tree } from "../_world.ts";

/** A program's folder with an empty folder for extensions. */
function program(folder: string, below: string): string {
  const dir = join(folder, "my ui");
  Deno.mkdirSync(join(dir, below), { recursive: true });
  return dir;
}

for (const [name, below] of [["forge", "extensions"], ["comfyui", "custom_nodes"]] as const) {
  Deno.test(`extension: ${name} is put in place, told, and taken away without a trace`, async () => {
    await inWorld(async ({ folder, run }) => {
      const dir = program(folder, below);
      const place = join(dir, below, "civikit");
      const { code, io } = await run(["extension", "install", name, dir, "--json"]);
      assertEquals(code, 0, io.err);
      assertEquals(events(io), [{ event: "installed", name, folder: place, pair: null }]);
      assertEquals(tree(place), [...Object.keys(extensionFiles[name]), "civikit.json"].sort());
      for (const [path, text] of Object.entries(extensionFiles[name])) {
        assertEquals(Deno.readTextFileSync(join(place, path)), text);
      }
      assertEquals(Deno.statSync(join(place, "civikit.json")).mode! & 0o777, 0o600);
      const { token, url, pair } = JSON.parse(Deno.readTextFileSync(join(place, "civikit.json")));
      assertMatch(token, /^[\w-]{43}$/);
      assertEquals([url, pair], [null, null]);
      assert(!io.out.includes(token) && !io.err.includes(token));
      const listed = events((await run(["extension", "list", dir, "--json"])).io);
      assertEquals(listed, [{ name, folder: place, state: "current", edited: [] }]);

      // what Python made of ours goes too, what is somebody else's stays
      Deno.mkdirSync(join(place, "__pycache__"));
      Deno.writeTextFileSync(join(place, "__pycache__", "civikit_core.cpython-311.pyc"), "");
      Deno.writeTextFileSync(join(place, "notes.txt"), "mine");
      const gone = await run(["extension", "uninstall", name, dir]);
      assertEquals([gone.code, tree(place)], [0, ["notes.txt"]]);
      assertStringIncludes(gone.io.err, "notes.txt");
      Deno.removeSync(join(place, "notes.txt"));
      Deno.removeSync(place);
      await run(["extension", "install", name, join(dir, below)]);
      assertEquals((await run(["extension", "uninstall", name, dir])).io.err, `${place}: removed\n`);
      assertEquals(tree(dir), []);
      assertEquals((await run(["extension", "uninstall", name, dir])).code, 2);
    });
  });
}

Deno.test("extension: what somebody edited is replaced by force alone, what is somebody else's never", async () => {
  await inWorld(async ({ folder, run }) => {
    const dir = program(folder, "extensions");
    const place = join(dir, "extensions", "civikit");
    const install = (...more: string[]) => run(["extension", "install", "forge", dir, ...more]);
    await install();
    const script = join(place, "javascript", "civikit.mjs");
    // of an earlier version, by its own digest: it is renewed
    Deno.writeTextFileSync(script, "// mine\n");
    const refused = await install();
    assertEquals([refused.code, Deno.readTextFileSync(script)], [2, "// mine\n"]);
    assertStringIncludes(refused.io.err, "javascript/civikit.mjs was edited since; --force replaces it");
    assertEquals(events((await run(["extension", "list", dir, "--json"])).io)[0]!["state"], "edited");
    assertEquals((await install("--force")).code, 0);
    assertEquals(Deno.readTextFileSync(script), extensionFiles.forge["javascript/civikit.mjs"]);

    Deno.writeTextFileSync(script, "// mine again\n");
    const left = await run(["extension", "uninstall", "forge", dir]);
    assertEquals(tree(place), ["javascript/civikit.mjs"]);
    assertStringIncludes(left.io.err, "javascript/civikit.mjs");
    // now it is nobody's of ours
    assertEquals((await install("--force")).code, 2);
    assertEquals(Deno.readTextFileSync(script), "// mine again\n");
  });
});

Deno.test("extension: an older version is renewed, with its address and its code", async () => {
  await inWorld(async ({ folder, run }) => {
    const dir = program(folder, "custom_nodes");
    const place = join(dir, "custom_nodes", "civikit");
    const first = await run([
      "extension",
      "install",
      "comfyui",
      dir,
      "--remote",
      "--url",
      "https://box.lan/",
      "--json",
    ]);
    const { pair } = events(first.io)[0] as { pair: string };
    assertMatch(pair, /^[\w-]{12}$/);
    // as an earlier version would have left it: a file that is other, and one that is no longer
    const manifest = JSON.parse(Deno.readTextFileSync(join(place, ".civikit.json")));
    const hex = async (text: string) =>
      new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
    Deno.writeTextFileSync(join(place, "web", "civikit.js"), "// older\n");
    Deno.writeTextFileSync(join(place, "web", "gone.js"), "// gone\n");
    Object.assign(manifest.files, { "web/civikit.js": await hex("// older\n"), "web/gone.js": await hex("// gone\n") });
    Deno.writeTextFileSync(join(place, ".civikit.json"), JSON.stringify(manifest));
    assertEquals(events((await run(["extension", "list", dir, "--json"])).io)[0]!["state"], "outdated");
    assertEquals((await run(["extension", "install", "comfyui", dir])).code, 0);
    assertEquals(tree(place), [...Object.keys(extensionFiles.comfyui), "civikit.json"].sort());
    const kept = JSON.parse(Deno.readTextFileSync(join(place, "civikit.json")));
    assertEquals([kept.url, kept.pair], ["https://box.lan/", pair]);
  });
});

Deno.test("extension: says what is due, and where there is no such program", async () => {
  await inWorld(async ({ folder, run }) => {
    for (
      const [args, text] of [
        [["install"], "one of forge, comfyui is due"],
        [["install", "invokeai", folder], "one of forge, comfyui is due"],
        [["install", "forge"], "the folder of the program is due"],
        [["install", "forge", folder], 'there is no folder "extensions" in it'],
        [["list", join(folder, "none")], "there is no folder"],
      ] as const
    ) {
      const { code, io } = await run(["extension", ...args]);
      assertEquals(code, 2, args.join(" "));
      assertStringIncludes(io.err, text);
    }
    const foreign = join(program(folder, "extensions"), "extensions", "civikit");
    Deno.mkdirSync(foreign);
    Deno.writeTextFileSync(join(foreign, "a.py"), "");
    assertStringIncludes(
      (await run(["extension", "install", "forge", join(folder, "my ui")])).io.err,
      "not of civikit's making",
    );
  });
});

Deno.test("extension: its scripts are short, and its package has the version of civikit", () => {
  assertStringIncludes(extensionFiles.comfyui["pyproject.toml"]!, `version = "${version}"`);
  for (const [path, text] of Object.values(extensionFiles).flatMap((files) => Object.entries(files))) {
    if (/\.m?js$/.test(path)) assert(text.split("\n").length <= 200, path);
  }
});
