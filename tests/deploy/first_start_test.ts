import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { everyRight } from "../../cli/terminal/deno_flags.ts";
import { findRegistry, registryFlags } from "../../tools/registry.ts";
import { type Civitai, startCivitai } from "../_civitai/mod.ts";
import { bundle } from "../_support/bundle.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A machine on which Deno was just installed: nobody's home, no module fetched yet. */
interface Fresh {
  readonly folder: string;
  readonly civitai: Civitai;
  /** Runs a command in an empty folder of the home; throws where it fails. */
  run(words: readonly string[], cwd?: string): Promise<string>;
}

/** Packages that this machine has fetched before are there as a registry would give them; nothing else is. */
async function copyPackages(to: string): Promise<void> {
  const { DENO_DIR, XDG_CACHE_HOME, HOME = "." } = Deno.env.toObject();
  const from = join(DENO_DIR ?? join(XDG_CACHE_HOME ?? join(HOME, ".cache"), "deno"), "npm");
  await Deno.mkdir(to, { recursive: true });
  await new Deno.Command("cp", { args: ["-R", from, join(to, "npm")], stderr: "null" }).output();
}

async function onFreshMachine(work: (machine: Fresh) => Promise<void>): Promise<void> {
  await using civitai = await startCivitai({ loraBytes: 300_000 });
  const folder = await Deno.makeTempDir();
  try {
    const home = join(folder, "home");
    const cwd = join(home, "work");
    await Deno.mkdir(cwd, { recursive: true });
    await copyPackages(join(folder, "deno"));
    const way = Object.entries(Deno.env.toObject()).filter(([name]) => /proxy|cert|tls|_registry/i.test(name));
    const path = [dirname(Deno.execPath()), join(folder, "installed", "bin"), "/usr/bin", "/bin"].join(":");
    const env = {
      ...Object.fromEntries(way),
      ...{ HOME: home, PATH: path, DENO_DIR: join(folder, "deno"), DENO_INSTALL_ROOT: join(folder, "installed") },
      ...{ CIVIKIT_BASE_URL: civitai.url, CIVIKIT_REGISTRY: await findRegistry(), NO_COLOR: "1", LANG: "C" },
    };
    await work({
      ...{ folder, civitai },
      async run([program, ...args], at = cwd) {
        const command = new Deno.Command(program!, { args, cwd: at, env, clearEnv: true, stdin: "null" });
        const { code, stdout, stderr } = await command.output();
        assertEquals(code, 0, `${program} ${args.join(" ")}\n${text(stdout)}${text(stderr)}`);
        return text(stdout);
      },
    });
    // from nothing to a file that is proved to be the right one, in the place that is documented
    const bytes = await Deno.readFile(join(cwd, "downloads", "paper_lantern_v2.safetensors"));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().toUpperCase();
    assertEquals(digest, await civitai.sha256(3002));
    // what it keeps is in the home, and nowhere in the folder but there
    assertEquals([...Deno.readDirSync(cwd)].map(({ name }) => name), ["downloads"]);
    assert([...Deno.readDirSync(join(home, ".local", "state"))].some(({ name }) => name === "civikit"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const paths: Readonly<Record<string, (machine: Fresh) => Promise<void>>> = {
  "deno run": async ({ run }) => {
    const words = ["deno", "run", ...await registryFlags(root), ...everyRight, join(root, "cli", "mod.ts")];
    await run([...words, "download", "2002"]);
  },
  "deno install": async ({ run }) => {
    const words = ["deno", "install", "-g", "-n", "civikit", ...await registryFlags(root), ...everyRight];
    await run([...words, join(root, "cli", "mod.ts")]);
    await run(["civikit", "download", "2002"]);
  },
  "a checkout": async ({ run }) => {
    // what git has is enough: nothing is built, nothing installed
    await run(["deno", "task", "--config", join(root, "deno.json"), "civikit", "download", "2002"]);
  },
  "the bundle": async ({ run, folder }) => {
    await Deno.remove(join(folder, "deno"), { recursive: true });
    const { entry } = await bundle();
    // as a program of its own, by its first line
    await run([entry, "download", "2002"]);
  },
};

for (const [name, start] of Object.entries(paths)) {
  Deno.test({
    name: `a fresh machine gets from nothing to a verified file by ${name}, with the documented rights`,
    ignore: Deno.build.os === "windows",
    fn: () => onFreshMachine(start),
  });
}
