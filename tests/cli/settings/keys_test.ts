import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { loadKey } from "../../../cli/settings/keys.ts";
import { keyPath } from "../../../cli/settings/places.ts";
import { InputError } from "../../../transport/mod.ts";

const from = (values: Record<string, string>) => (name: string) => values[name];

Deno.test("loadKey() prefers CIVITAI_API_KEY, then a key file that only its owner can read", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const env = from({ XDG_CONFIG_HOME: folder });
    assertEquals(await loadKey(env), undefined);
    await Deno.mkdir(join(folder, "civikit"));
    const path = keyPath(env)!;
    await Deno.writeTextFile(path, "key-from-file\n", { mode: 0o600 });
    assertEquals(await loadKey(env), "key-from-file");
    assertEquals(await loadKey(from({ XDG_CONFIG_HOME: folder, CIVITAI_API_KEY: "key-from-env" })), "key-from-env");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "loadKey() refuses a key file that others can read, and does not show the key",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const env = from({ XDG_CONFIG_HOME: folder });
      await Deno.mkdir(join(folder, "civikit"));
      await Deno.writeTextFile(keyPath(env)!, "key-from-file\n");
      await Deno.chmod(keyPath(env)!, 0o640);
      const error = await assertRejects(() => loadKey(env), InputError);
      assertEquals(error.code, "invalid_config");
      assert(error.message.includes("chmod 600") && !error.message.includes("key-from-file"), error.message);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("loadKey() refuses what cannot be a key without repeating it", async () => {
  const error = await assertRejects(() => loadKey(from({ CIVITAI_API_KEY: "two words-secret" })), InputError);
  assert(!error.message.includes("secret") && error.message.includes("CIVITAI_API_KEY"));
});
