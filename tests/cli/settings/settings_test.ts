import { assertEquals, assertThrows } from "@std/assert";
import { shownUrl } from "../../../cli/settings/shown_value.ts";
import { readTextValue } from "../../../cli/settings/read_value.ts";
import { chooseLocale } from "../../../cli/settings/choose_locale.ts";
import { settingRow } from "../../../cli/settings/table.ts";
import { civitai } from "../../../api/mod.ts";
import { InputError } from "../../../transport/mod.ts";

const from = (values: Record<string, string>) => (name: string) => values[name];

Deno.test("chooseLocale() follows --lang, CIVIKIT_LANG, then the system, and falls back to English", () => {
  assertEquals(chooseLocale(from({})), "en");
  assertEquals(chooseLocale(from({ LANG: "zh_TW.UTF-8" })), "zh-TW");
  assertEquals(chooseLocale(from({ LANG: "zh_TW.UTF-8", LC_ALL: "C" })), "en");
  assertEquals(chooseLocale(from({ LANG: "zh_TW.UTF-8", CIVIKIT_LANG: "en" })), "en");
  assertEquals(chooseLocale(from({ LANG: "de_DE.UTF-8" })), "en");
  assertEquals(chooseLocale(from({}), "zh-tw"), "zh-TW");
  assertThrows(() => chooseLocale(from({}), "de"), InputError);
});

Deno.test("the setting baseUrl and the library take the same addresses, names below localhost too", () => {
  const read = (url: string) => readTextValue(settingRow("baseUrl"), url);
  const good = [
    "http://x.localhost",
    "http://localhost:81/a/",
    "http://[::1]:8",
    "http://127.9.9.9",
    "https://a.example/b",
  ];
  const bad = [
    "http://civitai.com",
    "civitai.com",
    "http://127.0.0.1.evil.example",
    "http://localhost.example",
    "http://10.0.0.1",
    "ftp://localhost",
    "https://a.example/?q=1",
    "nothing",
  ];
  for (const url of good) {
    assertEquals(read(url), url.replace(/\/$/, ""));
    civitai({ fetch: () => Promise.reject(new Error()) }, { baseUrl: url });
  }
  for (const url of [...bad, "https://me@a.example", "https://a.example/#x"]) {
    assertThrows(() => read(url), TypeError);
    assertThrows(() => civitai({ fetch: () => Promise.reject(new Error()) }, { baseUrl: url }), TypeError, "baseUrl");
  }
});

Deno.test("shownUrl() shows no password, also where the text is no URL", () => {
  for (
    const text of [
      "http//ann:pass-phrase@proxy.lan",
      "ann:pass-phrase@[",
      "http://ann:pass-phrase@proxy.lan:99999",
      "redis://ann:pass-phrase/or so@10.0.0.5,10.0.0.6",
    ]
  ) {
    assertEquals(shownUrl(text).includes("pass-phrase"), false, text);
  }
  assertEquals(shownUrl("redis://ann:pass-phrase@10.0.0.5:1,10.0.0.6:2/3"), "redis://10.0.0.5:1,10.0.0.6:2/3");
});
