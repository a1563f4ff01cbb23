import { assertEquals } from "@std/assert";
import { parseDictionary, parseTargeted } from "../../cache/structured_field.ts";

Deno.test("RFC 8941 3.2: parseDictionary() reads every kind of item, and reads over parameters", () => {
  const members = parseDictionary(`a=1, b=-2.5 ,\tc="x\\"y",d=tok/en:x, e=:aGk=:, f=?0, g, h;p=1;q, a=3`)!;
  assertEquals(members.get("a"), { type: "integer", value: 3 });
  assertEquals(members.get("b"), { type: "decimal", value: -2.5 });
  assertEquals(members.get("c"), { type: "string", value: `x"y` });
  assertEquals(members.get("d"), { type: "token", value: "tok/en:x" });
  assertEquals(members.get("e"), { type: "bytes", value: "aGk=" });
  assertEquals(members.get("f"), { type: "boolean", value: false });
  assertEquals(members.get("g"), { type: "boolean", value: true });
  assertEquals(members.get("h"), { type: "boolean", value: true });
});

Deno.test("RFC 8941 4.2: parseDictionary() refuses the whole field for one flaw", () => {
  const flaws = [
    "&",
    "a=1, &",
    "a=",
    "a=1,",
    "A=1",
    "a =1",
    "a= 1",
    `a="x`,
    `a="é"`,
    "a=1 b=2",
    "a=?2",
    "a=1;P",
    "a=(1)",
  ];
  for (const flaw of [...flaws, "a=1234567890123456", "a=1.2345", "a=1;p=", "a=:x"]) {
    assertEquals(parseDictionary(flaw), undefined, flaw);
  }
});

Deno.test("RFC 9213 2.1: parseTargeted() wants whole numbers for lifetimes, else the field does not count", () => {
  assertEquals(parseTargeted("max-age=60, must-revalidate")?.maxAgeMs, 60_000);
  for (const text of [`max-age="60"`, "max-age=6.5", "max-age", "max-age=-1", "max-age=60, &"]) {
    assertEquals(parseTargeted(text), undefined, text);
  }
});

Deno.test("RFC 9213 2.1: parseTargeted() knows a missing and an empty field for none", () => {
  assertEquals([parseTargeted(null), parseTargeted(""), parseTargeted("  ")], [undefined, undefined, undefined]);
});

Deno.test("RFC 9213 2.1: a directive set to false is not there", () => {
  const directives = parseTargeted("no-store=?0, max-age=5")!;
  assertEquals([directives.noStore, directives.maxAgeMs], [false, 5000]);
});
