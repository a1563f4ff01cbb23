import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Air, formatAir, parseAir } from "@civikit/civikit/api";
import { InputError } from "@civikit/civikit/transport";

const civitai = "civitai" as const;

const good: [string, Air][] = [
  ["urn:air:sdxl:checkpoint:civitai:827184@2514310", {
    ecosystem: "sdxl",
    type: "checkpoint",
    source: civitai,
    modelId: 827184,
    versionId: 2514310,
  }],
  ["urn:air:sdxl:checkpoint:civitai:827184@2514310+2402203", {
    ecosystem: "sdxl",
    type: "checkpoint",
    source: civitai,
    modelId: 827184,
    versionId: 2514310,
    fileId: 2402203,
  }],
  ["urn:air:sdxl:checkpoint:civitai:827184@2514310.safetensor", {
    ecosystem: "sdxl",
    type: "checkpoint",
    source: civitai,
    modelId: 827184,
    versionId: 2514310,
    format: "safetensor",
  }],
  ["URN:AIR:Flux1:LORA:Civitai:1231067@1387174+9.SafeTensor", {
    ecosystem: "flux1",
    type: "lora",
    source: civitai,
    modelId: 1231067,
    versionId: 1387174,
    fileId: 9,
    format: "safetensor",
  }],
  ["civitai:827184@2514310", { source: civitai, modelId: 827184, versionId: 2514310 }],
  ["civitai:827184", { source: civitai, modelId: 827184 }],
  ["civitai:827184.ckpt", { source: civitai, modelId: 827184, format: "ckpt" }],
  ["air:civitai:1+2", { source: civitai, modelId: 1, fileId: 2 }],
  ["sd1:civitai:1@2", { ecosystem: "sd1", source: civitai, modelId: 1, versionId: 2 }],
  ["sd1:text_encoders:civitai:1@2.gguf+3", {
    ecosystem: "sd1",
    type: "text_encoders",
    source: civitai,
    modelId: 1,
    versionId: 2,
    fileId: 3,
    format: "gguf",
  }],
  ["  urn:air:anima:checkpoint:civitai:2147483647@2147483647 \n", {
    ecosystem: "anima",
    type: "checkpoint",
    source: civitai,
    modelId: 2147483647,
    versionId: 2147483647,
  }],
];

Deno.test("parseAir() reads every form of the site", () => {
  for (const [text, air] of good) assertEquals(parseAir(text), air, text);
});

Deno.test("formatAir() writes what parseAir() reads back", () => {
  for (const [, air] of good) assertEquals(parseAir(formatAir(air)), air);
  assertEquals(formatAir(parseAir("civitai:827184@2514310")), "urn:air:civitai:827184@2514310");
  assertEquals(
    formatAir(parseAir("URN:AIR:Flux1:LORA:Civitai:1231067@1387174+9.SafeTensor")),
    "urn:air:flux1:lora:civitai:1231067@1387174+9.safetensor",
  );
});

Deno.test("formatAir() and parseAir() agree on a thousand made-up names", () => {
  let state = 7;
  const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
  const word = () => Array.from({ length: 1 + random(8) }, () => "abz019_-/"[random(9)]).join("");
  const id = () => 1 + random(2147483646);
  for (let round = 0; round < 1000; round++) {
    const air: Air = { source: civitai, modelId: id() };
    if (random(2)) air.ecosystem = `e${word()}`;
    if (air.ecosystem && random(2)) air.type = word();
    if (random(2)) air.versionId = id();
    if (random(2)) air.fileId = id();
    if (random(2)) air.format = word().replaceAll("/", "_");
    assertEquals(parseAir(formatAir(air)), air, JSON.stringify(air));
  }
});

const malformed: [string, string][] = [
  ["", "source"],
  ["827184", "source before the id is missing"],
  ["urn:air:827184@2514310", "source before the id is missing"],
  ["urn:air:oci:image:dockerhub:civitai/spine-comfy@v1.0.0", 'source "dockerhub" cannot be resolved'],
  ["urn:air:sdxl:lora:huggingface:org/name@main", 'source "huggingface" cannot be resolved'],
  ["urn:air:a:b:c:civitai:1@2", "too many parts"],
  ["urn:air:sdxl:check point:civitai:1@2", 'type "check point" is not a word'],
  ["urn:air::checkpoint:civitai:1@2", 'ecosystem "" is not a word'],
  ["civitai:", 'model id ""'],
  ["civitai:abc", 'model id "abc"'],
  ["civitai:0@2", 'model id "0"'],
  ["civitai:-1@2", 'model id "-1"'],
  ["civitai:1@", 'version id ""'],
  ["civitai:1@v2", 'version id "v2"'],
  ["civitai:1@0", 'version id "0"'],
  ["civitai:1@2147483648", 'version id "2147483648"'],
  ["civitai:1@99999999999999999999999999", "version id"],
  ["civitai:1@1e3", 'version id "1e3"'],
  ["civitai:1@0x10", 'version id "0x10"'],
  ["civitai:1@2+", 'file id ""'],
  ["civitai:1@2+x", 'file id "x"'],
  ["civitai:1@2@3", 'version id "2@3"'],
  ["civitai:1@2.", "is not an id, version, file and format"],
  ["civitai:1@2.a.b", "two formats"],
  ["civitai:1@2.a+3.b", "two formats"],
  ["civitai:１２@2", "model id"],
  ["civitai:1@٣", "version id"],
  ["civitai:1@2\u0000", "version id"],
  ["civitai:1 @2", 'model id "1 "'],
  ["civitаi:1@2", "source"], // a Cyrillic letter
  ["civitai:1@2\u202e", "version id"],
  [`civitai:${"1".repeat(300)}`, "longer than 256"],
  ["a:".repeat(100_000) + "civitai:1", "longer than 256"],
];

Deno.test("parseAir() says what is wrong with a malformed one", () => {
  for (const [text, reason] of malformed) {
    const error = assertThrows(() => parseAir(text), InputError);
    assertEquals(error.code, "invalid_air", text);
    assertStringIncludes(error.message, reason);
    assertStringIncludes(error.message, "urn:air:sdxl:checkpoint:civitai:827184@2514310");
    assertEquals(error.input.length <= 201, true);
  }
});

Deno.test("formatAir() refuses what cannot be read back", () => {
  const bad: Air[] = [
    { source: civitai, modelId: 0 },
    { source: civitai, modelId: 1.5 },
    { source: civitai, modelId: 1, versionId: NaN },
    { source: civitai, modelId: 1, fileId: 2 ** 31 },
    { source: civitai, modelId: 1, type: "lora" },
    { source: civitai, modelId: 1, ecosystem: "a:b" },
    { source: civitai, modelId: 1, ecosystem: "" },
    { source: civitai, modelId: 1, format: "a/b" },
  ];
  for (const air of bad) {
    assertEquals(assertThrows(() => formatAir(air), InputError).code, "invalid_air", JSON.stringify(air));
  }
});
