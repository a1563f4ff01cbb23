import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { basename, dirname, join } from "node:path";
import { binaryName, compile, targets } from "../../tools/compile.ts";
import { readEmbedded } from "../../tools/embedded.ts";
import { bundle } from "../_support/bundle.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Compiles with another program in the place of Deno's runtime, which only dl.deno.land has. */
async function withStandIn(work: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const before = Deno.env.get("DENORT_BIN");
  Deno.env.set("DENORT_BIN", "/bin/true");
  try {
    const output = join(folder, "civikit");
    const { path, isStarted } = await compile({ bundle: dirname((await bundle()).entry), output, isStandIn: true });
    assertEquals([path, isStarted], [output, false]);
    await work(output, folder);
  } finally {
    if (before === undefined) Deno.env.delete("DENORT_BIN");
    else Deno.env.set("DENORT_BIN", before);
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "a binary holds every file of the bundle, the rights of the documented installation, and no others",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withStandIn(async (path) => {
      const { permissions, files, entry } = readEmbedded(await Deno.readFile(path));
      const granted = Object.keys(permissions).filter((name) => permissions[name] !== null).sort();
      assertEquals(granted, [
        "allow_env",
        "allow_import",
        "allow_net",
        "allow_read",
        "allow_sys",
        "allow_write",
        "prompt",
      ]);
      for (const name of ["env", "net", "read", "sys", "write"]) assertEquals(permissions[`allow_${name}`], []);
      assertEquals(permissions["prompt"], false);
      assertEquals(basename(entry), "civikit.js");
      const all = [...files.values()].map(text).join("\n");
      // the hashing worker, the embedded database, pages, styles, the userscript
      for (
        const part of ["data:application/javascript,", "node:sqlite", "Idiomorph", "==UserScript==", "<svg", "@media"]
      ) {
        assert(all.includes(part), part);
      }
    }),
});

Deno.test({
  name: "what a binary holds starts: its files alone, with its rights alone",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withStandIn(async (path, folder) => {
      const { entry, files } = readEmbedded(await Deno.readFile(path));
      for (const [name, bytes] of files) {
        await Deno.mkdir(join(folder, "held", dirname(name)), { recursive: true });
        await Deno.writeFile(join(folder, "held", name), bytes);
      }
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--no-config",
          "--cached-only",
          "--no-prompt",
          "--allow-read",
          "--allow-env",
          join(folder, "held", entry),
          "help",
          "scan",
        ],
        env: { HOME: folder, DENO_DIR: join(folder, "deno"), LANG: "C" },
        clearEnv: true,
      }).output();
      assertEquals([code, text(stderr)], [0, ""]);
      assert(text(stdout).includes("civikit scan"), text(stdout));
    }),
});

Deno.test({
  name:
    "what is embedded is found in programs of macOS and Windows too, where its mark stands alone and elsewhere besides",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withStandIn(async (path) => {
      const bytes = await Deno.readFile(path);
      const mark = new TextEncoder().encode("d3n0l4nd");
      const at = text(bytes.subarray(0, 100_000).map((byte) => byte > 126 ? 0 : byte)).indexOf("d3n0l4nd");
      const isTwice = text(bytes.subarray(at + 8, at + 16)) === "d3n0l4nd";
      const held = bytes.subarray(at + (isTwice ? 8 : 0));
      // a table of sections that names it, then what it holds, then the word again
      const other = new Uint8Array([...new Uint8Array(64), ...mark, ...new Uint8Array(64), ...held, ...mark, 0, 0]);
      assertEquals([...readEmbedded(other).files.keys()], [...readEmbedded(bytes).files.keys()]);
    }),
});

Deno.test("compile() that cannot have Deno's runtime says so, and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const made = dirname((await bundle()).entry);
    await assertRejects(() => compile({ bundle: join(folder, "none"), output: join(folder, "a") }), Error, "failed");
    const { path } = await compile({ bundle: made, output: join(folder, "b"), target: "x86_64-pc-windows-msvc" });
    if (path === undefined) assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readEmbedded() refuses a program that was not compiled", () => {
  assertThrows(() => readEmbedded(new Uint8Array(1000)), Error, "nothing is embedded");
});

Deno.test("a binary is named by its system", () => {
  assertEquals(targets.map(binaryName), [
    "civikit-x86_64-unknown-linux-gnu",
    "civikit-aarch64-unknown-linux-gnu",
    "civikit-x86_64-apple-darwin",
    "civikit-aarch64-apple-darwin",
    "civikit-x86_64-pc-windows-msvc.exe",
  ]);
});
