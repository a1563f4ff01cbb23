import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { inState, type Running, startServe } from "./_serve.ts";

type Job = { state: string; bytes: number; attempts: number; why: { code: string; untilMs?: number } | null };

const idOf = ({ items }: Record<string, unknown>) => (items as { id: string }[])[0]!.id;

async function waitFor({ ask }: Running, id: string, isWanted: (job: Job) => boolean): Promise<Job> {
  for (;;) {
    const job = await ask("GET", `/queue/${id}`) as unknown as Job;
    if (isWanted(job)) return job;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const pageOf = async ({ url }: Running) =>
  await (await fetch(url, { headers: { accept: "text/html", "accept-language": "en" } })).text();

Deno.test("civikit serve lets a job wait that wants a key, says so, and goes on once one is given in the page", () =>
  inState(async (_civitai, folder, { CIVITAI_API_KEY: key = "", ...env }) => {
    await using running = await startServe(folder, env);
    const id = idOf(await running.ask("POST", "/queue", { references: ["2080"] }));
    const { state, attempts } = await waitFor(running, id, ({ why }) => why?.untilMs !== undefined);
    assertEquals([state, attempts], ["waiting", 0]);
    assertMatch(await pageOf(running), /Login required[\s\S]*civikit login[\s\S]*href="\/guide#login_required"/);
    const sent = await fetch(`${running.url}/start`, {
      method: "POST",
      headers: { accept: "text/html" },
      body: new URLSearchParams({ root: join(folder, "models"), layout: "", key }),
    });
    await sent.body?.cancel();
    await running.until(id, "done");
  }));

Deno.test("civikit serve parks a job whose key is revoked in the middle, keeps its bytes, and goes on with another key", () =>
  inState(async (civitai, folder, { CIVITAI_API_KEY: key = "", ...env }) => {
    const path = join(folder, "config", "civikit", "key");
    const write = (text: string) => {
      Deno.mkdirSync(join(path, ".."), { recursive: true });
      Deno.writeTextFileSync(path, `${text}\n`, { mode: 0o600 });
    };
    write(key);
    // so slow that it is never done before the key is revoked
    civitai.faults.limitConnections(1024);
    await using running = await startServe(folder, env);
    const id = idOf(await running.ask("POST", "/queue", { references: ["2080"] }));
    await waitFor(running, id, ({ state, bytes }) => state === "downloading" && bytes > 0);
    // what the site does not know any more
    write("0123456789abcdef0123456789abcdef");
    civitai.faults.expireLinksNow();
    civitai.faults.killConnectionsNow();
    const parked = await waitFor(running, id, ({ state, why }) => state === "waiting" && why !== null);
    assert(["unauthorized", "login_required"].includes(parked.why!.code), JSON.stringify(parked));
    assert(parked.bytes > 0 && parked.why!.untilMs! > Date.now(), JSON.stringify(parked));
    assert((await pageOf(running)).includes(`href="/guide#${parked.why!.code}"`));
    civitai.faults.heal();
    write("member-key");
    const { verdict } = await running.until(id, "done");
    assertEquals(verdict, "verified");
  }));

Deno.test("civikit serve runs a rule that the site refused the key for as soon as there is another one", () =>
  inState(async (_civitai, folder, { CIVITAI_API_KEY: key = "", ...env }) => {
    await using running = await startServe(folder, env);
    const { rule: { id } } = await running.ask("POST", "/watch", { target: "favorites" }) as { rule: { id: string } };
    type Rule = { failures: number; why: { code: string } | null; lastMs: number | null };
    const until = async (isWanted: (rule: Rule) => boolean) => {
      for (;;) {
        const { items } = await running.ask("GET", "/watch") as unknown as { items: (Rule & { id: string })[] };
        const rule = items.find((one) => one.id === id)!;
        if (isWanted(rule)) return rule;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const { why } = await until(({ failures }) => failures > 0);
    assertEquals(why?.code, "unauthorized");
    const path = join(folder, "config", "civikit", "key");
    Deno.mkdirSync(join(path, ".."), { recursive: true });
    Deno.writeTextFileSync(path, `${key}\n`, { mode: 0o600 });
    await until(({ failures, lastMs, why }) => failures === 0 && lastMs !== null && why === null);
  }));
