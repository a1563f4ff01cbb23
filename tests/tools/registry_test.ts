import { assertEquals, assertStringIncludes } from "@std/assert";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url);

/** A copy of the tool with an empty module cache, asking the JSR that is given. */
async function withCopy(
  run: (print: (jsrUrl: string, wanted?: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "civikit_registry_"));
  try {
    await cp(new URL("tools/registry.ts", ROOT), join(folder, "tools", "registry.ts"));
    await cp(new URL("deno.json", ROOT), join(folder, "deno.json"));
    await run(async (jsrUrl, wanted) => {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", "tools/registry.ts"],
        cwd: folder,
        env: {
          DENO_DIR: join(folder, "cache"),
          JSR_URL: jsrUrl,
          CIVIKIT_REGISTRY: wanted ?? "",
          NO_PROXY: "127.0.0.1",
        },
      }).output();
      return new TextDecoder().decode(stdout).trim() || new TextDecoder().decode(stderr).trim();
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const FLAG = "--import-map=tools/npm_only/import_map.json";

Deno.test("registry: prints nothing where JSR answers, and asks once in five minutes", async () => {
  let asked = 0;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
    asked++;
    return Response.json({ scope: "std", name: "assert", versions: {} });
  });
  await withCopy(async (print) => {
    assertEquals(await print(`http://127.0.0.1:${server.addr.port}/`), "");
    assertEquals(await print(`http://127.0.0.1:${server.addr.port}/`), "");
  });
  assertEquals(asked, 1);
});

Deno.test("registry: prints the import map where JSR refuses, is a portal's page, or is not there", async () => {
  const answers = [new Response("no", { status: 403 }), new Response("<html>Log in</html>")];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => answers.shift() ?? new Response(null, { status: 500 }),
  );
  const { port } = server.addr;
  await withCopy(async (print) => assertEquals(await print(`http://127.0.0.1:${port}/`), FLAG));
  await withCopy(async (print) => assertEquals(await print(`http://127.0.0.1:${port}/`), FLAG));
  assertEquals(answers.length, 0);
  await withCopy(async (print) => assertEquals(await print("http://127.0.0.1:1/"), FLAG));
});

Deno.test("registry: CIVIKIT_REGISTRY settles it without asking", async () => {
  await withCopy(async (print) => {
    assertEquals(await print("http://127.0.0.1:1/", "jsr"), "");
    assertEquals(await print("http://127.0.0.1:1/", "npm"), FLAG);
    assertStringIncludes(await print("http://127.0.0.1:1/", "pnpm"), `CIVIKIT_REGISTRY "pnpm"`);
  });
});

Deno.test("registry: the import map pins what deno.json pins", async () => {
  const read = async (path: string): Promise<Record<string, string>> =>
    JSON.parse(await Deno.readTextFile(new URL(path, ROOT))).imports;
  const [real, adapted] = [await read("deno.json"), await read("tools/npm_only/import_map.json")];
  const pins = Object.entries(real).filter(([, target]) => target.startsWith("npm:"));
  assertEquals(Object.fromEntries(pins.map(([name]) => [name, adapted[name]])), Object.fromEntries(pins));
  assertEquals(Object.values(real).filter((target) => !/@\d+\.\d+\.\d+$/.test(target)), []);
});
