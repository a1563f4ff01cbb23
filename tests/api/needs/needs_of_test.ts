import { assertEquals, assertMatch } from "@std/assert";
import { civitai, type Need, needsOf, type UsedModel } from "@civikit/civikit/api";
import { createTransport } from "@civikit/civikit";
import { startCivitai } from "../../_civitai/mod.ts";
import { sha256Of, startHub, weightsOf } from "../../_support/hub.ts";

const weights = weightsOf(1);
const short = ({ state, target, reference, proof, options }: Need) => [state, target, reference, proof, options];

Deno.test("needsOf() says what can be had, where it would go, how large it is and what proves it", async () => {
  await using site = await startCivitai();
  await using world = await startHub({ "vae/ae.safetensors": weights });
  using transport = createTransport({ retry: { delayMs: 1 } });
  const api = civitai(transport, { baseUrl: site.url });
  const sha256 = await site.sha256(3002);
  const own = await sha256Of(weights);
  const url = world.at("vae/ae.safetensors");
  const used: UsedModel[] = [
    { name: "renamed", hash: sha256.slice(0, 10) },
    { name: "2020", versionId: 2020 },
    { name: "ae.safetensors", role: "vae", url, hash: own.toLowerCase(), directory: "vae" },
    { name: "style.safetensors", url: "https://example.com/style.safetensors", directory: "style_models" },
    { name: "nobody_knows" },
    { name: "same file", versionId: 2002 },
  ];
  const needs = await needsOf(used, { api, transport, layout: "comfyui" });
  assertEquals(needs.map(short), [
    ["missing", "models/loras/paper_lantern_v2.safetensors", "2002", "site", {}],
    ["missing", needs[1]!.target, "2020", "site", {}],
    ["missing", "models/vae/ae.safetensors", url, "lfs", { sha256: own.toLowerCase(), output: "ae.safetensors" }],
    [
      ...["missing", "models/style_models/style.safetensors", "https://example.com/style.safetensors", "none"],
      { output: "style.safetensors" },
    ],
    ["unknown", null, null, null, {}],
  ]);
  assertEquals(needs[2]!.sizeBytes, weights.length);
  assertEquals(world.storage.log.length, 0, "nothing was fetched");
});

Deno.test("needsOf() knows what is here by what was written, and by what the site says", async () => {
  await using site = await startCivitai();
  using transport = createTransport({ retry: { delayMs: 1 } });
  const api = civitai(transport, { baseUrl: site.url });
  const sha256 = await site.sha256(3002);
  const asked: UsedModel[] = [];
  const find = (model: UsedModel) => {
    asked.push(model);
    return model.hash === sha256 ? { path: "/models/renamed.safetensors" } : undefined;
  };
  const isQueued = ({ versionId }: { versionId?: number }) => Promise.resolve(versionId === 2001);
  const used = [{ name: "a", hash: sha256.slice(0, 10) }, { name: "b", versionId: 2001 }];
  const needs = await needsOf(used, { api, find, isQueued });
  assertEquals(needs.map(({ state, path }) => [state, path]), [
    ["here", "/models/renamed.safetensors"],
    ["queued", null],
  ]);
  assertEquals(asked.length, 4);
});

