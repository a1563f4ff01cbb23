import { assert, assertEquals } from "@std/assert";
import { unicodeWidth } from "@std/cli/unicode-width";
import { closest } from "../../../transport/errors/closest.ts";
import { fit, formatDuration, parseSize, printable, truncate } from "../../../cli/terminal/text.ts";

Deno.test("truncate() never exceeds the width, splits no wide character, and keeps what tells names apart", () => {
  const names = ["model_final_v2.safetensors", "超高解析度寫實風格模型第二版.safetensors", "a👨‍👩‍👧‍👦b👍🏽c.bin", "é́x"];
  for (const name of names) {
    for (let width = 0; width <= 60; width++) {
      const short = truncate(name, width);
      assert(unicodeWidth(short) <= width, `${width}: ${short}`);
      assert(!short.includes("\u{fffd}"));
      assertEquals(unicodeWidth(fit(name, width)), width, `${width}: ${fit(name, width)}|`);
    }
  }
  assertEquals(truncate("model_final_v2.safetensors", 26), "model_final_v2.safetensors");
  assertEquals(truncate("model_final_v2.safetensors", 15), "model_final_v2");
  assertEquals([10, 20].map((n) => truncate(`harbourMix_large_v${n}.safetensors`, 12)), [
    "harbou…e_v10",
    "harbou…e_v20",
  ]);
  assertEquals(truncate("超高解析度寫實.bin", 11), "超高解….bin");
});

Deno.test("printable() lets no escape code, control or direction mark through", () => {
  assertEquals(printable("a\x1b[31mb\u{202e}c\x07\nd"), "a\u{fffd}[31mb\u{fffd}c\u{fffd} d");
});

Deno.test("formatDuration() counts seconds, minutes and hours", () => {
  assertEquals([0, 999, 9400, 60_000, 245_000, 7_389_000].map(formatDuration), [
    "0s",
    "1s",
    "9s",
    "1:00",
    "4:05",
    "2:03:09",
  ]);
});

Deno.test("parseSize() reads units of 1024 and nothing else", () => {
  const table: [string, number | undefined][] = [
    ["500K", 512_000],
    ["5M", 5_242_880],
    ["5m", 5_242_880],
    ["5MB", 5_242_880],
    ["5MiB/s", 5_242_880],
    ["1.5G", 1_610_612_736],
    ["2048", 2048],
    ["", undefined],
    ["M", undefined],
    ["-5M", undefined],
    ["5X", undefined],
    ["5 0", undefined],
  ];
  for (const [text, bytes] of table) assertEquals(parseSize(text), bytes, text);
});

Deno.test("closest() suggests what is near and nothing else", () => {
  assertEquals(closest("downlaod", ["download", "help"]), "download");
  assertEquals(closest("down", ["download", "help"]), "download");
  assertEquals(closest("frobnicate", ["download", "help"]), undefined);
});
