import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { events, inWorld, sha256, type World } from "../_world.ts";
import { inState, startServe } from "./_serve.ts";

type Site = World["civitai"];

/** Somebody who has file 3002 by its SHA-256, and a site that has it no more. */
async function withMirror(civitai: Site, work: (template: string, asked: string[]) => Promise<void>): Promise<void> {
  const { content } = civitai.file(3002).file;
  const hash = (await civitai.sha256(3002)).toLowerCase();
  const asked: string[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, ({ url }) => {
    const { pathname } = new URL(url);
    asked.push(pathname);
    return pathname === `/${hash}`
      ? new Response(Uint8Array.from(content.read(0, content.size)))
      : new Response(null, { status: 404 });
  });
  civitai.faults.refuseDownloads(10_000, { status: 404, body: "{}" });
  await work(`http://127.0.0.1:${server.addr.port}/{sha256}`, asked);
}

Deno.test("civikit download asks the second source for what the site has no more, and takes only that hash", () =>
  inWorld(({ civitai, folder, run }) =>
    withMirror(civitai, async (template, asked) => {
      const without = await run(["download", "2002", "--dir", folder]);
      assertEquals([without.code !== 0, asked], [true, []]);
      const env = { CIVIKIT_SECOND_SOURCE: template };
      const { code, io } = await run(["download", "2002", "--dir", folder, "--json"], { env });
      assertEquals(code, 0, io.err);
      const done = events(io).find(({ event }) => event === "done");
      assertEquals(await sha256(String(done?.path)), await civitai.sha256(3002));
      // the other file is nowhere
      assertEquals((await run(["download", "2001", "--dir", folder], { env })).code === 0, false);
    })
  ));

Deno.test("civikit queue run asks the second source for what the site has no more", () =>
  inWorld(({ civitai, folder, run }) =>
    withMirror(civitai, async (template) => {
      const env = { CIVIKIT_SECOND_SOURCE: template, CIVIKIT_STATE_DIR: join(folder, "state") };
      assertEquals((await run(["queue", "add", "2002", "--dir", folder], { env })).code, 0);
      const { code, io } = await run(["queue", "run"], { env });
      assertEquals(code, 0, io.err + io.out);
      assertStringIncludes(io.out, "done");
    })
  ));

Deno.test("civikit serve asks the second source for what the site has no more", () =>
  inState((civitai, folder, env) =>
    withMirror(civitai, async (template) => {
      await using running = await startServe(folder, { ...env, CIVIKIT_SECOND_SOURCE: template });
      const { items } = await running.ask("POST", "/queue", { references: ["2002"] });
      const { path, verdict } = await running.until((items as { id: string }[])[0]!.id, "done");
      assertEquals([verdict, await sha256(String(path))], ["verified", await civitai.sha256(3002)]);
    })
  ));
