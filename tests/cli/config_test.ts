import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "../../cli/mod.ts";
import { settingKeys, settingRow } from "../../cli/settings/table.ts";
import { registryFlags } from "../../tools/registry.ts";
import { testIo, type TestIoOptions } from "./_io.ts";
import { events } from "./_world.ts";
import { oldSettings, takenOver } from "./settings/_old.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const mainPath = `${root}cli/main.ts`;

/** A home without settings, and `civikit config` in it. */
interface Home {
  readonly path: string;
  readonly folder: string;
  /** Runs `civikit config`; the code, and what it wrote. */
  config(args: readonly string[], options?: TestIoOptions): Promise<{ code: number; out: string; err: string }>;
  /** The lines of `--json`. */
  lines(args: readonly string[], options?: TestIoOptions): Promise<Record<string, unknown>[]>;
  read(): Record<string, unknown>;
  write(value: unknown, mode?: number): void;
}

async function inHome(work: (home: Home) => Promise<void>): Promise<void> {
  const outer = await Deno.makeTempDir();
  const folder = join(outer, "civikit");
  const path = join(folder, "config.json");
  async function io(args: readonly string[], { env = {}, ...options }: TestIoOptions = {}) {
    const io = testIo({ ...options, env: { XDG_CONFIG_HOME: outer, ...env } });
    const code = await main(["config", ...args], io);
    return { code, out: io.out, err: io.err, io };
  }
  try {
    await work({
      path,
      folder,
      config: io,
      lines: async (args, options) => events((await io([...args, "--json"], options)).io),
      read: () => JSON.parse(Deno.readTextFileSync(path)),
      write(value, mode = 0o600) {
        Deno.mkdirSync(folder, { recursive: true });
        Deno.writeTextFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
        if (Deno.build.os !== "windows") Deno.chmodSync(path, mode);
      },
    });
  } finally {
    await Deno.remove(outer, { recursive: true });
  }
}

const mode = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;

Deno.test("config list shows every setting with where it comes from, --json in six fields", () =>
  inHome(async ({ config, lines, write }) => {
    write({ version: 1, retry: { max: 5 } });
    const env = { CIVIKIT_TIMEOUTS_API: "60" };
    const rows = await lines(["list"], { env });
    assertEquals(rows.map(({ key }) => key), [...settingKeys]);
    const of = (key: string) => rows.find((row) => row.key === key);
    assertEquals(of("timeouts.api"), {
      key: "timeouts.api",
      value: 60,
      source: "environment",
      default: 30,
      unit: "s",
      range: "1-600",
    });
    assertEquals([of("retry.max")?.source, of("retry.delay")?.source, of("root")?.value], ["file", "default", null]);
    const text = await config(["list", "--lang", "zh-TW"], { env });
    assertStringIncludes(text.out, "環境變數 (CIVIKIT_TIMEOUTS_API)");
    assertEquals((await lines(["get", "language", "--lang", "zh-TW"]))[0]?.source, "flag");
  }));

Deno.test("config list shows values whole on a narrow terminal", () =>
  inHome(async ({ config }) => {
    const source = "https://mirror.example/models/by-sha256/{sha256}/whole-and-verified.safetensors";
    const env = { CIVIKIT_SECOND_SOURCE: source };
    const { out } = await config(["list"], { env, columns: 40, isOutTerminal: true });
    assertStringIncludes(out, source);
  }));

Deno.test("config set writes one setting into a file for its owner alone, with the schema beside it, and keeps the rest", () =>
  inHome(async ({ config, read, write, path, folder }) => {
    assertEquals((await config(["set", "timeouts.api", "60"])).code, 0);
    assertEquals(read(), { $schema: "./config.schema.json", version: 1, timeouts: { api: 60 } });
    if (Deno.build.os !== "windows") assertEquals([mode(path), mode(folder)], [0o600, 0o700]);
    write({ version: 1, mine: { a: 1 }, "retry.max": 2, timeouts: { api: 9, mine: true } });
    for (const [key, value] of [["retry.max", "4"], ["download.pieceBytes", "1M"], ["folders", "LORA=a,VAE=/b"]]) {
      assertEquals((await config(["set", key!, value!])).code, 0);
    }
    assertEquals((await config(["set", "headers", '{"hf.co":{"Authorization":{"env":"HF_TOKEN"}}}'])).code, 0);
    const { $schema: _schema, ...rest } = read();
    assertEquals(rest, {
      version: 1,
      mine: { a: 1 },
      timeouts: { api: 9, mine: true },
      retry: { max: 4 },
      download: { pieceBytes: 1024 ** 2 },
      folders: { LORA: "a", VAE: "/b" },
      headers: { "hf.co": { Authorization: { env: "HF_TOKEN" } } },
    });
    const schema = JSON.parse(Deno.readTextFileSync(join(folder, "config.schema.json")));
    for (const key of settingKeys) {
      const [section, name] = key.split(".");
      const at = schema.properties[section!];
      const own = name === undefined ? at : at.properties[name];
      assertStringIncludes(own.description, settingRow(key).help["zh-TW"]);
      assertEquals(own.default, settingRow(key).default);
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["config.json", "config.schema.json"]);
  }));

