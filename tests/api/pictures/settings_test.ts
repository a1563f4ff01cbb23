import { assertEquals } from "@std/assert";
import { generationOf, generationOfTexts } from "@civikit/civikit/api";

const settings = "Steps: 26, Sampler: dpmpp_2m, Seed: 7, Model: m";
const read = (parameters: string) => {
  const made = generationOfTexts({ parameters });
  return made && [made.prompt, made.negativePrompt, made.steps, made.seed];
};

Deno.test("generationOfTexts() finds where the settings begin, whatever the prompt says about steps", () => {
  const both = ["a lantern, night", "blurry, low", 26, "7"];
  const texts: [string, unknown][] = [
    [`a lantern, night\nNegative prompt: blurry, low\n${settings}`, both],
    [`a lantern, night\r\nNegative prompt: blurry, low\r\n${settings}`, both],
    [`a lantern, night,.Negative prompt: blurry, low,.${settings}`, both],
    [`a lantern, night. Negative prompt: blurry, low. ${settings}`, both],
    [`a lantern, night, ${settings}`, ["a lantern, night", undefined, 26, "7"]],
    [`a lantern, night\n${settings}`, ["a lantern, night", undefined, 26, "7"]],
    [`a lantern.\n${settings}`, ["a lantern.", undefined, 26, "7"]],
    [settings, ["", undefined, 26, "7"]],
    [`Negative prompt: blurry\n${settings}`, ["", "blurry", 26, "7"]],
    [`climb\nSteps: 12 of them\nNegative prompt: blurry\n${settings}`, ["climb\nSteps: 12 of them", "blurry", 26, "7"]],
    [`climb, Steps: 12, slowly\n${settings}`, ["climb, Steps: 12, slowly", undefined, 26, "7"]],
    [`no Negative prompt: here\nNegative prompt: x\n${settings}`, ["no Negative prompt: here", "x", 26, "7"]],
    [`a\nNegative prompt: b, Steps: 3 and down\n${settings}`, ["a", "b, Steps: 3 and down", 26, "7"]],
    [`a\n${settings}, Face prompt: "b, Steps: 9, c", Face Model: n`, ["a", undefined, 26, "7"]],
    [`a\n${settings}\nTemplate: {a|b}, Steps: 30`, ["a", undefined, 26, "7"]],
    ["a lantern\nNegative prompt: blurry", ["a lantern", "blurry", undefined, undefined]],
    ["Make ten Steps: 5", null],
    ["a diary of the evening", null],
  ];
  for (const [text, due] of texts) assertEquals(read(text), due, text);
});

Deno.test("generationOfTexts() reads every field of the settings, whatever the one before it holds", () => {
  const rawOf = (field: string) => {
    const made = generationOfTexts({ parameters: `p\nSteps: 32, Sampler: Euler, ${field}, Seed: 5, Size: 64x96` })!;
    assertEquals([made.seed, made.width, made.height], ["5", 64, 96], field);
    return made.raw;
  };
  const fields: [string, Record<string, string>][] = [
    ["Hires prompt: \\, Hires negative prompt: , Hires CFG Scale: 1", {
      "Hires prompt": "\\",
      "Hires negative prompt": "",
      "Hires CFG Scale": "1",
    }],
    ["Model: odd{name", { Model: "odd{name" }],
    ["Model: [old, Note: (a", { Model: "[old", Note: "(a" }],
    ['Template: 5" tall', { Template: '5" tall' }],
    ['Template: "5 tall', { Template: '"5 tall' }],
    ['Template: "unfinished, Lora hashes: "a: 1, b: 2"', { Template: '"unfinished', "Lora hashes": "a: 1, b: 2" }],
    ['Template: "say \\"hi, you\\", twice\\n"', { Template: 'say "hi, you", twice\n' }],
    ['Template: "C:\\models, x"', { Template: "C:\\models, x" }],
    ['Civitai resources: [{"a":"]","b":[1,2]}], C: 1', { "Civitai resources": '[{"a":"]","b":[1,2]}]', C: "1" }],
    ["Path: C:\\a\\, Next: 1", { Path: "C:\\a\\", Next: "1" }],
    ["constructor: 1, __proto__: 2", { constructor: "1" } as unknown as Record<string, string>],
  ];
  for (const [field, due] of fields) {
    const raw = rawOf(field);
    for (const [name, value] of Object.entries(due)) assertEquals(raw[name], value, field);
  }
});

