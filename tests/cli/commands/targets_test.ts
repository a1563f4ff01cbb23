import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { TargetState } from "../../../hub/mod.ts";
import { startStub } from "../../hub/targets/_stub.ts";
import { inPlace } from "../_wired.ts";
import { sha256, tree } from "../_world.ts";
import { inState, type Running, startServe } from "./_serve.ts";

Deno.test("download and queue run tell the programs of the settings of new files, before they end", async () => {
  await inPlace(async ({ folder, runWith }) => {
    await using forge = startStub("forge");
    await using invoke = startStub("invokeai", "Bearer of-a-test-0123456789");
    const file = {
      targets: [`forge=${forge.url}`, `invokeai=${invoke.url}`],
      headers: { [new URL(invoke.url).host]: { Authorization: { env: "INVOKE_LOGIN" } } },
    };
    const env = { INVOKE_LOGIN: "Bearer of-a-test-0123456789" };
    const one = await runWith(file, ["download", "2002", "--dir", folder], { env });
    assertEquals([one.code, one.io.err.includes("warning")], [0, false], one.io.err);
    const path = join(folder, tree(folder).find((name) => name.endsWith(".safetensors"))!);
    assertEquals([forge.asked, invoke.asked], [["/sdapi/v1/refresh-loras"], [path]]);

    // what is there already is no news
    await runWith(file, ["download", "2002", "--dir", folder], { env });
    assertEquals(forge.asked.length, 1);

    await runWith(file, ["queue", "add", "2002", "--dir", join(folder, "more")], { env });
    const run = await runWith(file, ["queue", "run"], { env });
    assertEquals(run.code, 0, run.io.err);
    assertEquals([forge.asked.length, invoke.asked.length], [2, 2]);
  });
});

Deno.test("a webhook of the settings hears what was downloaded, and is shown without what opens it", async () => {
  await inPlace(async ({ folder, runWith }) => {
    await using hook = startStub("webhook");
    const file = { targets: [`webhook=${hook.url}/hooks/T0123456789abcdef`] };
    const { code, io } = await runWith(file, ["download", "2002", "--dir", folder]);
    assertEquals([code, hook.asked.length], [0, 1], io.err);
    const { files: [one] } = JSON.parse(hook.asked[0]!) as { files: Record<string, unknown>[] };
    const path = join(folder, "paper_lantern_v2.safetensors");
    assertEquals([one!["path"], one!["reference"], one!["role"]], [path, "2002", "lora"]);
    assertEquals(one!["sha256"], await sha256(path));
    await hook[Symbol.asyncDispose]();
    const away = await runWith(file, ["download", "2001", "--dir", folder]);
    assertStringIncludes(away.io.err, `warning: webhook ${hook.url}/hooks/[redacted]: does not answer`);
  });
});

Deno.test("a program that is off, or wants a login, is told of and holds up no download", async () => {
  await inPlace(async ({ folder, runWith }) => {
    await using forge = startStub("forge", "Basic d2hv");
    const off = startStub("forge");
    await off[Symbol.asyncDispose]();
    const file = { targets: [`forge=${forge.url}`, `sdnext=${off.url}`] };
    const { code, io } = await runWith(file, ["download", "2002", "--dir", folder]);
    assertEquals(code, 0, io.err);
    assertEquals(tree(folder), ["paper_lantern_v2.safetensors"]);
    assertStringIncludes(io.err, `warning: Forge ${forge.url}: wants a login; give it by the setting headers`);
    assertStringIncludes(io.err, `warning: SD.Next ${off.url}: does not answer`);
  });
});

Deno.test("targets beyond this machine are refused unless targetHosts names them", async () => {
  await inPlace(async ({ runWith }) => {
    const { code, io } = await runWith({ targets: ["forge=http://gpu.lan:7860"] }, ["config", "check"]);
    assertEquals(code, 2);
    assertMatch(io.err, /targets \(.*config\.json\) and targetHosts: gpu\.lan is not on this machine/);
    assertStringIncludes(io.err, "first: civikit config set targetHosts gpu.lan\n");
    const other = await runWith({ targets: ["forge=http://gpu.lan:7860"], targetHosts: ["a.lan"] }, [
      "config",
      "check",
    ]);
    assertStringIncludes(other.io.err, "first: civikit config set targetHosts a.lan,gpu.lan\n");
    const named = { targets: ["forge=http://gpu.lan:7860"], targetHosts: ["gpu.lan"] };
    assertEquals((await runWith(named, ["config", "check"])).code, 0);
    const wrong = await runWith({ targets: ["webui=http://127.0.0.1"] }, ["config", "check"]);
    assertMatch(wrong.io.err, /not a program and its address such as forge=http/);
  });
});

