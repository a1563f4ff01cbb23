import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keyPath } from "../../../cli/settings/places.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { events, inWorld } from "../_world.ts";
import { rawServer, readHead, writeText } from "../../_support/raw.ts";
import { hasScript, typedKey } from "../_typed_key.ts";

const validKey = "member-key";
const wrongKey = "wrong-key-0123456789";
const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Where the key of the world's own site is kept. */
const pathIn = (folder: string, url: string) => {
  const env = (name: string) => name === "XDG_CONFIG_HOME" ? join(folder, "..") : undefined;
  return keyPath(env, new URL(url).host)!;
};
const exists = (path: string) => {
  try {
    return Deno.lstatSync(path).isFile;
  } catch {
    return false;
  }
};

Deno.test("civikit login keeps a key that the site accepts, for its owner alone, and whoami uses it", () =>
  inWorld(async ({ run, civitai, folder }) => {
    const path = pathIn(folder, civitai.url);
    const { code, io } = await run(["login"], { secret: ` ${validKey} \n` });
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.err, "Hello member");
    assertStringIncludes(io.err, path);
    assert(!`${io.out}${io.err}`.includes(validKey));
    assertEquals(Deno.readTextFileSync(path), `${validKey}\n`);
    if (Deno.build.os !== "windows") {
      assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
      assertEquals(Deno.statSync(join(path, "..")).mode! & 0o777, 0o700);
    }
    const who = await run(["whoami"]);
    assertEquals(who.code, 0, who.io.err);
    assertStringIncludes(who.io.out, JSON.stringify(path));
  }));

Deno.test("civikit login without a terminal reads one line, and --json tells whose key it is", () =>
  inWorld(async ({ run, civitai, folder }) => {
    const { code, io } = await run(["login", "--json"], { stdin: `${validKey}\nnot-the-key\n` });
    assertEquals(code, 0, io.err);
    const path = pathIn(folder, civitai.url);
    const site = new URL(civitai.url).host;
    assertEquals(events(io), [{ event: "login", site, user: 8, name: "member", accepted: true, path }]);
  }));

Deno.test("civikit login keeps no key that the site refuses, unless told", () =>
  inWorld(async ({ run, civitai, folder }) => {
    const path = pathIn(folder, civitai.url);
    const { code, io } = await run(["login"], { secret: wrongKey });
    assertEquals(code, 3);
    assertStringIncludes(io.err, "API key not accepted");
    assertStringIncludes(io.err, "not kept");
    assert(!io.err.includes(wrongKey), io.err);
    assert(!exists(path));
    const kept = await run(["login", "--keep"], { secret: wrongKey });
    assertEquals(kept.code, 0, kept.io.err);
    assertStringIncludes(kept.io.err, "does not accept this key");
    assert(exists(path));
  }));

Deno.test("civikit login keeps no key when the site does not answer, unless told, and the old one stays", () =>
  inWorld(async ({ run, civitai, folder }) => {
    await run(["login"], { secret: validKey });
    const path = pathIn(folder, civitai.url);
    civitai.faults.maintenance(true);
    const { code, io } = await run(["login"], { secret: "another-key-0" });
    assertEquals(code, 5, io.err);
    assertStringIncludes(io.err, "not kept");
    assertEquals(Deno.readTextFileSync(path), `${validKey}\n`);
    const kept = await run(["login", "--keep"], { secret: "another-key-0" });
    assertEquals(kept.code, 0, kept.io.err);
    assertEquals(Deno.readTextFileSync(path), "another-key-0\n");
  }));

Deno.test("civikit login without a key to read says what to do, and asks nobody", () =>
  inWorld(async ({ run, civitai }) => {
    for (
      const [stdin, words] of [["", "from the standard input: nothing there"], [
        "two words\n",
        "there are blanks in it",
      ]]
    ) {
      const { code, io } = await run(["login"], { stdin: stdin! });
      assertEquals(code, 2);
      assertStringIncludes(io.err, words!);
    }
    assertEquals(civitai.log.length, 0);
  }));

