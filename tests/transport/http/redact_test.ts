import { assert, assertEquals } from "@std/assert";
import { cutSecrets, redactText, redactUrl, rememberSecret } from "../../../transport/internal.ts";

const key = "9f86d081884c7d65ab12cd34ef560001";
const digits64 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const random = "q7ZkT2mX9bLw4RfV8cNs1YhD";
const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

const queries: Readonly<Record<string, string>> = {
  "S3 v4": "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F2026&X-Amz-Expires=60&X-Amz-Signature=ab12",
  "S3 v2": "AWSAccessKeyId=AKIA&Expires=1700000000&Signature=ab%3D",
  "GCS v4": "X-Goog-Credential=a&X-Goog-Signature=ab12",
  "GCS v2": "GoogleAccessId=a%40b&Expires=1&Signature=ab",
  "Azure": "sv=2022-11-02&sr=b&sig=ab%2B12&se=2026-01-01",
  "CloudFront": "Expires=1&Signature=ab__&Key-Pair-Id=K1",
  "CloudFront's policy": "Policy=eyJ__&Key-Pair-Id=K1",
  "B2": "Authorization=3_2026_ab",
  "Discord": `ex=6565&is=6564&hm=${digits64}`,
  "an HMAC of 64 digits under any name": `hmac=${digits64}`,
  "64 hexadecimal digits": `x=${digits64}`,
  "Akamai": "hdnts=exp=1700000000~acl=/*~hmac=ab12",
  "Cloudflare": "verify=1700000000-ab%2B12",
  "nginx's secure link": "md5=q7ZkT2mX9bLw4RfV8cNs1Y&e=1700000000",
  "a short word for a password": "pwd=hunter2",
  "one letter": "k=hunter2",
  "a code of OAuth": "code=4%2F0AX4",
  "a JWT": `jwt=${jwt}`,
  "a JWT under any name": `x=${jwt}`,
  "a key of Civitai": `token=${key}`,
  "a random value under any name": `x=${random}`,
};

for (const [what, query] of Object.entries(queries)) {
  Deno.test(`redactUrl() hides the query that holds ${what}`, () => {
    assertEquals(redactUrl(`https://a.example/f.bin?${query}`), "https://a.example/f.bin?[redacted]");
  });
}

const urls: readonly (readonly [what: string, url: string, shown: string])[] = [
  ["user and password", "https://me:pw@a.example/f", "https://a.example/f"],
  ["user and password of a proxy", "socks5://me:pw@a.example:1080", "socks5://a.example:1080"],
  ["a fragment", "https://a.example/f#access_token=ab", "https://a.example/f"],
  [
    "what follows a telling segment",
    `https://a.example/token/${key}/f.bin`,
    "https://a.example/token/[redacted]/f.bin",
  ],
  ["a named value in the path", "https://a.example/token=ab12/f.bin", "https://a.example/token=[redacted]/f.bin"],
  ["a matrix parameter", "https://a.example/f;jsessionid=ab12", "https://a.example/f;jsessionid=[redacted]"],
  ["one matrix parameter of two", "https://a.example/f;v=1;sig=ab/g", "https://a.example/f;v=1;sig=[redacted]/g"],
  ["a JWT in the path", `https://a.example/${jwt}/f.bin`, "https://a.example/[redacted]/f.bin"],
  ["a random segment", `https://hooks.example/services/T0/${random}`, "https://hooks.example/services/T0/[redacted]"],
  ["a token of a bot", `https://a.example/bot12345678:${random}/send`, "https://a.example/[redacted]/send"],
  ["a token in the path of Akamai", "https://a.example/hdnts=exp=1~hmac=ab/f", "https://a.example/hdnts=[redacted]/f"],
];

for (const [what, url, shown] of urls) {
  Deno.test(`redactUrl() hides ${what}`, () => assertEquals(redactUrl(url), shown));
}

