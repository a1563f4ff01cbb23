import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseReference, type Reference, type SiteReference } from "@civikit/civikit/api";
import { InputError } from "@civikit/civikit/transport";

function site(text: string, from: Parameters<typeof parseReference>[1] = {}): SiteReference {
  const reference = parseReference(text, from);
  if (reference.kind === "url") throw new Error(`"${text}" was taken for a plain URL`);
  return reference;
}

function facts(reference: Reference): Record<string, unknown> {
  const { text: _, ...rest } = reference as SiteReference;
  return rest;
}

const model = (modelId: number, select = {}) => ({ kind: "model", modelId, select });
const version = (versionId: number, select = {}) => ({ kind: "version", versionId, select });
const versionOf = (modelId: number, versionId: number, select = {}) => ({
  kind: "version",
  versionId,
  modelId,
  select,
});

const understood: [string, Record<string, unknown>][] = [
  ["1387174", { ...version(1387174), bare: true }],
  [" 1387174\n", { ...version(1387174), bare: true }],
  ["000012", { ...version(12), bare: true }],
  ["version:1387174", version(1387174)],
  ["model:1231067", model(1231067)],
  ["MODEL:1231067", model(1231067)],
  ["urn:air:flux1:lora:civitai:1231067@1387174", versionOf(1231067, 1387174)],
  [
    "urn:air:flux1:lora:civitai:1231067@1387174+7.safetensor",
    versionOf(1231067, 1387174, { fileId: 7, format: "safetensor" }),
  ],
  ["civitai:1231067", model(1231067)],
  ["CivitAI:1231067@1387174", versionOf(1231067, 1387174)],
  ["https://civitai.com/models/1231067", model(1231067)],
  ["https://civitai.com/models/1231067/", model(1231067)],
  ["https://civitai.com/models/1231067/vivid-impressions", model(1231067)],
  ["https://civitai.com/models/1231067/%E7%AB%8B%E7%BB%98/?modelVersionId=1387174#x", versionOf(1231067, 1387174)],
  ["https://civitai.com/models/1231067?modelVersionId=1387174", versionOf(1231067, 1387174)],
  ["https://civitai.com/models/1231067?modelVersionId=", model(1231067)],
  ["https://CIVITAI.com./models/5", model(5)],
  ["https://www.civitai.com/models/5", model(5)],
  ["https://civitai.red/models/5/a-b", { ...model(5), host: "civitai.red" }],
  ["https://www.civitai.green/models/5", model(5)],
  ["civitai.com/models/5", model(5)],
  ["https://civitai.com/model-versions/6", version(6)],
  ["https://civitai.com/api/download/models/6", version(6)],
  ["https://civitai.com/api/download/models/6?fileId=9", version(6, { fileId: 9 })],
  [
    "https://civitai.com/api/download/models/6?type=Text%20Encoder&format=SafeTensor&size=pruned&fp=fp16&quantType=Q4_K_M",
    version(6, { type: "Text Encoder", format: "SafeTensor", size: "pruned", fp: "fp16", quantType: "Q4_K_M" }),
  ],
  ["https://civitai.com/api/v1/models/5", model(5)],
  ["https://civitai.com/api/v1/model-versions/6", version(6)],
  ["https://api.civitai.com/api/download/models/6", version(6)],
];

Deno.test("parseReference() understands every form", () => {
  for (const [text, expected] of understood) assertEquals(facts(site(text)), expected, text);
});

Deno.test("parseReference() never keeps a token of a Civitai URL", () => {
  const secret = "0123456789abcdef0123456789abcdef";
  for (
    const url of [
      `https://civitai.com/api/download/models/6?type=Model&token=${secret}`,
      `https://civitai.com/models/5?token=${secret}`,
      `https://civitai.com/models/5?modelVersionId=6&token=${secret}`,
      `civitai.com/models/5?token=${secret}`,
    ]
  ) {
    assertEquals(JSON.stringify(parseReference(url)).includes(secret), false, url);
  }
  const error = assertThrows(() => parseReference(`https://civitai.com/user/x?token=${secret}`), InputError);
  assertEquals(`${error.message}${error.input}`.includes(secret), false);
});

