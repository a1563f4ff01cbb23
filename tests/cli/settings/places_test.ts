import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { cachePath, hashesPath, keyPath, monitorPaths } from "../../../cli/settings/places.ts";
import { readSettings } from "../../../cli/settings/read_settings.ts";
import { InputError } from "../../../transport/mod.ts";
import { inWorld } from "../_world.ts";

const from = (values: Record<string, string>) => (name: string) => values[name];
const slashes = (path: string | null | undefined) => path?.replaceAll("\\", "/");

/** The four places below one environment: key, cache, hashes, statistics. */
function places(values: Record<string, string>): (string | undefined)[] {
  const env = from(values);
  return [keyPath(env), cachePath(env), hashesPath(env), monitorPaths(env)?.store].map(slashes);
}

const atHome = [
  "/h/.config/civikit/key",
  "/h/.cache/civikit/http.sqlite",
  "/h/.cache/civikit/hashes.sqlite",
  "/h/.local/state/civikit/stats.sqlite",
];

Deno.test("the four places follow the platform's habits", () => {
  assertEquals(places({ HOME: "/h" }), atHome);
  const xdg = { XDG_CONFIG_HOME: "/c", XDG_CACHE_HOME: "/k", XDG_STATE_HOME: "/s" };
  assertEquals(places({ HOME: "/h", ...xdg }), [
    "/c/civikit/key",
    "/k/civikit/http.sqlite",
    "/k/civikit/hashes.sqlite",
    "/s/civikit/stats.sqlite",
  ]);
  const windows = { USERPROFILE: "C:/u", LOCALAPPDATA: "C:/u/l", APPDATA: "C:/u/r" };
  assertEquals(places(windows), [
    "C:/u/r/civikit/key",
    "C:/u/l/civikit/http.sqlite",
    "C:/u/l/civikit/hashes.sqlite",
    "C:/u/l/civikit/stats.sqlite",
  ]);
  assertEquals(places({}), [undefined, undefined, undefined, undefined]);
});

Deno.test("an empty variable is one that is not set, for each of the four places", () => {
  const empty = Object.fromEntries(
    ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA", "CIVIKIT_CACHE"]
      .concat("CIVIKIT_STATE_DIR").map((name) => [name, ""]),
  );
  assertEquals(places({ ...empty, HOME: "/h" }), atHome);
  assertEquals(places({ ...empty, HOME: "", USERPROFILE: "/h" }), atHome);
});

Deno.test("a relative XDG folder is ignored, as its specification says", () => {
  for (const folder of ["x", "./x", "../x", "~/x"]) {
    const xdg = { XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, XDG_STATE_HOME: folder };
    assertEquals(places({ ...xdg, HOME: "/h" }), atHome, folder);
  }
});

Deno.test("CIVIKIT_CACHE is a path, or switched off or on, and nothing else", () => {
  assertEquals(cachePath(from({ CIVIKIT_CACHE: "/x/y.db", HOME: "/h" })), "/x/y.db");
  assertEquals(cachePath(from({ CIVIKIT_CACHE: "./off", HOME: "/h" })), "./off");
  for (const off of ["off", "OFF", "0", "false", "no"]) {
    assertEquals(cachePath(from({ CIVIKIT_CACHE: off, HOME: "/h" })), null, off);
  }
  for (const on of ["on", "1", "TRUE", "yes"]) {
    assertEquals(slashes(cachePath(from({ CIVIKIT_CACHE: on, HOME: "/h" }))), atHome[1], on);
  }
  for (const wrong of ["offf", "none", "http.sqlite", " "]) {
    const error = assertThrows(() => cachePath(from({ CIVIKIT_CACHE: wrong, HOME: "/h" })), InputError);
    assertEquals([error.code, error.input], ["invalid_config", "CIVIKIT_CACHE"]);
    assertStringIncludes(error.message, `CIVIKIT_CACHE ${JSON.stringify(wrong)}`);
    assertStringIncludes(error.message, "off");
  }
});