const harmless = [
  "https://civitai.com/api/v1/models?limit=3",
  "https://civitai.com/api/v1/models?query=a&keyword=cat&design=flat&author=me&tokens=75",
  "https://civitai.com/api/v1/models?types=LORA&sort=Most%20Downloaded&period=Week&baseModels=SDXL%201.0",
  `https://civitai.com/api/v1/model-versions/by-hash/${digits64}`,
  "https://civitai.com/models/257749/pony-diffusion-v6-xl?modelVersionId=290640",
  "https://civitai.com/models/5/secret-garden/Secret-Garden-V10.safetensors",
  "https://civitai.com/auth/login",
  "https://huggingface.co/deepseek-ai/DeepSeek-R1-Distill-Qwen-32B-GGUF/resolve/main/Qwen2.5-VL-7B.gguf",
  "https://huggingface.co/a/ponyDiffusionV6XL_v6StartWithThisOne/resolve/0d3c1f9a5b7e2c4d6f8091a2b3c4d5e6f7081920/x",
  "https://image.civitai.com/xG1nkqKTMzGDvpLrqFT7WA/1b2c3d4e-5f60-4718-92a3-b4c5d6e7f809/width=450/1.jpeg",
  "https://b2.civitai.com/file/civitai-modelfiles/model/5/basicAnime_v10Pruned.4hjK.safetensors",
  "model:99999",
  "version:99",
  "civitai:99@98",
  "urn:air:sdxl:lora:civitai:99@98",
  "urn:air:sdxl:lora:civitai",
  "model://5",
  "C:\\models\\Basic Anime.safetensors",
  "Ring Bearer LoRA",
  "file:///home/me/models/a.safetensors",
];

for (const url of harmless) {
  Deno.test(`redactUrl() shows as it was written: ${url}`, () => assertEquals(redactUrl(url), url));
}

const texts: readonly (readonly [text: string, shown: string])[] = [
  [`{"key":"${key}"}`, `{"key":"[redacted]"}`],
  [`{"error":"x","apiKey" : "${key}","id":5}`, `{"error":"x","apiKey" : "[redacted]","id":5}`],
  [`{\\"token\\":\\"${key}\\",\\"id\\":5}`, `{\\"token\\":\\"[redacted]\\",\\"id\\":5}`],
  [`{\\\\\\"token\\\\\\":\\\\\\"ab12\\\\\\"}`, `{\\\\\\"token\\\\\\":\\\\\\"[redacted]\\\\\\"}`],
  ['{"password":"a \\"quoted\\" one","id":5}', '{"password":"[redacted]","id":5}'],
  ['{"password":123456,"id":5}', '{"password":[redacted],"id":5}'],
  ['{"set-cookie":["a=1; Path=/","b=2"],"id":5}', '{"set-cookie":[redacted],"id":5}'],
  [`API key ${key} is not valid`, "API key [redacted] is not valid"],
  [`the api_key '${key}' is wrong`, "the api_key '[redacted]' is wrong"],
  [`token '${key}' has expired`, "token '[redacted]' has expired"],
  [`token is ${key}.`, "token is [redacted]."],
  ["pwd=hunter2", "pwd=[redacted]"],
  ["passphrase: opensesame, again", "passphrase: [redacted], again"],
  ["Invalid token: ab12.", "Invalid token: [redacted]."],
  ["through socks5://me:pw@a.example:1080", "through socks5://a.example:1080"],
  ["from ftp://me:pw@a.example/f", "from ftp://a.example/f"],
  ["at wss://a.example/f?token=ab", "at wss://a.example/f?[redacted]"],
  ['Authorization: Digest username="me", realm="a b", response="ab12", nc=1', "Authorization: [redacted]"],
  ['sent Digest username="me", response="ab12"; refused', "sent Digest [redacted]; refused"],
  ["Authorization: Bearer ab", "Authorization: [redacted]"],
  ["authorization=Basic bWU6cHc=, then", "authorization=[redacted], then"],
  ['{"Authorization":"Bearer ab","id":5}', '{"Authorization":"[redacted]","id":5}'],
  [`sent Bearer ${key}`, "sent Bearer [redacted]"],
  ["sent basic bWU6cGFzc3dvcmQ=", "sent basic [redacted]"],
  ["Set-Cookie: a=1; Path=/, b=2; HttpOnly\nServer: x", "Set-Cookie: [redacted]\nServer: x"],
  ["Cookie: a=1; b=2", "Cookie: [redacted]"],
  ["X-Api-Key: ab12", "X-Api-Key: [redacted]"],
  ["a=1&access_token=ab12&b=2", "a=1&access_token=[redacted]&b=2"],
  ["Signature=ab12, Credential=AKIA/2026", "Signature=[redacted], Credential=[redacted]"],
  [`got ${jwt} back`, "got [redacted] back"],
  ["https://me:pw@[::1]:8080/f?token=ab", "https://[::1]:8080/f?[redacted]"],
  ["https://me:pw@a b?x", "https://a/ b?x"],
  ["https://me:pw@a:port/b", "https://[redacted]"],
];

