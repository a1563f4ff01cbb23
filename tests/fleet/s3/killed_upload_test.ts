import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { registryFlags } from "../../../tools/registry.ts";
import { contentAt, embeddedS3 } from "../../../testing/mod.ts";

const kills = Number(Deno.env.get("CIVIKIT_TEST_KILLS") ?? 3);
const size = 60 * 1024 * 1024;

Deno.test("an upload that is killed again and again ends once, right, and sends little twice", async () => {
  await using s3 = embeddedS3().listen();
  const folder = await Deno.makeTempDir();
  const path = join(folder, "a.bin");
  const content = contentAt(1, 0, size);
  await Deno.writeFile(path, content);
  const sha256 = createHash("sha256").update(content).digest("hex");
  const program = new URL("_put.ts", import.meta.url).pathname;
  const args = ["run", "-A", "--quiet", ...await registryFlags(), program, s3.url, path, sha256];
  let said = "";
  for (let round = 0; !said.includes("done"); round++) {
    const process = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
    said = "";
    let lines = 0;
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      said += text;
      lines = said.split("\n").length - 1;
      // once something has come that was not there before
      if (round < kills && lines > round + 1) {
        process.kill("SIGKILL");
        break;
      }
    }
    await process.status;
  }
  const [object] = s3.objects().values();
  assertEquals(createHash("sha256").update(object!.bytes).digest("hex"), sha256);
  assertEquals([s3.objects().size, s3.uploads().size], [1, 0]);
  const sent = s3.log.filter(({ operation }) => operation === "UploadPart").reduce(
    (sum, one) => sum + one.sentBytes,
    0,
  );
  // two parts were on their way at each kill
  assert(sent <= size + kills * 2 * 5 * 1024 * 1024, `${sent}`);
  await Deno.remove(folder, { recursive: true });
});