Deno.test("generationOfTexts() reads a hostile text in one go", () => {
  const hostile = [
    "\n".repeat(1e6),
    ", ".repeat(5e5),
    "Steps: 1, ".repeat(1e5),
    "A: [, ".repeat(1e5),
    'A: "\\", '.repeat(1e5),
    "Negative prompt: ".repeat(5e4),
    `{"a": ${'"\\'.repeat(5e5)}`,
    "[".repeat(1e6),
    `{"prompt": ${"[".repeat(1e5)}${"]".repeat(1e5)}}`,
  ];
  for (const text of hostile) {
    generationOfTexts({ parameters: `a\nSteps: 1, Seed: 1, ${text}`, Comment: text, prompt: text });
    generationOfTexts({ parameters: `${text}\nSteps: 1, Sampler: x, Seed: 1` });
  }
});

const graph = (seed: string, more = "") =>
  `{"3":{"inputs":{"seed":${seed},"steps":20,"cfg":7.5,"sampler_name":"euler","positive":["6",0]}${more}},` +
  `"6":{"inputs":{"text":"NaN of a lantern, \\"Infinity\\""}}}`;

Deno.test("generationOfTexts() reads graphs that hold NaN or Infinity, which are no JSON", () => {
  for (const odd of ["NaN", "Infinity", "-Infinity"]) {
    const made = generationOfTexts({ prompt: graph("12345", `,"is_changed":[${odd}]`) })!;
    assertEquals([made.seed, made.steps, made.prompt], ["12345", 20, 'NaN of a lantern, "Infinity"']);
    assertEquals((made.comfy?.prompt as Record<string, Record<string, unknown>>)["3"]!["is_changed"], [null]);
  }
  const large = `{"a":"${"x".repeat(4 * 1024 * 1024)}"}`;
  assertEquals(generationOfTexts({ prompt: large, workflow: "{}" })?.comfy, { workflow: {}, text: large });
  const deep = `{"a":${"[".repeat(300)}${"]".repeat(300)}}`;
  assertEquals(generationOfTexts({ prompt: deep })?.comfy, { text: deep });
  assertEquals(generationOfTexts({ prompt: '{"a": NaNa}' })?.comfy?.text, '{"a": NaNa}');
});

Deno.test("generationOfTexts() keeps every digit of a seed, from graphs and settings alike", () => {
  for (const seed of ["0", "12345", "9007199254740991", "9007199254740993", "18446744073709551615"]) {
    assertEquals(generationOfTexts({ prompt: graph(seed) })?.seed, seed);
    assertEquals(generationOfTexts({ prompt: graph(`${seed}.0`) })?.seed, seed);
    assertEquals(generationOfTexts({ UserComment: `{"prompt":${graph(seed, `,"x":NaN`)}}` })?.seed, seed);
    assertEquals(generationOfTexts({ parameters: `a\nSteps: 1, Seed: ${seed}` })?.seed, seed);
    assertEquals(generationOf({ meta: { comfy: `{"prompt":${graph(seed)}}` } })?.seed, seed);
  }
  const resources = `[{"modelVersionId":9007199254740993},{"modelVersionId":2001},{"modelVersionId":-1}]`;
  const parameters = `a\nSteps: 1, Seed: 1, Civitai resources: ${resources}`;
  assertEquals(generationOfTexts({ parameters })?.modelVersionIds, [2001]);
});