Deno.test("config set refuses a wrong key, a wrong value and what contradicts another, and writes nothing", () =>
  inHome(async ({ config, write, path }) => {
    write({ version: 1, pool: { maxConnections: 5 }, network: { proxy: "http://me:secret-pw@proxy.lan:1" } });
    const before = Deno.readTextFileSync(path);
    const cases: [string, string, string][] = [
      ["timeouts.ap", "1", 'did you mean "timeouts.api"?'],
      ["TIMEOUTS.API", "1", 'did you mean "timeouts.api"?'],
      ["a key", "1", 'the setting "a key": there is none of that name'],
      ["timeouts.api", "0", 'setting timeouts.api "0": not a whole number from 1 to 600 s'],
      ["timeouts.api", "60 h", "not a whole number from 1 to 600 s"],
      ["baseUrl", "http://me:other-pw@x.example", "setting baseUrl"],
      ["headers", "hf.co/Authorization=Bearer hf_secret", "env:NAME or file:PATH is due"],
      ["pool.idlePerHost", "6", "more connections cannot be kept idle than may be open"],
      ["network.httpVersion", "2", "through a proxy there is no HTTP/2"],
    ];
    for (const [key, value, text] of cases) {
      const { code, out, err } = await config(["set", key, value]);
      assertEquals([code, out], [2, ""], err);
      assertStringIncludes(err, text);
      assert(!/other-pw|hf_secret|secret-pw/.test(err), err);
    }
    assertEquals((await config(["set", "timeouts.api=5"])).code, 2);
    assertEquals(Deno.readTextFileSync(path), before);
    assert(!(await config(["list"])).out.includes("secret-pw"));
  }));

Deno.test("config unset takes a setting out, an unknown one too; config get shows what holds then", () =>
  inHome(async ({ config, read, write }) => {
    write({ version: 1, colour: "blue", retry: { max: 5 } });
    assertEquals((await config(["get", "retry.max"])).out, "5\n");
    assertEquals((await config(["unset", "retry.max"])).code, 0);
    assertEquals((await config(["unset", "colour"])).code, 0);
    assertEquals(read(), { $schema: "./config.schema.json", version: 1 });
    assertEquals((await config(["get", "retry.max"])).out, "3\n");
    assertEquals((await config(["unset", "nothing.there"])).code, 2);
  }));

Deno.test("config init writes every setting at its default; config reset puts the file aside and keeps it", () =>
  inHome(async ({ config, lines, read, folder, path }) => {
    assertEquals((await config(["path"])).out, `${path}\n`);
    assertEquals((await config(["init"])).code, 0);
    for (const key of settingKeys) {
      const value = key.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], read());
      assertEquals(value, settingRow(key).default ?? null, key);
    }
    assertEquals((await config(["check"])).code, 0);
    assertEquals((await config(["init"])).code, 2);
    const text = Deno.readTextFileSync(path);
    const [{ aside }] = await lines(["reset"]) as [{ aside: string }];
    assertEquals(Deno.readTextFileSync(aside), text);
    assert(![...Deno.readDirSync(folder)].some(({ name }) => name === "config.json"));
    assertEquals((await config(["reset"])).code, 0);
  }));

Deno.test("a settings file that is no JSON, a list, a folder or unreadable is named, left alone, and stops other commands", () =>
  inHome(async ({ config, write, path, folder }) => {
    for (const [text, state] of [["{ nope", "not valid JSON"], ["[1]", "not a JSON object"], ["", "not valid JSON"]]) {
      write(text);
      for (const args of [["check"], ["set", "retry.max", "1"], ["unset", "retry.max"]]) {
        const { code, err } = await config(args);
        assertEquals(code, 2, err);
        assertStringIncludes(err, path);
        assertStringIncludes(err, state!);
        assertStringIncludes(err, "civikit config reset");
      }
      assertEquals(Deno.readTextFileSync(path), text);
    }
    assertEquals((await config(["list"])).code, 0);
    Deno.removeSync(path);
    Deno.mkdirSync(path);
    const { code, err } = await config(["set", "retry.max", "1"]);
    assert(code !== 0 && err.includes(path), err);
    assert(Deno.statSync(path).isDirectory);
    const other = testIo({ env: { XDG_CONFIG_HOME: join(folder, "..") } });
    assert(await main(["scan", folder, "--offline"], other) !== 0);
    assertStringIncludes(other.err, path);
    assertEquals((await config(["reset"])).code, 0);
  }));