for (const [text, shown] of texts) {
  Deno.test(`redactText() cuts ${JSON.stringify(text)}`, () => {
    assertEquals(redactText(text), shown);
    assertEquals(redactText(shown), shown, "cutting twice cuts no more");
  });
}

const words = [
  "Basic training of LoRA",
  'reading "/models/Basic Anime.safetensors": permission denied',
  'reading "/models/Basic AnimeCharacterModel.safetensors": permission denied',
  "Ring Bearer LoRA",
  "max tokens: 75",
  '{"max_tokens":75,"token_count":5,"keyword":"cat","author":"me","design":"flat"}',
  "reading the API key from CIVITAI_API_KEY: not one word of plain characters",
  "API key: none",
  "looking for the API key: there is none",
  "token: expired",
  "password: required",
  'command "key": unknown',
  "missing key: model.diffusion_model.input_blocks",
  "Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
  "unknown token 'masterpiece'",
  '{"token":null,"secret":{"id":5},"key":true}',
  "write the API key to ~/.config/civikit/key (mode 0600)",
  "model:99999 and urn:air:sdxl:lora:civitai:99@98",
  "http://127.0.0.1:8080/api/v1/models?limit=3",
  "http://[::1]:8080/a",
  "https://civitai.com and https://civitai.com/models",
  "https://host:port/path",
  "a secret garden, a session, a cookie: all words",
  "if (key == other) pass: 3 of 5",
];

for (const text of words) {
  Deno.test(`redactText() leaves ${JSON.stringify(text)} alone`, () => assertEquals(redactText(text), text));
}

Deno.test("redactText() takes no time that grows with the square of the text", () => {
  for (const piece of ["\\", "a.", "eyJ-", "token:", '"', "api key ", "x://", "token=[", " "]) {
    const text = piece.repeat(200_000 / piece.length);
    assert(redactText(text).length <= text.length * 4, piece);
  }
});

Deno.test("rememberSecret() makes every text and every URL free of the key, however it is spelled there", () => {
  const secret = "Q4+odd/key=with&signs7";
  rememberSecret(secret);
  for (
    const spelled of [
      secret,
      encodeURIComponent(secret),
      encodeURIComponent(secret).toLowerCase(),
      secret.toUpperCase(),
    ]
  ) {
    assertEquals(cutSecrets(`a ${spelled}b`), "a [redacted]b");
    assertEquals(redactText(`the server says ${spelled}`), "the server says [redacted]");
    assertEquals(redactUrl(`https://a.example/x${encodeURIComponent(spelled)}/f`), "https://a.example/x[redacted]/f");
  }
  const quoted = 'k3y with "quotes" and \\ signs';
  rememberSecret(quoted);
  assertEquals(cutSecrets(JSON.stringify({ x: quoted })), '{"x":"[redacted]"}');
});

Deno.test("rememberSecret() takes no secret so short or so plain that ordinary words would be eaten", () => {
  for (const weak of ["", "abc", "a1b2c3d", "password", "anonymous", "Illustrious", "[redacted]"]) {
    rememberSecret(weak);
    assertEquals(cutSecrets(`so ${weak} it is`), `so ${weak} it is`);
  }
  for (const strong of ["a1b2c3d4", "averylongsecretword"]) {
    rememberSecret(strong);
    assertEquals(cutSecrets(`so ${strong} it is`), "so [redacted] it is");
  }
});

Deno.test("rememberSecret() cuts the longer of two secrets that begin alike, and keeps the last hundred", () => {
  rememberSecret("k3y-shared-begin");
  rememberSecret("k3y-shared-begin-and-more");
  assertEquals(cutSecrets("k3y-shared-begin-and-more"), "[redacted]");
  for (let index = 1000; index < 1300; index++) {
    rememberSecret(`rotated-key-number-${index}`);
    rememberSecret("k3y-shared-begin"); // sent again and again, as a key is
  }
  const text = "rotated-key-number-1000 rotated-key-number-1299 k3y-shared-begin";
  assertEquals(cutSecrets(text), "rotated-key-number-1000 [redacted] [redacted]");
});

Deno.test("a URL that was shown before loses a secret that became known since", () => {
  const url = "https://a.example/of/opensesame77/f";
  assertEquals(redactUrl(url), url);
  rememberSecret("opensesame77");
  assertEquals(redactUrl(url), "https://a.example/of/[redacted]/f");
});
