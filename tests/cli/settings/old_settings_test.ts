import { assert, assertEquals } from "@std/assert";
import { judgeOld, leaves, oldKeys, unread } from "../../../cli/settings/old_settings.ts";
import { pythonSettings } from "../../../cli/settings/python_settings.ts";
import { oldSettings, takenOver } from "./_old.ts";

const judge = (settings: Record<string, unknown>) => judgeOld(new Map(Object.entries(settings)));

Deno.test("judgeOld() knows the 34 keys of the old tool, and says of each what becomes of it", () => {
  assertEquals(Object.keys(oldSettings).length, 34);
  assertEquals([...oldKeys].sort(), Object.keys(oldSettings).sort());
  const { values, fates, unknown, apiKey } = judge({ ...oldSettings, theme: "dark" });
  assertEquals(values, takenOver);
  assertEquals(fates.map(({ old }) => old), Object.keys(oldSettings));
  assertEquals([unknown, apiKey], [["theme"], "old-key-0123456789"]);
  const left = fates.filter(({ value }) => value === undefined);
  assert(left.every(({ why }) => why !== undefined && why.en !== "" && /[\u4e00-\u9fff]/.test(why["zh-TW"])));
  assertEquals(Object.fromEntries(left.map(({ old, why }) => [old, why!.en])), {
    api_timeout: "http_timeout says the same thing, and counts",
    image_timeout: "image_download_timeout says the same thing, and counts",
    http_enable_chunked_download: "on, as it is by itself; http_max_parallel_chunks says how many connections",
    http_chunk_size: "parts of a file (download.pieceBytes) are no reads; the size of a read is chosen by itself",
    download_chunk_size: "parts of a file (download.pieceBytes) are no reads; the size of a read is chosen by itself",
    cache_enabled: "http_cache_enabled says the same thing, and counts",
    cache_size_mb: "http_cache_max_size_mb says the same thing, and counts",
    download_retry_delay: "http_retry_delay says the same thing, and counts",
    civitai_api_key: "a key does not belong in the settings; it goes into the key file",
  });
});

Deno.test("judgeOld() takes the other key where the one that counts has no usable value", () => {
  assertEquals(judge({ http_timeout: 9000, api_timeout: 20 }).values, { "timeouts.api": 20 });
  assertEquals(judge({ http_timeout: null, api_timeout: 20 }).values, { "timeouts.api": 20 });
  const { fates, values } = judge({ http_max_retries: 99, download_path: unread });
  assertEquals(values, {});
  assertEquals(fates.map(({ why }) => why?.en), [
    "not a whole number from 0 to 20",
    "not a plain value; it cannot be known without running the file",
  ]);
});

Deno.test("judgeOld() takes the narrower of the two keys of the pool, and one connection where chunks were off", () => {
  const { values, fates } = judge({ http_pool_connections: 30, http_pool_maxsize: 15 });
  assertEquals(values, { "pool.idlePerHost": 15, "pool.maxConnections": 15 });
  assertEquals(fates[0]?.why?.en, "http_pool_maxsize is narrower, and counts");
  const off = judge({ http_enable_chunked_download: false, http_max_parallel_chunks: 6 });
  assertEquals(off.values, { "download.parallel": 1 });
});

Deno.test("pythonSettings() reads assignments, dictionaries and calls, and runs nothing", () => {
  const source = `"""Settings: http_timeout = 99"""
import os; os.remove("x")  # api_timeout = 1
HTTP_TIMEOUT = 45
HTTP_MAX_RETRIES: int = 5
CONFIG = {
    "http_cache_enabled": True, 'cache_enabled': False,
    "nested": {"http_cache_max_size_mb": 2 * 100},
    "download_path": r"C:\\models",
    "civitai_api_key": os.environ.get("CIVITAI_API_KEY", "none"),
    "request_delay": .5,
}
config.enable_smart_retry = False
settings["image_timeout"] = 1_0
c = Config(api_timeout=12, download_timeout=None)
greeting = f"http_max_retries = {HTTP_MAX_RETRIES}"
text = '''
http_pool_maxsize = 3
'''
if HTTP_TIMEOUT == 3: pass
`;
  assertEquals(Object.fromEntries(pythonSettings(source)), {
    http_timeout: 45,
    http_max_retries: 5,
    http_cache_enabled: true,
    cache_enabled: false,
    http_cache_max_size_mb: 200,
    download_path: "C:\\models",
    civitai_api_key: unread,
    request_delay: 0.5,
    enable_smart_retry: false,
    image_timeout: 10,
    api_timeout: 12,
    download_timeout: null,
    greeting: unread,
    text: "\nhttp_pool_maxsize = 3\n",
  });
  for (const odd of ["", "x = '", "= = =", '"""', "{", "a[", "\\", "x: ", "x = -", "\u{1f600} = 1"]) {
    pythonSettings(odd);
  }
});

Deno.test("leaves() looks into the sections of old JSON settings", () => {
  assertEquals([...leaves({ a: 1, http: { b: 2, deep: { c: [3] } } })], [["a", 1], ["b", 2], ["c", [3]]]);
});

Deno.test("pythonSettings() takes any bytes for a file: blanks that are none of ASCII, and what no language is", () => {
  assertEquals(pythonSettings("http_timeout =\u00a030\u2028\u000b\nx").get("http_timeout"), 30);
  const noise = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join("");
  assert(pythonSettings(noise).size >= 0);
});