Deno.test("CIVIKIT_MONITOR, CIVIKIT_LOG_FORMAT and CIVIKIT_LOG_LEVEL refuse a wrong value and name the allowed ones", async () => {
  const right = { CIVIKIT_MONITOR: "No", CIVIKIT_LOG_FORMAT: "JSON", CIVIKIT_LOG_LEVEL: "debug" };
  const { value, faults } = await readSettings({ env: from(right) });
  assertEquals(
    [value("monitor.enabled"), value("monitor.logFormat"), value("monitor.logLevel"), faults],
    [false, "json", "DEBUG", []],
  );
  assertEquals((await readSettings({ env: from({ CIVIKIT_MONITOR: "" }) })).value("monitor.enabled"), true);
  const table: [string, string, string[]][] = [
    ["CIVIKIT_MONITOR", "of", ["on", "off"]],
    ["CIVIKIT_LOG_FORMAT", "jsonl", ["text", "json"]],
    ["CIVIKIT_LOG_LEVEL", "WARNING", ["DEBUG", "INFO", "WARN", "ERROR"]],
  ];
  for (const [name, text, allowed] of table) {
    const [error] = (await readSettings({ env: from({ [name]: text }) })).faults;
    assert(error instanceof InputError);
    assertEquals([error.code, error.input], ["invalid_config", name]);
    for (const word of [name, `"${text}"`, ...allowed]) assertStringIncludes(error.message, word);
  }
});

Deno.test("a command refuses a wrong setting before it does anything, with exit code 2", () =>
  inWorld(async ({ folder, run, civitai }) => {
    const settings = {
      CIVIKIT_CACHE: "offf",
      CIVIKIT_MONITOR: "of",
      CIVIKIT_LOG_FORMAT: "x",
      CIVIKIT_LOG_LEVEL: "loud",
    };
    for (const [name, value] of Object.entries(settings)) {
      const { code, io } = await run(["models", "get", "1001"], {
        env: { CIVIKIT_STATE_DIR: join(folder, "state"), [name]: value },
      });
      assertEquals(code, 2, io.err);
      assertStringIncludes(io.err, `${name} "${value}"`);
    }
    assertEquals([civitai.log.length, [...Deno.readDirSync(folder)].length], [0, 0]);
  }));

Deno.test("CIVIKIT_CACHE=off is no file called off, for civikit cache and for what is downloaded alike", () =>
  inWorld(async ({ folder, run }) => {
    const off = join(Deno.cwd(), "off");
    assertEquals((await run(["models", "get", "1001"], { env: { CIVIKIT_CACHE: "off" } })).code, 0);
    for (const action of ["stats", "list", "clear", "verify"]) {
      const { code, io } = await run(["cache", action], { env: { CIVIKIT_CACHE: "off" } });
      assertEquals([code, io.out], [0, ""], action);
      assertStringIncludes(io.err, "switched off by CIVIKIT_CACHE");
    }
    const there = await Deno.stat(off).catch(() => undefined);
    assertEquals([there, [...Deno.readDirSync(folder)].length], [undefined, 0]);
  }));

Deno.test("every variable of the environment has one reader", async () => {
  const folder = new URL("../../../cli/", import.meta.url);
  const readers = new Map<string, Set<string>>();
  async function walk(at: URL): Promise<void> {
    for await (const { name, isDirectory } of Deno.readDir(at)) {
      const url = new URL(name + (isDirectory ? "/" : ""), at);
      if (isDirectory) await walk(url);
      else {
        for (const [, variable] of (await Deno.readTextFile(url)).matchAll(/\benv\("([A-Z_]+)"\)/g)) {
          readers.set(variable!, (readers.get(variable!) ?? new Set()).add(url.href.slice(folder.href.length)));
        }
      }
    }
  }
  await walk(folder);
  assert(readers.size > 8);
  for (const [variable, files] of readers) assertEquals([...files].length, 1, `${variable}: ${[...files].join()}`);
});