Deno.test({
  name: "a settings file that others can read is warned about, one that they can change is refused",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inHome(async ({ config, write, path }) => {
      write({ version: 1 }, 0o644);
      const open = await config(["check"]);
      assertEquals(open.code, 0);
      assertStringIncludes(open.err, `chmod 600 "${path}"`);
      write({ version: 1 }, 0o666);
      const writable = await config(["check"]);
      assertEquals(writable.code, 2);
      assertStringIncludes(writable.err, "other users can change it");
      assertEquals((await config(["set", "retry.max", "1"])).code, 0);
      assertEquals(mode(path), 0o600);
    }),
});

Deno.test("a file of a newer version is read as far as it is understood, and not changed", () =>
  inHome(async ({ config, write, path }) => {
    write({ version: 99, retry: { max: 5, jitter: "much" }, timeouts: { api: "1 min" } });
    const before = Deno.readTextFileSync(path);
    const { code, out, err } = await config(["get", "retry.max"]);
    assertEquals([code, out], [0, "5\n"]);
    assertStringIncludes(err, "written by a newer civikit; not understood and not used: retry.jitter, timeouts.api");
    assertEquals((await config(["get", "timeouts.api"])).out, "30\n");
    assert((await config(["set", "retry.max", "1"])).code !== 0);
    assertEquals(Deno.readTextFileSync(path), before);
    write({ version: "two" });
    assertEquals((await config(["check"])).code, 2);
  }));

Deno.test("version 0: the old tool's settings put in place as they were hold, and are rewritten at the next change", () =>
  inHome(async ({ config, read, write }) => {
    write({ http_timeout: 45, http_chunk_size: 1, retry: { max: 4 }, http_max_retries: 9, mine: 1 });
    const { out, err } = await config(["get", "timeouts.api"]);
    assertEquals(out, "45\n");
    assertStringIncludes(err, "taken over from the old tool: http_timeout -> timeouts.api");
    assertEquals((await config(["get", "retry.max"])).out, "4\n");
    assertEquals((await config(["set", "retry.delay", "1"])).code, 0);
    const { $schema: _schema, ...rest } = read();
    assertEquals(rest, { version: 1, retry: { max: 4, delay: 1 }, mine: 1, timeouts: { api: 45 } });
  }));

Deno.test("version 1 is read as it stands", () =>
  inHome(async ({ config, write }) => {
    write({ version: 1, http_timeout: 45 });
    const { out, err } = await config(["get", "timeouts.api"]);
    assertEquals(out, "30\n");
    assertStringIncludes(err, "unknown setting http_timeout; kept, and not used");
  }));

Deno.test("config migrate takes over all old keys, from JSON and from Python; the key goes into its file alone", () =>
  inHome(async ({ config, lines, read, folder, path }) => {
    const outer = join(folder, "..");
    const json = join(outer, "user_config.json");
    const python = join(outer, "settings.py");
    Deno.writeTextFileSync(json, JSON.stringify({ network: oldSettings, theme: "dark" }));
    const literal = (value: unknown) => typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value);
    const pairs = Object.entries(oldSettings).map(([key, value]) => `    "${key}": ${literal(value)},`);
    Deno.writeTextFileSync(python, `DEFAULTS = {\n${pairs.join("\n")}\n}\nTHEME = "dark"\n`);
    for (const file of [json, python]) {
      const dry = await lines(["migrate", file, "--dry-run"]);
      assertEquals(dry.filter(({ event }) => event === "migrated").length, 34);
      assertEquals(dry.filter(({ event }) => event === "unknown").map(({ old }) => old), ["theme"]);
      assert(![...Deno.readDirSync(outer)].some(({ name }) => name === "civikit"), "nothing is written");
      const shown = await config(["migrate", file]);
      assertEquals(shown.code, 0, shown.err);
      assert(!`${shown.out}${shown.err}${Deno.readTextFileSync(path)}`.includes(oldSettings.civitai_api_key));
      const { $schema: _schema, version: _version, ...raw } = read();
      const written = Object.entries(raw).flatMap(([section, values]) =>
        Object.entries(values as object).map(([name, value]) => [`${section}.${name}`, value])
      );
      assertEquals(Object.fromEntries(written), takenOver);
      assertEquals(Deno.readTextFileSync(join(folder, "key")), `${oldSettings.civitai_api_key}\n`);
      if (Deno.build.os !== "windows") assertEquals(mode(join(folder, "key")), 0o600);
      Deno.writeTextFileSync(join(folder, "key"), "mine-0123456789\n");
      await config(["migrate", file]);
      assertEquals(Deno.readTextFileSync(join(folder, "key")), "mine-0123456789\n");
      Deno.removeSync(folder, { recursive: true });
    }
    Deno.writeTextFileSync(json, "[]");
    assert((await config(["migrate", json])).code !== 0);
    assert((await config(["migrate", join(outer, "nowhere.json")])).code !== 0);
  }));

