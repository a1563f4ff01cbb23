import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../../tools/registry.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

Deno.test("config set of several processes at once: nothing that was set gets lost", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const flags = ["run", "-A", "--quiet", "--no-check", ...await registryFlags(root), join(root, "cli", "main.ts")];
    const config = async (...args: string[]) => {
      const env = { XDG_CONFIG_HOME: folder, NO_COLOR: "1" };
      const command = new Deno.Command(Deno.execPath(), { args: [...flags, "config", ...args], env });
      const { code, stdout, stderr } = await command.output();
      return [code, new TextDecoder().decode(code === 0 ? stdout : stderr).trim()] as const;
    };
    const wanted = {
      "retry.max": "7",
      "timeouts.api": "11",
      "download.parallel": "5",
      "folders.LORA": "loras",
      "folders.VAE": "vae",
      "monitor.logFiles": "9",
    };
    const set = await Promise.all(Object.entries(wanted).map(([key, value]) => config("set", key, value)));
    assertEquals(set.map(([code]) => code), set.map(() => 0), set.join("\n"));
    const file = JSON.parse(await Deno.readTextFile(join(folder, "civikit", "config.json")));
    const { retry, timeouts, download, folders, monitor } = file;
    assertEquals(
      [retry?.max, timeouts?.api, download?.parallel, folders, monitor?.logFiles],
      [7, 11, 5, { LORA: "loras", VAE: "vae" }, 9],
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
