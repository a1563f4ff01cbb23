import { assertEquals, assertRejects } from "@std/assert";
import { civitai } from "@civikit/civikit/api";
import { fetchTransport } from "@civikit/civikit/transport";
import { planFiles } from "../../../hub/run/plan_files.ts";
import { startCivitai } from "../../_civitai/mod.ts";

Deno.test("planFiles() asks about many models in one question, and one by one about those it does not list", async () => {
  await using embedded = await startCivitai({ loraBytes: 1000 });
  using transport = fetchTransport();
  const api = civitai(transport, { baseUrl: embedded.url });
  const dir = await Deno.makeTempDir();
  const { signal } = new AbortController();
  const plan = async (...texts: string[]) => {
    const before = embedded.log.length;
    const { files, failures } = await planFiles(texts.map((text) => ({ text })), api, { dir, signal, concurrency: 1 });
    const asked = embedded.log.slice(before).map(({ path }) => path.replace("/api/v1/", ""));
    return {
      asked,
      names: files.map(({ name }) => name),
      codes: failures.map(({ error }) => (error as Error).message),
    };
  };
  try {
    const alone = await plan("model:1001");
    assertEquals(alone.asked[0], "models/1001");
    const other = await plan("model:1002");
    const many = await plan("model:1001", "model:1002", "model:1001", "nonsense:", "model:999999");
    assertEquals(many.names, [...alone.names, ...other.names]);
    assertEquals(many.codes.length, 2);
    const models = many.asked.filter((path) => path.startsWith("models"));
    assertEquals(models, ["models", "models/999999"]);
    // versions that are named need no model
    assertEquals((await plan("2002", "2011")).asked, ["model-versions/2002", "model-versions/2011"]);
    // a site that does not answer is asked as ever
    embedded.faults.maintenance(true);
    const down = await plan("model:1001", "model:1002");
    assertEquals([down.names.length, down.codes.length], [0, 2]);
    const gone = { dir, signal: AbortSignal.abort(new Error("enough")) };
    await assertRejects(() => planFiles([{ text: "model:1001" }, { text: "model:1002" }], api, gone), Error, "enough");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