Deno.test({
  name: "config edit opens the file in $VISUAL, and tells what is wrong with it after that",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inHome(async ({ config, read, folder }) => {
      const editor = join(folder, "..", "editor");
      Deno.writeTextFileSync(editor, `#!/bin/sh\nprintf '{"version":1,"retry":{"max":%s}}' "$1" > "$2"\n`);
      Deno.chmodSync(editor, 0o755);
      assertEquals((await config(["edit"], { env: { VISUAL: `${editor} 6` } })).code, 0);
      assertEquals(read(), { version: 1, retry: { max: 6 } });
      const wrong = await config(["edit"], { env: { EDITOR: `${editor} 66` } });
      assertEquals(wrong.code, 2);
      assertStringIncludes(wrong.err, "reading retry.max 66");
      assertStringIncludes((await config(["edit"])).err, "Open this file in an editor");
      assertEquals((await config(["edit"], { env: { EDITOR: "/no/such/editor" } })).code, 2);
    }),
});

Deno.test("--config FILE is what config shows and changes, with the rights it has", () =>
  inHome(async ({ config, folder }) => {
    const named = join(folder, "..", "named.json");
    Deno.writeTextFileSync(named, JSON.stringify({ version: 1, retry: { max: 8 } }));
    if (Deno.build.os !== "windows") Deno.chmodSync(named, 0o644);
    assertEquals((await config(["get", "retry.max", "--config", named])).out, "8\n");
    assertEquals((await config(["set", "retry.max", "9", "--config", named])).code, 0);
    assertEquals((await config(["get", "retry.max", "--config", named])).out, "9\n");
    if (Deno.build.os !== "windows") assertEquals(mode(named), 0o644);
    assertEquals((await config(["get", "retry.max"])).out, "3\n");
    const missing = await config(["check", "--config", join(folder, "none.json")]);
    assertEquals(missing.code, 2);
    assertStringIncludes(missing.err, "there is no such file");
  }));

Deno.test("without the right to it the settings file is as if absent, and nobody is asked", () =>
  inHome(async ({ write, folder }) => {
    write({ version: 1, retry: { max: 5 } });
    const run = async (...args: string[]) => {
      const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
        // its own modules it may read, nothing else
        args: ["run", "--allow-env", `--allow-read=${root}`, "--quiet", ...await registryFlags(), mainPath, "config"]
          .concat(args),
        env: { XDG_CONFIG_HOME: join(folder, "..") },
      }).output();
      return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
    };
    assertEquals((await run("get", "retry.max")).out, "3\n");
    assertEquals((await run("check")).code, 0);
    const { code, err } = await run("set", "retry.max", "1");
    assertEquals(code, 8, err);
    assertStringIncludes(err, "--allow-write=");
  }));

Deno.test("config set and unset change one entry of a map, and leave the others", () =>
  inHome(async ({ config, read }) => {
    const set = async (key: string, value: string) => (await config(["set", key, value])).code;
    assertEquals([await set("folders.LORA", "a,b"), await set("folders.VAE", "/v")], [0, 0]);
    const token = "headers.huggingface.co/Authorization";
    assertEquals([await set(token, "env:HF"), await set("headers.hf.co/X-A", "file:/k")], [0, 0]);
    assertEquals(read().folders, { LORA: "a,b", VAE: "/v" });
    assertEquals(read().headers, {
      "huggingface.co": { Authorization: { env: "HF" } },
      "hf.co": { "X-A": { file: "/k" } },
    });
    const refused = await config(["set", token, "Bearer hf_secret"]);
    assertEquals(refused.code, 2);
    assert(!refused.err.includes("hf_secret"), refused.err);
    assertEquals((await config(["unset", token])).code, 0);
    assertEquals((await config(["unset", "folders.LORA"])).code, 0);
    assertEquals([read().folders, read().headers], [{ VAE: "/v" }, { "hf.co": { "X-A": { file: "/k" } } }]);
    assertEquals((await config(["unset", "folders.VAE"])).code, 0);
    assertEquals(read().folders, undefined);
  }));
