import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import { layoutNames } from "../../../api/mod.ts";
import { cutSecrets } from "../../../transport/internal.ts";
import { loadCommands } from "../../../cli/commands/commands.ts";
import { namedFlags } from "../../../cli/options/flags.ts";
import { commonFlags } from "../../../cli/options/shared_flags.ts";
import { layoutWords } from "../../../cli/settings/check_text.ts";
import { readJsonValue, readTextValue } from "../../../cli/settings/read_value.ts";
import { shownValue } from "../../../cli/settings/shown_value.ts";
import { readSettings } from "../../../cli/settings/read_settings.ts";
import { envNames, settingKeys, settingRow } from "../../../cli/settings/table.ts";
import { withSettingTable } from "../../../tools/setting_table.ts";
import { inWorld } from "../_world.ts";
import { withFolder } from "../../_support/folder.ts";

const from = (values: Record<string, string>) => (name: string) => values[name];

/** A folder for settings, with what reads those below it. */
const inFolder = (work: (place: { path: string; env: Record<string, string> }) => Promise<void>) =>
  withFolder(async (folder) => {
    const path = join(folder, "civikit", "config.json");
    await Deno.mkdir(dirname(path), { mode: 0o700 });
    await work({ path, env: { XDG_CONFIG_HOME: folder } });
  });

async function write(path: string, value: unknown, mode = 0o600): Promise<void> {
  await Deno.writeTextFile(path, typeof value === "string" ? value : JSON.stringify(value));
  if (Deno.build.os !== "windows") await Deno.chmod(path, mode);
}

Deno.test("every setting has a default within its own range, help in both languages, and variables of its own", () => {
  const names = settingKeys.flatMap(envNames);
  assertEquals(new Set(names).size, names.length);
  for (const key of settingKeys) {
    const row = settingRow(key);
    assert(row.help.en !== "" && /[\u4e00-\u9fff]/.test(row.help["zh-TW"]), key);
    if (row.default === undefined) {
      assert(row.usual !== undefined, `${key}: neither a default nor what stands in for one`);
      continue;
    }
    assertEquals(readJsonValue(row, row.default), row.default, key);
    const shown = shownValue(row, row.default);
    assertEquals(readTextValue(row, shown), row.default, `${key}: ${shown}`);
  }
  assertEquals(envNames("timeouts.api"), ["CIVIKIT_TIMEOUTS_API"]);
  assertEquals(envNames("limits.concurrentRequests"), ["CIVIKIT_LIMITS_CONCURRENT_REQUESTS"]);
  assertEquals(envNames("baseUrl"), ["CIVIKIT_BASE_URL"]);
  assertEquals(envNames("monitor.logLevel"), ["CIVIKIT_MONITOR_LOG_LEVEL", "CIVIKIT_LOG_LEVEL"]);
});

Deno.test("a setting and its option name each other, and say default and bounds once", async () => {
  const flags = [commonFlags, ...(await loadCommands()).map(({ flags }) => flags)].flatMap(namedFlags);
  const links = new Map(flags.flatMap((flag) => "setting" in flag && flag.setting ? [[flag.setting, flag.name]] : []));
  const rows = settingKeys.flatMap((key) => settingRow(key).flag ? [[key, settingRow(key).flag!] as const] : []);
  assertEquals([...links].sort(), rows.sort());
  assertEquals([...layoutWords].sort(), [...layoutNames].sort());
});

Deno.test("readSettings(): option, environment, --config, own file, default, in this order", () =>
  inFolder(async ({ path, env }) => {
    const named = join(dirname(path), "named.json");
    const key = "timeouts.api";
    const read = async (options: Parameters<typeof readSettings>[0]) => {
      const settings = await readSettings(options);
      assertEquals(settings.faults, []);
      const { from } = settings.entries().find((entry) => entry.key === key)!;
      return [settings.value(key), settings.source(key), from];
    };
    assertEquals(await read({ env: from(env) }), [30, "default", null]);
    await write(path, { timeouts: { api: 40 }, "retry.max": 7 });
    assertEquals(await read({ env: from(env) }), [40, "file", path]);
    assertEquals((await readSettings({ env: from(env) })).value("retry.max"), 7);
    await write(named, { timeouts: { api: 50 } });
    assertEquals(await read({ env: from(env), configPath: named }), [50, "file", named]);
    const variables = { ...env, CIVIKIT_TIMEOUTS_API: "60" };
    assertEquals(await read({ env: from(variables), configPath: named }), [60, "environment", "CIVIKIT_TIMEOUTS_API"]);
    const { value } = await readSettings({ env: from(variables), flags: { "download.parallel": 2 } });
    assertEquals([value("download.parallel"), value(key), value("retry.max")], [2, 60, 7]);
  }));

