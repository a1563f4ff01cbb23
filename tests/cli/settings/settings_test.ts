import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { chooseBaseUrl, chooseLocale, loadKey } from "../../../cli/settings/settings.ts";
import { keyPath } from "../../../cli/settings/places.ts";
import { civitai } from "../../../api/mod.ts";
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

Deno.test("chooseBaseUrl() takes https, and http on this machine alone", () => {
  assertEquals(chooseBaseUrl(from({})), "https://civitai.com");
  assertEquals(chooseBaseUrl(from({ CIVIKIT_BASE_URL: "https://civitai.red/" })), "https://civitai.red");
  assertEquals(chooseBaseUrl(from({}), "http://127.0.0.1:8080"), "http://127.0.0.1:8080");
  for (const bad of ["http://civitai.com", "http://127.0.0.1.evil.example", "civitai.com", "https://me@civitai.com"]) {
    assertEquals(assertThrows(() => chooseBaseUrl(from({}), bad), InputError).code, "invalid_config", bad);
  }
});

Deno.test("chooseLocale() follows --lang, CIVIKIT_LANG, then the system, and falls back to English", () => {
  assertEquals(chooseLocale(from({})), "en");
  assertEquals(chooseLocale(from({ LANG: "zh_TW.UTF-8" })), "zh-TW");
  assertEquals(chooseLocale(from({ LANG: "zh_TW.UTF-8", LC_ALL: "C" })), "en");
  assertEquals(chooseLocale(from({ LANG: "zh_TW.UTF-8", CIVIKIT_LANG: "en" })), "en");
  assertEquals(chooseLocale(from({ LANG: "de_DE.UTF-8" })), "en");
  assertEquals(chooseLocale(from({}), "zh-tw"), "zh-TW");
  assertThrows(() => chooseLocale(from({}), "de"), InputError);
});

Deno.test("chooseBaseUrl() and the library take the same addresses, names below localhost too", () => {
  const good = [
    "http://x.localhost",
    "http://localhost:81/a/",
    "http://[::1]:8",
    "http://127.9.9.9",
    "https://a.example/b",
  ];
  const bad = ["http://localhost.example", "http://10.0.0.1", "ftp://localhost", "https://a.example/?q=1", "nothing"];
  for (const url of good) {
    assertEquals(chooseBaseUrl(from({}), url), url.replace(/\/$/, ""));
    civitai({ fetch: () => Promise.reject(new Error()) }, { baseUrl: url });
  }
  for (const url of [...bad, "https://me@a.example", "https://a.example/#x"]) {
    assertThrows(() => chooseBaseUrl(from({}), url), InputError, "--base-url");
    assertThrows(() => civitai({ fetch: () => Promise.reject(new Error()) }, { baseUrl: url }), TypeError, "baseUrl");
  }
});
