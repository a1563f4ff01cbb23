import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../tools/registry.ts";
import { thingsToTry } from "../../cli/run/sandbox/things_to_try.ts";
import { inWorld } from "../cli/_world.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The settings and the arguments of the first `civikit` command in a text. */
function firstCommand(text: string): { env: Record<string, string>; args: string[] } {
  const [, settings = "", args = ""] = /^ {2}((?:\w+=\S+ )+)deno task civikit (.+)$/m.exec(text) ?? [];
  const env = settings.trim().split(" ").map((setting) => setting.split("=") as [string, string]);
  return { env: Object.fromEntries(env), args: args.split(" ") };
}

Deno.test({
  name: "deno task dev starts a Civitai and the dashboard, shows a command that works, and ends both at one Ctrl-C",
  ignore: Deno.build.os === "windows",
  async fn() {
    const state = await Deno.makeTempDir();
    const task = new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "dev", "0", "0"],
      cwd: root,
      env: { NO_COLOR: "1", CIVIKIT_STATE_DIR: state },
      ...{ stdout: "piped", stderr: "piped" },
    }).spawn();
    // with --watch it goes on after a fault: nobody may be left behind, holding what it has open
    await using _end = {
      async [Symbol.asyncDispose]() {
        await new Promise((resolve) => resolve(task.kill("SIGINT"))).catch(() => {});
        await task.status;
        await Deno.remove(state, { recursive: true });
      },
    };
    const reader = task.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!/^http\S+\/\n/m.test(text)) {
      const { value, done } = await reader.read();
      assert(!done, text);
      text += value;
    }
    const { env, args } = firstCommand(text);
    const dashboard = /^http\S+\/$/m.exec(text)![0];
    assertEquals(args, ["download", "2100"]);
    const report = async () => (await (await fetch(`${dashboard}api/report`)).json()).total_requests as number;
    const before = await report();
    const folder = await Deno.makeTempDir();
    try {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", ...await registryFlags(root), join(root, "cli", "main.ts"), ...args],
        cwd: folder,
        env: { ...env, CIVIKIT_CACHE: "off" },
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      assertEquals((await Deno.stat(join(folder, "downloads", "bigHarbour_v10.safetensors"))).size > 2 ** 28, true);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    // the dashboard reads the table anew after a moment
    let after = await report();
    for (let looks = 0; after <= before && looks < 100; looks++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      after = await report();
    }
    assert(after > before, "the dashboard shows nothing of it");

    task.kill("SIGINT");
    await task.status;
    await reader.cancel();
    assertEquals(await new Response(task.stderr).text(), "");
    for (const url of [env["CIVIKIT_BASE_URL"]!, dashboard]) await assertRejects(() => fetch(url), TypeError);
  },
});

Deno.test("every command that the embedded Civitai shows does what is said of it", () =>
  inWorld(async ({ civitai, folder, run }) => {
    const into = (line: string) => line.startsWith("download") ? ["--dir", folder] : [];
    const listed = [
      ...thingsToTry(civitai.url, "en", "civikit").matchAll(/^ {2}((?:download|models|images) .+?) {2,}/gm),
    ].map(([, line]) => line!);
    const codes: unknown[] = [];
    for (const line of listed) codes.push([line, (await run([...line.split(" "), ...into(line)])).code]);
    assertEquals(codes, [
      ["download 2010 --all-files", 0],
      ["download 2070", 3],
      ["download 2080", 3],
      ["models search lantern", 0],
      ["images search --limit 5", 0],
    ]);
    assertEquals((await run(["download", "2080", "--dir", folder], { env: { CIVITAI_API_KEY: "demo-key" } })).code, 0);
  }));
