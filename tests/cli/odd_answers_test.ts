import { assertEquals } from "@std/assert";
import { main } from "../../cli/main.ts";
import { testIo } from "./_io.ts";

const version = {
  ...{ id: 7, modelId: 5, name: "v1", model: { name: "Lantern", type: "LORA" } },
  files: [{ id: 9, name: "lantern.safetensors", sizeKB: 1e308, type: "Model", primary: true }],
};

/** What `civikit ARGS` prints to whom every question is answered with `answer`. */
async function printed(args: readonly string[], answer: unknown): Promise<string> {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => Response.json(answer));
  const home = await Deno.makeTempDir();
  try {
    const env = { CIVIKIT_BASE_URL: `http://127.0.0.1:${server.addr.port}`, HOME: home, CIVIKIT_CACHE: "off" };
    const io = testIo({ env });
    assertEquals([await main(args, io), io.err.replace(/^next: .*\n/, "")], [0, ""]);
    return io.out;
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("civikit versions get shows no size that no disk holds, and takes silence about its use for leave", async () => {
  const out = await printed(["versions", "get", "7"], version);
  assertEquals(["Infinity", "undefined", "no downloads"].filter((word) => out.includes(word)), []);
  const forbidden = await printed(["versions", "get", "7"], { ...version, usageControl: "Generation" });
  assertEquals(forbidden.includes("no downloads (Generation)"), true);
});

Deno.test("civikit models get shows a version whose file has no size, and no name", async () => {
  const { modelId: _, model: __, name: ___, ...listed } = version;
  const out = await printed(["models", "get", "5"], { id: 5, modelVersions: [listed] });
  assertEquals([out.includes("lantern.safetensors"), /Infinity|undefined|null/.test(out)], [true, false]);
});
