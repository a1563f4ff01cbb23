import { assert, assertEquals } from "@std/assert";
import { unicodeWidth } from "@std/cli/unicode-width";
import { brokenLines, wrapped } from "../../../cli/terminal/wrap.ts";

Deno.test("wrapped() joins the lines of a paragraph and breaks them anew; an empty line stays", () => {
  assertEquals(wrapped("one two\nthree four\n\nfive", 100), "one two three four\n\nfive");
  assertEquals(wrapped("one two\nthree four", 10), "one two\nthree four");
});

Deno.test("wrapped() keeps the second column of a row, and puts it below where there is no room", () => {
  const text = "about:\n  get       one\n            and more\n  set KEY   two";
  assertEquals(wrapped(text, 80), "about:\n  get       one and more\n  set KEY   two");
  assertEquals(wrapped(text, 30), "about:\n  get\n      one and more\n  set KEY\n      two");
});

Deno.test("brokenLines() breaks Chinese anywhere but before its closing marks and after its opening ones", () => {
  const lines = brokenLines("「甲乙丙，丁戊」己庚（辛）壬。", 8);
  assertEquals(lines.join(""), "「甲乙丙，丁戊」己庚（辛）壬。");
  for (const line of lines) {
    assert(unicodeWidth(line) <= 8, line);
    assert(!/^[，。、；：！？）」』]|[（「『]$/.test(line), line);
  }
  assertEquals(brokenLines("下一次執行 civikit update 時", 14), ["下一次執行", "civikit update", "時"]);
});

Deno.test("brokenLines() leaves a word that is wider than the terminal whole", () => {
  assertEquals(brokenLines("a https://example.com/long b", 10), ["a", "https://example.com/long", "b"]);
});
