import { assert, assertEquals, assertThrows } from "@std/assert";
import { dirname, join } from "node:path";
import { loadKeys } from "../../../cli/settings/keys.ts";
import { keyPath } from "../../../cli/settings/places.ts";
import { writePrivate } from "../../../cli/settings/private_file.ts";
import { InputError } from "../../../transport/mod.ts";

const isWindows = Deno.build.os === "windows";
const site = "civitai.com";

type Env = Record<string, string>;
const from = (values: Env) => (name: string) => values[name];
const keyOf = (values: Env, host = site) => loadKeys(from(values)).find(host)?.key;

/** Calls `work` with an environment whose keys are in a folder of its own. */
function inHome(work: (env: Env, folder: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    try {
      work({ XDG_CONFIG_HOME: folder }, folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

Deno.test(
  "loadKeys() prefers CIVITAI_API_KEY, its other spellings, what a service was given, then the key file",
  inHome((env, folder) => {
    assertEquals(keyOf(env), undefined);
    writePrivate(keyPath(from(env))!, "key-from-file\n");
    assertEquals(keyOf(env), "key-from-file");
    const given = { ...env, CREDENTIALS_DIRECTORY: join(folder, "credentials") };
    assertEquals(keyOf(given), "key-from-file");
    Deno.mkdirSync(given.CREDENTIALS_DIRECTORY);
    // what a unit gives that has no key
    for (const none of ["none", "", "\n"]) {
      Deno.writeTextFileSync(join(given.CREDENTIALS_DIRECTORY, "civitai_key"), none);
      assertEquals(keyOf(given), "key-from-file");
    }
    // as systemd makes it: open by its mode, guarded by its folder
    Deno.writeTextFileSync(join(given.CREDENTIALS_DIRECTORY, "civitai_key"), "key-from-systemd\n", { mode: 0o440 });
    assertEquals(keyOf(given), "key-from-systemd");
    assertEquals(keyOf({ ...given, CIVITAI_API_TOKEN: "key-from-comfy" }), "key-from-comfy");
    const both = { ...given, CIVITAI_API_TOKEN: "key-from-comfy", CIVITAI_TOKEN: "key-from-token" };
    assertEquals(keyOf(both), "key-from-token");
    assertEquals(keyOf({ ...both, CIVITAI_API_KEY: "key-from-env" }), "key-from-env");
    assertEquals(keyOf({ ...both, CIVITAI_API_KEY: " " }), "key-from-token");
  }),
);

Deno.test(
  "loadKeys() finds the key of each site, with and without www, and the first one for all others",
  inHome((env) => {
    writePrivate(keyPath(from(env))!, "key-for-all\n");
    writePrivate(keyPath(from(env), "civitai.red")!, "key-for-red\n");
    writePrivate(keyPath(from(env), "127.0.0.1:8080")!, "key-for-port\n");
    const { find } = loadKeys(from(env));
    const hosts = ["civitai.com", "civitai.red", "www.civitai.red", "127.0.0.1:8080", "127.0.0.1:8081"];
    const keys = ["key-for-all", "key-for-red", "key-for-red", "key-for-port", "key-for-all"];
    assertEquals(hosts.map((host) => find(host)?.key), keys);
    assertEquals(find("civitai.red")?.source, JSON.stringify(keyPath(from(env), "civitai.red")));
  }),
);

Deno.test("keyPath() leaves its folder for no name of a site", () => {
  const folder = dirname(keyPath(from({ HOME: "/home/me" }), "civitai.red")!);
  for (const name of ["../../evil", "..", "a/b", "C:\\x"]) {
    assertEquals(dirname(keyPath(from({ HOME: "/home/me" }), name)!), folder);
  }
});

Deno.test({
  name: "loadKeys() refuses a key file that others can read, and does not show the key",
  ignore: isWindows,
  fn: inHome((env) => {
    const path = keyPath(from(env))!;
    writePrivate(path, "key-from-file\n");
    Deno.chmodSync(path, 0o640);
    const { code, message } = assertThrows(() => keyOf(env), InputError);
    assertEquals(code, "invalid_config");
    assert(message.includes("chmod 600") && !message.includes("key-from-file"), message);
  }),
});

Deno.test("loadKeys() names what is wrong with a key and what to do, without repeating it", () => {
  const faults = {
    "two words-secret": "there are blanks in it",
    "secret": "it is too short",
    "secreté-0": "not one word",
  };
  for (const [text, fault] of Object.entries(faults)) {
    const { message } = assertThrows(() => keyOf({ CIVITAI_API_KEY: text }), InputError);
    assert(!message.includes("secret") && message.startsWith("reading the API key from CIVITAI_API_KEY: not one"));
    assert(message.includes(fault) && message.includes("https://civitai.com/user/account"), message);
  }
});

Deno.test({
  name: "writePrivate() writes for the owner alone, in place of a file that was open, and leaves nothing else",
  ignore: isWindows,
  fn: inHome((_env, outer) => {
    const folder = join(outer, "civikit");
    const path = join(folder, "key");
    Deno.mkdirSync(folder, { mode: 0o755 });
    Deno.writeTextFileSync(path, "old", { mode: 0o644 });
    Deno.writeTextFileSync(`${path}.tmp`, "of a killed run", { mode: 0o644 });
    writePrivate(path, "new");
    assertEquals(Deno.readTextFileSync(path), "new");
    assertEquals([folder, path].map((one) => Deno.statSync(one).mode! & 0o777), [0o700, 0o600]);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["key"]);
  }),
});
