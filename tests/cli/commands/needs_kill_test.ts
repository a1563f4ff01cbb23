import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../../tools/registry.ts";
import { png } from "../../../testing/files/pictures.ts";
import { startCivitai } from "../../_civitai/mod.ts";
import { sha256Of, startHub, weightsOf } from "../../_support/hub.ts";
import { sha256, tree } from "../_world.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** At which request the process is killed; `CIVIKIT_FULL=1`: at each of the first thirty. */
const strikes = Deno.env.get("CIVIKIT_FULL") === "1" ? Array.from({ length: 30 }, (_, index) => index + 1) : [2, 6, 9];

Deno.test(`civikit add of a picture, killed -9 at ${strikes.length} instants, is finished by the same command`, async () => {
  const weights = weightsOf(1);
  await using civitai = await startCivitai({ loraBytes: 512 * 1024 });
  await using hub = await startHub({ "vae/ae.safetensors": weights });
  const hash = (await civitai.sha256(3002)).slice(0, 10);
  const models = [{ name: "ae.safetensors", url: hub.at("vae/ae.safetensors"), directory: "vae" }];
  const picture = png({
    parameters: `a\nSteps: 20, Sampler: Euler, Lora hashes: "a: ${hash}", Civitai resources: [{"modelVersionId":2020}]`,
    workflow: JSON.stringify({ nodes: [{ properties: { models } }] }),
  });
  const flags = await registryFlags(root);
  const asked = () =>
    [civitai.log, civitai.storage.log, hub.hub.log, hub.storage.log].reduce((sum, { length }) => sum + length, 0);
  for (const strike of strikes) {
    const folder = await Deno.makeTempDir();
    try {
      const path = join(folder, "lantern.png");
      Deno.writeFileSync(path, picture);
      const main = ["run", "-A", "--quiet", "--no-check", ...flags, join(root, "cli", "main.ts")];
      const args = [...main, "add", path, "--yes", "--json", "--project", folder, "--layout", "comfyui"];
      const env = {
        ...{ CIVIKIT_BASE_URL: civitai.url, XDG_CACHE_HOME: join(folder, ".cache"), XDG_CONFIG_HOME: folder },
        XDG_STATE_HOME: join(folder, ".state"),
      };
      const start = () => new Deno.Command(Deno.execPath(), { args, env, stdout: "piped", stderr: "piped" }).spawn();
      const before = asked();
      const child = start();
      const ended = child.output();
      let isOver = false;
      ended.then(() => isOver = true);
      while (asked() < before + strike && !isOver) await new Promise((resolve) => setTimeout(resolve, 1));
      try {
        child.kill("SIGKILL");
      } catch {
        // it was quicker
      }
      await ended;
      const { code, stderr } = await start().output();
      assertEquals(code, 0, `${strike}: ${new TextDecoder().decode(stderr)}`);
      const files = tree(join(folder, "models"));
      assertEquals(files.filter((name) => /ae\.|lantern/.test(name)), [
        ...["loras/paper_lantern_v2.safetensors", "vae/ae.safetensors"],
      ], `${strike}`);
      assertEquals(files.length, 3, `${strike}`);
      assertEquals(await sha256(join(folder, "models/vae/ae.safetensors")), await sha256Of(weights));
      assertEquals(await sha256(join(folder, "models/loras/paper_lantern_v2.safetensors")), await civitai.sha256(3002));
      const { files: locked } = JSON.parse(Deno.readTextFileSync(join(folder, "civikit.lock.json")));
      const { models: wanted } = JSON.parse(Deno.readTextFileSync(join(folder, "civikit.models.json")));
      assertEquals([locked.length, wanted.length], [3, 3], `${strike}`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
});
