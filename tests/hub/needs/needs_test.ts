import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { startHub, weightsOf } from "../../_support/hub.ts";
import { serveHub } from "../_service.ts";
import { identity, sha256, testLibrary } from "../library/_library.ts";

interface Said {
  readonly name: string;
  readonly state: string;
  readonly reference: string | null;
  readonly path: string | null;
  readonly versionId: number | null;
  readonly options: Record<string, string>;
  readonly problem: string | null;
}

const infotext = (...fields: readonly string[]) => ["a lantern\nSteps: 20, Sampler: Euler", ...fields].join(", ");

Deno.test("the API tells what of a picture is here, coming, to be had, and unknown", async () => {
  await using files = await testLibrary();
  const own = await files.write("own.safetensors", "own", null);
  const dream = await files.write("sub/dream.safetensors", "dream", identity(77));
  await files.library.look();
  await using hub = await serveHub({ library: files.library });
  const needs = async (body: unknown): Promise<Said[]> => {
    const response = await hub.ask("POST", "/api/v1/needs", body);
    const answer = await response.json();
    assertEquals(response.status, 200, JSON.stringify(answer));
    return answer.items;
  };
  const lantern = await hub.civitai.sha256(3002);
  await hub.queue.add([{ reference: "2001" }]);
  const queued = await hub.civitai.sha256(3001);
  const text = infotext(
    `Model hash: ${(await sha256("own")).slice(0, 10).toLowerCase()}, Model: renamed`,
    `Lora hashes: "lantern: ${lantern.slice(0, 10)}, older: ${queued.slice(0, 10)}, nobody: 00112233445566778899"`,
    `Civitai resources: [{"type": "lora", "modelVersionId": 77, "modelName": "Dream"}]`,
  );
  const found = await needs({ text });
  assertEquals(found.map(({ name, state, reference, path }) => [name, state, reference, path]), [
    ["renamed", "here", null, own],
    ["lantern", "missing", "2002", null],
    ["older", "queued", "2001", null],
    ["nobody", "unknown", null, null],
    ["Dream", "here", null, dream],
  ]);

  // what it says can be put into the queue as it is
  const { reference, options } = found[1]!;
  assertEquals((await hub.ask("POST", "/api/v1/queue", { references: [reference], options })).status, 202);
  assertEquals((await needs({ text }))[1]!.state, "queued");
});

Deno.test("the API tells what a graph needs: from the site, from other addresses, and what is here by name", async () => {
  await using files = await testLibrary();
  const path = await files.write("loras/Paper.safetensors", "paper", null);
  await files.library.look();
  await using hub = await serveHub({ library: files.library });
  const hash = "AB".repeat(32);
  const models = [
    {
      name: "ae.safetensors",
      url: "https://huggingface.co/x/resolve/main/ae.safetensors",
      directory: "vae",
      hash,
      hash_type: "SHA256",
    },
    { name: "far.safetensors", url: `${hub.civitai.url}/models/1001?modelVersionId=2002`, directory: "loras" },
    { name: "near.safetensors", url: "ftp://10.0.0.1/near.safetensors", directory: "loras" },
  ];
  const graph = { nodes: [{ properties: { models } }, { widgets_values: ["paper.safetensors"] }] };
  const { items } = await (await hub.ask("POST", "/api/v1/needs", { graph })).json() as {
    items: (Said & { directory: string })[];
  };
  assertEquals(items.map(({ name, state, path, options, directory }) => [name, state, path, options, directory]), [
    ["ae.safetensors", "missing", null, { sha256: hash, output: "ae.safetensors" }, "vae"],
    ["far.safetensors", "missing", null, {}, "loras"],
    ["near.safetensors", "unknown", null, {}, "loras"],
    ["paper.safetensors", "here", path, {}, null],
  ]);
});

Deno.test("the API says why a model could not be looked up, and refuses what is no picture and no graph", async () => {
  await using hub = await serveHub();
  hub.civitai.faults.maintenance(true);
  const response = await hub.ask("POST", "/api/v1/needs", { text: infotext('Lora hashes: "a: 0011223344"') });
  const [need] = (await response.json()).items as Said[];
  assertEquals(need?.state, "unknown");
  assertMatch(need?.problem ?? "", /503|did not answer within 10 s/);
  for (const body of [{}, { text: "a", graph: {} }, { text: 3 }, { graph: "x" }]) {
    const refused = await hub.ask("POST", "/api/v1/needs", body);
    assertEquals([refused.status, (await refused.json()).code], [400, "invalid_argument"]);
  }
});

Deno.test("the API places a file elsewhere as the layout says, and its options go into the queue as they are", async () => {
  const weights = weightsOf(1);
  await using world = await startHub({ "vae/ae.safetensors": weights });
  const root = await Deno.makeTempDir();
  try {
    await using hub = await serveHub({ where: () => ({ root, layout: "comfyui" }), roots: () => [root] });
    const models = [{ name: "ae.safetensors", url: world.at("vae/ae.safetensors"), directory: "vae" }];
    const answer = await hub.ask("POST", "/api/v1/needs", { graph: { nodes: [{ properties: { models } }] } });
    const [need] = (await answer.json()).items;
    assertEquals([need.state, need.target, need.proof, need.sizeBytes], [
      ...["missing", "models/vae/ae.safetensors", "lfs", weights.length],
    ]);
    assertEquals(need.options.dir, join(root, "models/vae"));
    const { reference, options } = need;
    assertEquals((await hub.ask("POST", "/api/v1/queue", { references: [reference], options })).status, 202);
    const [job] = (await hub.queue.list()).jobs;
    assertEquals([job?.reference, job?.options.dir], [reference, join(root, "models/vae")]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