Deno.test("civikit serve tells programs as files come, shows how it stands, and ends though one never answers", async () => {
  await inState(async (_civitai, folder, env) => {
    await using forge = startStub("forge");
    await using silent = startStub("sdnext");
    const never = Promise.withResolvers<Response>();
    silent.fault = () => never.promise;
    const targets = `forge=${forge.url},sdnext=${silent.url}`;
    await using running = await startServe(folder, { ...env, CIVIKIT_TARGETS: targets });
    const { items } = await running.ask("POST", "/queue", { references: ["2002"] });
    await running.until((items as { id: string }[])[0]!.id, "done");
    const states = async () => (await running.ask("GET", "/targets"))["items"] as { state: string; toldMs: number }[];
    const [told, asked] = [forge.next(), silent.next()];
    assertEquals((await states()).map(({ state }) => state), ["gathering", "gathering"]);
    await Promise.all([told, asked]);
    for (let all = await states(); all[0]!.toldMs === null; all = await states()) { /* its answer is under way */ }
    assertEquals((await states()).map(({ state }) => state), ["idle", "telling"]);
    assertEquals(forge.asked, ["/sdapi/v1/refresh-loras"]);
    const page = await (await fetch(`${running.url}/?lang=en`, { headers: { accept: "text/html" } })).text();
    assertStringIncludes(page, `Forge ${forge.url}: knows every file`);
    assertStringIncludes(page, `SD.Next ${silent.url}: is being told`);
    assertEquals(await running.end("SIGTERM"), [0, ""]);
    never.resolve(new Response());
  });
});

Deno.test("civikit serve, killed while its webhook is off: the next tells what came, what failed, and what nobody works on", () =>
  inState(async (_civitai, folder, { CIVITAI_API_KEY: _key, ...env }) => {
    await using hook = startStub("webhook");
    hook.fault = () => new Response(null, { status: 503 });
    const told = { ...env, CIVIKIT_TARGETS: `webhook=${hook.url}/hooks/T0123456789abcdef` };
    const reference = async (running: Running, reference: string) => {
      const { items } = await running.ask("POST", "/queue", { references: [reference] });
      return (items as { id: string }[])[0]!.id;
    };
    let ids: Record<string, string>;
    {
      await using running = await startServe(folder, told);
      ids = {
        come: await reference(running, "2002"),
        gone: await reference(running, "999999"),
        closed: await reference(running, "2080"),
      };
      await running.ask("POST", "/watch", { target: "favorites" });
      for (let known = 0; known < 4;) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        const { items: [{ files, failures }] } = await running.ask("GET", "/targets") as { items: [TargetState] };
        known = files + failures;
      }
      await running.end("SIGKILL");
    }
    assertEquals(hook.asked, []);

    hook.fault = undefined;
    await using running = await startServe(folder, told);
    while (hook.asked.length < 4) await hook.next();
    type Said = { event: string; text: string; failures?: Record<string, unknown>[] };
    const said = hook.asked.map((body) => JSON.parse(body) as Said);
    assertEquals(said.map(({ event, text }) => [event, text.replace(/: .*/, "")]), [
      ["published", "1 file has come"],
      ["job_failed", "1 job has failed"],
      ["work_blocked", "1 job cannot go on"],
      ["rule_failed", "1 rule has failed"],
    ]);
    assertEquals(said.slice(1).map(({ failures: [one] = [] }) => [one!["id"], one!["reference"], one!["code"]]), [
      [ids["gone"], "999999", "not_found"],
      [ids["closed"], "2080", "login_required"],
      ["1", "favorites", "unauthorized"],
    ]);
    assertEquals(await running.end("SIGTERM"), [0, ""]);
  }));

Deno.test("queue run and watch run tell a webhook of failures, and what one could not tell the next tells", async () => {
  await inPlace(async ({ folder, runWith }) => {
    await using hook = startStub("webhook");
    const file = { targets: [`webhook=${hook.url}/hooks/T0123456789abcdef`], "download.directory": folder };
    hook.fault = () => new Response(null, { status: 503 });
    await runWith(file, ["queue", "add", "999999"]);
    const away = await runWith(file, ["queue", "run"]);
    assertStringIncludes(away.io.err, "[redacted]: answers 503 (1 waiting)");
    hook.fault = undefined;
    await runWith(file, ["watch", "add", "creator:nobody"]);
    await runWith(file, ["watch", "run", "--once"]);
    const said = hook.asked.map((body) => JSON.parse(body) as { event: string; text: string });
    assertEquals(said.map(({ event }) => event), ["job_failed", "rule_failed"]);
    assertStringIncludes(said[0]!.text, "(not_found)");
  });
});