Deno.test("needsOf() sends nobody to an address that is none, near, or has another file than was written", async () => {
  await using site = await startCivitai();
  await using world = await startHub({ "ae.safetensors": weights });
  using transport = createTransport({ retry: { delayMs: 1 } });
  const api = civitai(transport, { baseUrl: site.url });
  // a public site: then this machine and its network are no place to be sent to
  const far = civitai({ fetch: () => Promise.reject(new Error("nobody is asked")) });
  const near = [
    ...["javascript:alert(1)", "file:///etc/passwd", "ftp://example.com/a.bin", "http://example.com/a.bin"],
    ...[
      "https://127.0.0.1/a.bin",
      "https://10.0.0.1/a.bin",
      "https://[::1]/a.bin",
      "https://user:pw@example.com/a.bin",
    ],
    ...["https://169.254.169.254/latest/a.bin", "https://router.local/a.bin", "x".repeat(9000)],
  ];
  const needs = await needsOf(near.map((url, index) => ({ name: `${index}.bin`, url })), { api: far });
  assertEquals(needs.map(({ state, reference }) => [state, reference]), near.map(() => ["unknown", null]));

  const url = world.at("ae.safetensors");
  const wrong = await needsOf([{ name: "ae.safetensors", url, hash: "ab".repeat(32) }], { api, transport });
  assertEquals([wrong[0]?.state, wrong[0]?.reference], ["unknown", null]);
  assertMatch(wrong[0]?.problem ?? "", /the file at its address has the SHA-256/);
  const page = `${site.url}/models/1001?modelVersionId=2002`;
  const other = await needsOf([{ name: "paper", url: page, hash: "cd".repeat(32) }], { api, transport });
  assertEquals([other[0]?.state, other[0]?.reference], ["unknown", null]);
  assertMatch(other[0]?.problem ?? "", /the file at its address has the SHA-256/);
});

Deno.test("needsOf() makes every name one file below the root", async () => {
  await using site = await startCivitai();
  using transport = createTransport({ retry: { delayMs: 1 } });
  const api = civitai(transport, { baseUrl: site.url });
  const names = [
    "../../etc/passwd.bin",
    "..\\..\\boot.bin",
    "/abs/olute.pt",
    "a\u0000b.ckpt",
    "CON.safetensors",
    "..",
    ".bin",
  ];
  const directory = "../../outside";
  const used = names.map((name, index) => ({ name, directory, url: `https://example.com/${index}/f.bin` }));
  const needs = await needsOf(used, { api, layout: "comfyui" });
  for (const { target, options: { output } } of needs) {
    assertMatch(target!, /^models\/other\/[^/]+$/);
    assertEquals(target!.split("/").some((part) => part === ".." || part.startsWith(".")), false, target!);
    assertEquals(output!.includes("/") || output!.includes("\\"), false, output!);
  }
});

Deno.test("needsOf() keeps what is private for its turn, and says why", async () => {
  await using site = await startCivitai();
  const options = { private: ["someone/thing"], token: "hf_secret_of_this_test" };
  await using world = await startHub({ "ae.safetensors": weights }, options);
  using transport = createTransport({ retry: { delayMs: 1 } });
  const api = civitai(transport, { baseUrl: site.url });
  const urls = [world.at("ae.safetensors"), world.at("gone.safetensors", "someone/else")];
  const needs = await needsOf(urls.map((url) => ({ name: url.split("/").at(-1)!, url })), { api, transport });
  assertEquals(needs.map(({ state, proof }) => [state, proof]), [["missing", "none"], ["missing", "none"]]);
  assertMatch(needs[0]?.problem ?? "", /private or gated/);
});

Deno.test("needsOf() asks no host that somebody else named, but huggingface.co, before a file is wanted", async () => {
  const asked: string[] = [];
  const transport = {
    fetch({ url }: Request) {
      asked.push(new URL(url).host);
      const headers = {
        "x-linked-etag": `"${"ab".repeat(32)}"`,
        "x-linked-size": "9",
        location: "https://cdn.example/",
      };
      return Promise.resolve(new Response(null, { status: 302, headers }));
    },
  };
  const api = civitai({ fetch: () => Promise.reject(new Error("nobody is asked")) });
  const hosts = ["huggingface.co", "evil.example", "huggingface.co.evil.example", "hf.co", "mirror.example"];
  const used = hosts.map((host) => ({ name: `${host}.bin`, url: `https://${host}/a/b/resolve/main/c.bin` }));
  const needs = await needsOf(used, { api, transport, hubHosts: ["huggingface.co", "hf.co", "mirror.example"] });
  assertEquals(asked.sort(), ["hf.co", "huggingface.co", "mirror.example"]);
  assertEquals(needs.map(({ proof }) => proof), ["lfs", "none", "none", "lfs", "lfs"]);
});
