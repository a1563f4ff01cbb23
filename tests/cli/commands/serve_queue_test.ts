import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { registryFlags } from "../../../tools/registry.ts";
import { sha256 } from "../_world.ts";
import { command, inState, root, startServe } from "./_serve.ts";

const idOf = ({ items }: Record<string, unknown>) => (items as { id: string }[])[0]!.id;

Deno.test("civikit serve downloads what is put into its queue, into ./downloads where nothing else is set", () =>
  inState(async (civitai, folder, env) => {
    await using running = await startServe(folder, env);
    const id = idOf(await running.ask("POST", "/queue", { references: ["2002"] }));
    const { path, verdict } = await running.until(id, "done");
    assertEquals(verdict, "verified");
    assert(String(path).startsWith(join(folder, "downloads")), String(path));
    const { file } = civitai.file(
      civitai.models.flatMap(({ versions }) => versions).find((one) => one.id === 2002)!.files[0]!.id,
    );
    assertEquals(await sha256(String(path)), await civitai.sha256(file.id));
    const [code, stderr] = await running.end("SIGTERM");
    assertEquals([code, stderr], [0, ""]);
  }));

Deno.test("civikit serve that is stopped in mid-download goes on where it was at the next start", () =>
  inState(async (civitai, folder, env) => {
    civitai.faults.limitConnections(100 * 1024);
    let id: string;
    {
      await using running = await startServe(folder, env);
      id = idOf(await running.ask("POST", "/queue", { references: ["2100"] }));
      for (;;) {
        const { state, bytes } = await running.ask("GET", `/queue/${id}`);
        if (state === "downloading" && Number(bytes) > 0) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const [code] = await running.end("SIGTERM");
      assertEquals(code, 0);
    }
    civitai.faults.heal();
    await using running = await startServe(folder, env);
    const job = await running.until(id, "done");
    assertEquals(job["verdict"], "verified");
  }));

Deno.test("civikit serve tells a second one on the same state that it is not the only one", () =>
  inState(async (_civitai, folder, env) => {
    await using running = await startServe(folder, env);
    // it shows itself once it looked at the queue
    await running.until(idOf(await running.ask("POST", "/queue", { references: ["2002"] })), "done");
    const { code, stderr } = await command(["--port", "0"], await registryFlags(root), folder, env).output();
    const text = new TextDecoder().decode(stderr);
    assertStringIncludes(text, "works on it");
    assert(code !== 0);
  }));

Deno.test("civikit serve asks once for root and layout, and what is answered holds from the next job on", () =>
  inState(async (_civitai, folder, env) => {
    await using running = await startServe(folder, env);
    const page = async () => await (await fetch(`${running.url}/`, { headers: { accept: "text/html" } })).text();
    assertStringIncludes(await page(), 'id="start"');
    const models = join(folder, "models");
    const sent = await fetch(`${running.url}/start`, {
      method: "POST",
      headers: { accept: "text/html" },
      body: new URLSearchParams({ root: models, layout: "a1111", key: "" }),
    });
    const text = await sent.text();
    assertEquals(sent.status, 200, text);
    assert(!text.includes('id="start"'), text);
    const id = idOf(await running.ask("POST", "/queue", { references: ["2002"] }));
    const { path } = await running.until(id, "done");
    assert(String(path).startsWith(join(models, "models")), String(path));
  }));