Deno.test("civikit login --site takes hosts that may see a key, and no other", () =>
  inWorld(async ({ run, civitai }) => {
    const { code, io } = await run(["login", "--site", "evil.example"], { secret: validKey });
    assertEquals(code, 2);
    assertStringIncludes(io.err, "evil.example");
    assertStringIncludes(io.err, "civitai.com, civitai.red");
    const own = await run(["login", "--site", new URL(civitai.url).host], { secret: validKey });
    assertEquals(own.code, 0, own.io.err);
  }));

Deno.test("civikit login --site asks that site whose key it is, and no other", () =>
  inWorld(async ({ run, civitai }) => {
    const heads: string[] = [];
    await using proxy = rawServer(async (connection) => {
      heads.push((await readHead(connection)).split("\r\n")[0]!);
      await writeText(connection, "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    });
    const env = { CIVIKIT_NETWORK_PROXY: `http://127.0.0.1:${proxy.port}`, CIVIKIT_RETRY_MAX: "0" };
    const { code, io } = await run(["login", "--site", "civitai.red"], { secret: validKey, env });
    assertEquals(code, 5, io.err);
    assertEquals(heads, ["CONNECT civitai.red:443 HTTP/1.1"]);
    assertEquals(civitai.log, []);
  }));

Deno.test("civikit login and logout say when a variable goes before the key that is kept", () =>
  inWorld(async ({ run }) => {
    const env = { CIVITAI_TOKEN: "demo-key" };
    const { io } = await run(["login"], { secret: validKey, env });
    assertStringIncludes(io.err, "CIVITAI_TOKEN is set");
    const out = await run(["logout"], { env });
    assertStringIncludes(out.io.err, "the key in CIVITAI_TOKEN stays in use");
  }));

Deno.test("civikit logout removes the key of one site, and says so when there is none", () =>
  inWorld(async ({ run, civitai, folder }) => {
    const path = pathIn(folder, civitai.url);
    await run(["login"], { secret: validKey });
    const red = await run(["logout", "--site", "civitai.red"]);
    assertEquals(red.code, 0);
    assertStringIncludes(red.io.err, "There is no key of civitai.red");
    assert(exists(path));
    const { code, io } = await run(["logout", "--json"]);
    assertEquals([code, events(io)], [0, [
      { event: "logout", site: new URL(civitai.url).host, path, removed: true },
    ]]);
    assert(!exists(path));
    assertEquals((await run(["whoami"])).code, 3);
  }));

Deno.test("civikit login and logout speak Traditional Chinese", () =>
  inWorld(async ({ run }) => {
    const { io } = await run(["login", "--lang", "zh-TW"], { secret: validKey });
    assertStringIncludes(io.err, "您好，member");
    assertStringIncludes((await run(["logout", "--lang", "zh-TW"])).io.err, "已移除");
  }));

async function civikit(): Promise<string[]> {
  const words = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", "--config", join(root, "deno.json")];
  return [...words, ...await registryFlags(root), join(root, "cli", "main.ts")];
}

Deno.test("civikit login reads one line of a pipe that stays open", () =>
  inWorld(async ({ civitai, folder }) => {
    const [command = "", ...args] = await civikit();
    const child = new Deno.Command(command, {
      args: [...args, "login", "--json"],
      env: { CIVIKIT_BASE_URL: civitai.url, CIVIKIT_MONITOR: "off", CIVIKIT_CACHE: "off", HOME: folder, LANG: "C" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${validKey}\r\n`));
    const { code, stdout, stderr } = await child.output();
    await writer.close().catch(() => {});
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertStringIncludes(new TextDecoder().decode(stdout), '"name":"member"');
  }));

Deno.test({
  name: "civikit login reads the key on a real terminal and shows none of it",
  ignore: !hasScript,
  fn: () =>
    inWorld(async ({ civitai, folder }) => {
      const typed = { question: "API key for", key: validKey };
      const { screen, isAsked, code } = await typedKey(["login"], typed, { url: civitai.url, folder });
      assertEquals(code, 0, screen);
      assert(isAsked && !screen.includes(validKey), screen);
      assertStringIncludes(screen, "Hello member");
    }),
});
