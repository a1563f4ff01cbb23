import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../tools/registry.ts";
import { inWorld } from "./_world.ts";

const validKey = "member-key";
const root = fileURLToPath(new URL("../../", import.meta.url));
const hasScript = new Deno.Command("sh", { args: ["-c", "command -v script timeout"] }).outputSync().success;

Deno.test("--ask-key uses the key that is typed, in place of the one that is set, and keeps it nowhere", () =>
  inWorld(async ({ run }) => {
    const { code, io } = await run(["whoami", "--ask-key"], {
      secret: ` ${validKey}\n`,
      env: { CIVITAI_API_KEY: "another-key-0123456789" },
    });
    assertEquals(code, 0, io.err);
    assert(!`${io.out}${io.err}`.includes(validKey), io.out);
    assertEquals((await run(["whoami"])).code, 3);
  }));

Deno.test("--ask-key where nobody can be asked says what to do instead, and asks Civitai for nothing", () =>
  inWorld(async ({ run, civitai }) => {
    const { code, io } = await run(["whoami", "--ask-key"]);
    assertEquals(code, 2);
    assertStringIncludes(io.err, "reading a key: input and output are no terminal; set CIVITAI_API_KEY instead");
    assertEquals(civitai.log.length, 0);
  }));

Deno.test("--ask-key refuses what is no key, without showing it", () =>
  inWorld(async ({ run }) => {
    const { code, io } = await run(["whoami", "--ask-key"], { secret: "two words-5ec7e7" });
    assertEquals(code, 2);
    assertStringIncludes(io.err, "not one word of 8 to 512 plain characters");
    assert(!io.err.includes("5ec7e7"), io.err);
  }));

Deno.test({
  name: "civikit --ask-key reads the key on a real terminal and shows none of it",
  ignore: !hasScript,
  fn: () =>
    inWorld(async ({ civitai, folder }) => {
      const words = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", "--config", join(root, "deno.json")];
      words.push(...await registryFlags(root), join(root, "cli", "main.ts"), "whoami", "--ask-key");
      const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
      const child = new Deno.Command("timeout", {
        args: ["60", "script", "-qec", quoted, "/dev/null"],
        env: { CIVIKIT_BASE_URL: civitai.url, CIVIKIT_MONITOR: "off", CIVIKIT_CACHE: "off", HOME: folder, LANG: "C" },
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const writer = child.stdin.getWriter();
      let screen = "";
      let isTyped = false;
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        screen += text;
        if (isTyped || !screen.includes("Civitai API key:")) continue;
        isTyped = true;
        await writer.write(new TextEncoder().encode(`${validKey}\n`));
      }
      await writer.close().catch(() => {});
      assertEquals((await child.status).code, 0, screen);
      assert(isTyped && !screen.includes(validKey), screen);
      assertStringIncludes(screen, "user");
    }),
});
