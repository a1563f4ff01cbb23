import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inWorld } from "./_world.ts";
import { hasScript, typedKey } from "./_typed_key.ts";

const validKey = "member-key";

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
      const typed = { question: "Civitai API key:", key: validKey };
      const { screen, isAsked, code } = await typedKey(["whoami", "--ask-key"], typed, { url: civitai.url, folder });
      assertEquals(code, 0, screen);
      assert(isAsked && !screen.includes(validKey), screen);
      assertStringIncludes(screen, "user");
    }),
});