Deno.test("a value of the environment or of a file that is wrong is refused with key, value, range and place", () =>
  inFolder(async ({ path, env }) => {
    const named = async (variables: Record<string, string>) =>
      (await readSettings({ env: from({ ...env, ...variables }) })).faults.map(({ message }) => message);
    const cases: [string, string, string][] = [
      ["CIVIKIT_LOG_LEVEL", "foo", "not DEBUG, INFO, WARN, ERROR"],
      ["CIVIKIT_TIMEOUTS_API", "601", "not a whole number from 1 to 600 s"],
      ["CIVIKIT_DOWNLOAD_PIECE_BYTES", "1K", "not a whole size from 64K to 64M"],
      ["CIVIKIT_CACHE_ENABLED", "maybe", "neither on nor off"],
      ["CIVIKIT_BASE_URL", "http://example.com", "neither https nor this machine"],
      ["CIVIKIT_DOWNLOAD_LIMIT_RATE", "08:00,512k 08:00,off", "a time stands there twice"],
      ["CIVIKIT_FOLDERS", "LORA", '"LORA" is not of the form TYPE=FOLDER'],
      ["CIVIKIT_TRUSTED_HOSTS", "https://x", '"https://x" is not a host such as box.lan'],
      ["CIVIKIT_SERVE_TRUSTED_PROXIES", ":::", '":::" is not an address or a network'],
      ["CIVIKIT_SERVE_TRUSTED_PROXIES", "01.2.3.4/8", '"01.2.3.4/8" is not an address or a network'],
      ["CIVIKIT_SERVE_RPC_ORIGINS", "https://[::", '"https://[::" is not an origin'],
      ["CIVIKIT_TARGETS", "forge=http://box:99999", '"forge=http://box:99999" is not a program and its address'],
    ];
    for (const [name, text, state] of cases) {
      const faults = await named({ [name]: text });
      assertEquals(faults.length, 1, faults.join());
      assertStringIncludes(faults[0]!, `reading ${name} "${text}": ${state}`);
    }
    for (const name of ["CIVIKIT_FLEET_REDIS", "CIVIKIT_NETWORK_PROXY"]) {
      const scheme = name.endsWith("PROXY") ? "http" : "redis";
      const [login] = await named({ [name]: `${scheme}://me:pa%ss-4711@box:1` });
      assertStringIncludes(login!, "in a user or password, % is written as %25");
      assert(!cutSecrets(login!).includes("ss-4711"));
    }
    const [hook] = await named({ CIVIKIT_TARGETS: "webhook=http://box:99999/hooks/let-me-in-4711" });
    assertStringIncludes(cutSecrets(hook!), 'webhook=http://box:99999/hooks/[redacted]" is not a program and');
    assert(!cutSecrets(hook!).includes("let-me-in-4711"));
    await write(path, { retry: { max: 21 }, cache: { enabled: "on" }, layout: "comfy" });
    assertEquals(await named({}), [
      `reading retry.max 21 in "${path}": not a whole number from 0 to 20`,
      `reading cache.enabled "on" in "${path}": neither true nor false`,
      `reading layout "comfy" in "${path}": not a1111, forge, comfyui, sdnext, invokeai, flat, nor a template that ends in {file}`,
    ]);
  }));

Deno.test("a command with settings that are wrong ends with 2 before it does anything", () =>
  inWorld(async ({ folder, run, civitai }) => {
    const path = join(folder, "c.json");
    await write(path, { timeouts: { api: "soon" } });
    const { code, io } = await run(["models", "get", "1001", "--config", path]);
    assertEquals(code, 2);
    assertStringIncludes(io.err, `reading timeouts.api "soon" in "${path}"`);
    assertStringIncludes(io.err, "next: ");
    assertEquals(civitai.log.length, 0);
  }));

Deno.test("unknown keys are warned about in one line, and stop nothing", () =>
  inWorld(async ({ folder, run }) => {
    const path = join(folder, "c.json");
    await write(path, { timeouts: { apii: 5 }, colour: "blue", $schema: "x" });
    const { code, io } = await run(["models", "get", "1001", "--config", path]);
    assertEquals(code, 0, io.err);
    assertEquals(io.err.split("unknown settings timeouts.apii, colour; kept, and not used").length, 2, io.err);
    assertStringIncludes((await run(["tags", "search", "--config", path, "--lang", "zh-TW"])).io.err, "不認得的設定");
  }));

Deno.test("settings act on the options of a command that were not given", () =>
  inWorld(async ({ folder, run, civitai }) => {
    const path = join(folder, "c.json");
    await write(path, { download: { directory: join(folder, "mine") }, baseUrl: civitai.url });
    const { code, io } = await run(["download", "2002", "--config", path]);
    assertEquals(code, 0, io.err);
    assert([...Deno.readDirSync(join(folder, "mine"))].length > 0);
  }));

Deno.test("the reference of the settings is what the table of the code makes of it", async () => {
  const reference = await Deno.readTextFile(new URL("../../../docs/settings.md", import.meta.url));
  assertEquals(withSettingTable(reference), reference, "run: deno task docs:settings");
  for (const key of settingKeys) assertStringIncludes(reference, `\`${key}\``);
});

Deno.test("~ in a file or a variable is the home folder, in paths alone", () =>
  inFolder(async ({ path, env }) => {
    await write(path, {
      download: { directory: "~/models" },
      folders: { LORA: "~/l", VAE: "a~/b" },
      serve: { host: "~/x" },
    });
    const { value } = await readSettings({ env: from({ ...env, HOME: "/home/me", CIVIKIT_ROOT: "~" }) });
    assertEquals([value("download.directory"), value("root"), value("serve.host")], [
      "/home/me/models",
      "/home/me",
      "~/x",
    ]);
    assertEquals(value("folders"), { LORA: "/home/me/l", VAE: "a~/b" });
  }));
