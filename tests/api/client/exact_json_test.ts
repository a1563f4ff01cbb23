import { assertEquals } from "@std/assert";
import { readModelInfo, writeSidecars } from "@civikit/civikit/api";
import { parseExactJson, parseForWriting } from "../../../api/client/exact_json.ts";
import { withApi } from "../_server.ts";

const seed = "18446744073709551615";
const json = (text: string) => () => new Response(text, { headers: { "content-type": "application/json" } });
const version = `{"id":7,"modelId":5,"name":"v1","model":{"name":"A","type":"LORA"},"files":[],` +
  `"images":[{"url":"","meta":{"seed":${seed},"small":9007199254740991}}],"trainingDetails":{"seed":-${seed}}}`;

Deno.test("every call keeps every digit of whole numbers beyond 2^53, as text", async () => {
  const model = `{"id":5,"name":"A","type":"LORA","modelVersions":[${version}]}`;
  const routes = {
    "/api/v1/model-versions/7": json(version),
    "/api/v1/models/5": json(model),
    "/api/v1/model-files/9/tensor-metadata": json(`{"seed":${seed}}`),
  };
  await withApi(routes, async ({ api }) => {
    const read = await api.versions.get(7);
    assertEquals(read.images?.[0]?.meta, { seed, small: 9007199254740991 });
    assertEquals(read.trainingDetails, { seed: `-${seed}` });
    assertEquals((await api.models.get(5)).modelVersions[0]?.images?.[0]?.meta?.["seed"], seed);
    assertEquals(await api.files.tensorMetadata(9), { seed });
  });
});

Deno.test("writeSidecars() leaves numbers of other tools as they are, to the last digit", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.safetensors`;
  try {
    Deno.writeTextFileSync(`${folder}/a.civitai.info`, `{"id":7,"modelId":5,"files":[],"own":{"seed":${seed}}}`);
    await writeSidecars(path, { id: 7, modelId: 5, name: "v1", model: { name: "A", type: "Checkpoint" } });
    const text = Deno.readTextFileSync(`${folder}/a.civitai.info`);
    assertEquals([text.includes(`"seed": ${seed}`), text.includes('"name": "v1"')], [true, true]);
    assertEquals((readModelInfo(path)?.raw.own as Record<string, unknown>)["seed"], seed);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a number is told from text exactly where it stops to be exact", () => {
  const texts = ["9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "9999999999999999"];
  const exact = texts.map((text) => parseExactJson(`{"seed":${text}}`));
  assertEquals(exact, [9007199254740991, ...texts.slice(1)].map((seed) => ({ seed })));
  assertEquals(parseExactJson("12345678901234567"), "12345678901234567");
  assertEquals(parseExactJson("[1e300,1234567890123456,0.12345678901234567]"), [
    ...[1e300, 1234567890123456, 0.12345678901234567],
  ]);
  assertEquals(JSON.stringify(parseForWriting(`{"a":[${seed}]}`)), `{"a":[${seed}]}`);
});