Deno.test("parseReference() knows the configured site, with port and path prefix, over loopback http", () => {
  const local = { baseUrl: "http://127.0.0.1:8123" };
  assertEquals(facts(site("http://127.0.0.1:8123/models/5", local)), model(5));
  assertEquals(facts(site("http://127.0.0.1:8123/api/download/models/6?fileId=7", local)), version(6, { fileId: 7 }));
  assertEquals(facts(site("https://civitai.com/models/5", local)), model(5));
  assertEquals(parseReference("http://127.0.0.1:8123/files/a.bin", local), {
    kind: "url",
    url: "http://127.0.0.1:8123/files/a.bin",
  });
  assertEquals(parseReference("http://127.0.0.1:9/models/5", local).kind, "url");
  const prefixed = { baseUrl: "https://mirror.example/civitai" };
  assertEquals(facts(site("https://mirror.example/civitai/models/5", prefixed)), model(5));
});

Deno.test("parseReference() takes trusted hosts from the caller", () => {
  const trustedHosts = ["models.example"];
  assertEquals(facts(site("https://www.models.example/models/5", { trustedHosts })), model(5));
  assertEquals(parseReference("https://models.example.evil.example/models/5", { trustedHosts }).kind, "url");
});

Deno.test("parseReference() takes any other https URL as it is, without its fragment", () => {
  for (
    const url of [
      "https://example.com/a.safetensors",
      "https://b2.civitai.com/file/civitai-modelfiles/a?token=keep",
      "https://civitai.com.evil.example/models/5",
      "https://notcivitai.com/models/5",
      "https://civitai.com:8443/models/5",
    ]
  ) {
    assertEquals(parseReference(url), { kind: "url", url }, url);
  }
  assertEquals(parseReference("https://example.com/a#b"), { kind: "url", url: "https://example.com/a" });
});

Deno.test("parseReference() refuses http beyond this machine", () => {
  for (const url of ["http://civitai.com/models/5", "HTTP://www.civitai.red/models/5", "http://example.com/a.bin"]) {
    assertEquals(assertThrows(() => parseReference(url), InputError).code, "insecure_url", url);
  }
});

const nonsense: string[] = [
  "",
  "   ",
  "0",
  "2147483648",
  "9".repeat(400),
  "-5",
  "+5",
  "1.5",
  "1e3",
  "0x10",
  "１２３",
  "٣٤",
  "²",
  "12 34",
  "model:",
  "model:0",
  "model:abc",
  "version:99999999999",
  "hello",
  "../../etc/passwd",
  "C:\\models\\a.safetensors",
  "/models/5",
  "ftp://civitai.com/models/5",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "data:text/plain,5",
  "https://",
  "https://[::1",
  "https://civitai.com",
  "https://civitai.com/",
  "https://civitai.com/models",
  "https://civitai.com/models/abc",
  "https://civitai.com/models/１２",
  "https://civitai.com/models/0",
  "https://civitai.com/models/99999999999999",
  "https://civitai.com/models/5/a/b/c",
  "https://civitai.com/models/5?modelVersionId=abc",
  "https://civitai.com/models/5?modelVersionId=-1",
  "https://civitai.com/api/download/models/6?fileId=0",
  "https://civitai.com/api/download/models/6?fileId=6%00",
  "https://civitai.com/images/5",
  "https://civitai.com/user/someone",
  "https://me:pw@civitai.com/models/5",
  "https://me:pw@example.com/a",
  "12\u0000",
  "\u202e5",
  `https://example.com/${"a".repeat(9000)}`,
  "{}",
  "__proto__",
];

Deno.test("parseReference() refuses nonsense with the reason and the forms that are understood", () => {
  for (const text of nonsense) {
    const error = assertThrows(() => parseReference(text), InputError, undefined, JSON.stringify(text.slice(0, 60)));
    assertEquals(error.code, "invalid_url", text);
    assertStringIncludes(error.message, "understood are");
    assertEquals(error.message.length < 700, true, error.message);
    assertEquals(/\p{Cc}|\p{Cf}/u.test(error.message), false, text);
    assertEquals(error.message.includes("me:pw"), false);
  }
});

Deno.test("parseReference() calls a malformed AIR by its name", () => {
  for (
    const text of [
      "civitai:abc",
      "urn:air:x",
      "urn:air:oci:image:dockerhub:a/b@v1",
      "huggingface:a/b@main",
      "civitai:1@x",
    ]
  ) {
    assertEquals(assertThrows(() => parseReference(text), InputError).code, "invalid_air", text);
  }
});
