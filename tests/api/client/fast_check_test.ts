import { assertEquals } from "@std/assert";
import * as v from "valibot";
import { fastCheck } from "../../../api/client/fast_check.ts";
import { galleryImageSchema } from "../../../api/resources/images.ts";
import { modelSchema } from "../../../api/resources/models.ts";
import { versionSchema } from "../../../api/resources/versions.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { hasSamples, sample, sampleNames } from "../_samples.ts";

/** Every object and array within `value`, with a way to change one of its parts and back. */
function* parts(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  yield value as Record<string, unknown>;
  for (const part of Object.values(value)) yield* parts(part);
}

/** A value as text, whatever the order of keys; a list and an object with its places for keys are one. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    return typeof part === "object" && part !== null ? Object.fromEntries(Object.entries(part).sort()) : part;
  });
}

/** Tells whether valibot takes a value and mends nothing in it. */
function isWhole(schema: v.GenericSchema, value: unknown): boolean {
  const { success, output } = v.safeParse(schema, value);
  return success && plain(output) === plain(value);
}

Deno.test({
  name: "fastCheck() says the same as valibot about every saved answer, with each part of it replaced by anything else",
  ignore: !hasSamples,
  fn() {
    const pairs = [
      ...sampleNames("models.item-").slice(0, 3).map((name) => [modelSchema, sample(name)] as const),
      [modelSchema, sample("models.1231067.json")] as const,
      [versionSchema, sample("model-versions.1387174.json")] as const,
      [galleryImageSchema, sample("images.item-98780806.json")] as const,
    ];
    let refusals = 0;
    for (const [schema, value] of pairs) {
      const check = fastCheck(schema);
      assertEquals(check(value), true);
      for (const part of parts(value)) {
        for (const [key, old] of Object.entries(part)) {
          for (const other of [null, "text", 7, -1, 0.5, 2 ** 60, true, {}, [], [7], { SHA256: 7 }, { name: "a" }]) {
            part[key] = other;
            const expected = isWhole(schema, value);
            if (!expected) refusals++;
            if (check(value) !== expected) assertEquals(check(value), expected, `${key}: ${JSON.stringify(other)}`);
          }
          if (!Array.isArray(part)) {
            delete part[key];
            assertEquals(check(value), isWhole(schema, value), `without ${key}`);
          }
          part[key] = old;
        }
      }
    }
    assertEquals(refusals > 500, true);
  },
});

Deno.test("fastCheck() leaves to valibot what it does not know", () => {
  const schema = v.object({ id: v.pipe(v.string(), v.uuid()), list: v.tuple([v.number()]) });
  const check = fastCheck(schema as unknown as v.GenericSchema);
  assertEquals(check({ id: "00000000-0000-4000-8000-000000000000", list: [1] }), true);
  assertEquals([check({ id: "x", list: [1] }), check({ id: 7, list: [1] }), check(null)], [false, false, false]);
  const odd = fastCheck(v.looseObject({ even: v.pipe(v.number(), v.check((value) => value % 2 === 0)) }));
  assertEquals([odd({ even: 2 }), odd({ even: 3 }), odd({ even: "2" }), odd({}), odd([])], [
    true,
    false,
    false,
    false,
    false,
  ]);
});

Deno.test("fastCheck() takes any text for the name of a key", () => {
  const names = [
    '"',
    "'",
    "\\",
    "`${globalThis.hacked = 1}`",
    "*/",
    "\u2028",
    "\u2029",
    "\n",
    "\0",
    "</script>",
    "",
    "a b",
    "7",
  ];
  for (const name of [...names, '"]; globalThis.hacked = true; all["']) {
    const check = fastCheck(v.looseObject({ [name]: v.number() }));
    assertEquals([check({ [name]: 1 }), check({ [name]: "1" }), check({})], [true, false, false], JSON.stringify(name));
  }
  assertEquals("hacked" in globalThis, false);
});

Deno.test("fastCheck() lets nothing through that valibot would mend or refuse, whatever the schema", () => {
  const cases: [schema: v.GenericSchema, whole: unknown, others: unknown[]][] = [
    [v.looseObject({ a: v.exactOptional(v.number(), 5) }), { a: 1 }, [{}, { a: "1" }]],
    [v.looseObject({ a: v.nullable(v.number(), 5) }), { a: 1 }, [{ a: null }, {}]],
    [v.array(v.tuple([v.fallback(v.string(), "none")])), [["a"]], [[[7]]]],
    [v.pipe(v.array(v.number()), v.everyItem((item) => item > 0)), [1, 2], [[1, 0], ["a"]]],
    [v.pipe(v.string(), v.trim()), "a", [" a"]],
    [v.pipe(v.number(), v.minValue(-1), v.maxValue(1e21)), 0, [-2, 1e22]],
    [v.nullish(v.string(), "none"), "a", [null]],
    [v.record(v.string(), v.fallback(v.boolean(), false)), { a: true }, [{ a: 7 }]],
    [v.looseObject({ a: v.union([v.null(), v.looseObject({ b: v.array(v.string()) })]) }), { a: { b: [] } }, [
      ...[{ a: {} }, { a: { b: [7] } }, { a: [] }],
    ]],
  ];
  for (const [schema, whole, others] of cases) {
    const check = fastCheck(schema);
    assertEquals(check(whole), true, JSON.stringify(whole));
    for (const other of others) assertEquals(check(other), false, JSON.stringify(other));
  }
  assertEquals(fastCheck(v.union([]))(7), false);
});

Deno.test("models.get() reads and mends answers, and keeps whole ones as they are, where code may not be made of text", async () => {
  const program = `
    import { civitai } from ${JSON.stringify(new URL("../../../api/mod.ts", import.meta.url).href)};
    const answer = { id: 5, name: 7, type: "LORA", modelVersions: [] };
    for (const one of [answer, { more: { b: 1, a: 2 }, modelVersions: [], type: "LORA", name: "a", id: 5 }]) {
      console.log(JSON.stringify(await civitai({ fetch: () => Promise.resolve(Response.json(one)) }).models.get(5)));
    }`;
  const flags = ["--quiet", "--v8-flags=--disallow-code-generation-from-strings", ...await registryFlags()];
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", ...flags, program],
    stderr: "inherit",
  }).output();
  assertEquals(new TextDecoder().decode(stdout).trim().split("\n"), [
    '{"id":5,"name":"7","type":"LORA","modelVersions":[]}',
    '{"more":{"b":1,"a":2},"modelVersions":[],"type":"LORA","name":"a","id":5}',
  ]);
});
