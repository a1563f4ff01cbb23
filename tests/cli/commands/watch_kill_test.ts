import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sqliteQueue } from "../../../hub/queue/mod.ts";
import { watchStore } from "../../../hub/watch/mod.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { type CatalogueModel, startCivitai } from "../../_civitai/mod.ts";
import { model } from "../../hub/watch/_watch.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** `CIVIKIT_KILLS=100` makes it a hundred kills. */
const kills = Number(Deno.env.get("CIVIKIT_KILLS") ?? 6);

Deno.test(`civikit watch run, killed -9 ${kills} times at random: what was published is queued once, all of it`, async () => {
  const shelf: CatalogueModel[] = [];
  const folder = await Deno.makeTempDir();
  let asked = 0;
  await using civitai = await startCivitai({ models: shelf, onRequest: () => void asked++ });
  try {
    const state = join(folder, "state");
    await Deno.mkdir(state);
    const site = { baseUrl: civitai.url };
    using store = watchStore(join(state, "watch.sqlite"), { site });
    await using queue = sqliteQueue(join(state, "queue.sqlite"), { site });
    const publish = (id: number) =>
      shelf.unshift(model(id, [{ id: id + 100_000, at: new Date().toISOString() }], { tags: [`tag ${id % 5}`] }));
    publish(1);
    store.add({ target: "creator:lamplighter" });
    for (let n = 0; n < 5; n++) store.add({ target: `tag:tag ${n}` });

    const args = ["run", "-A", "--quiet", "--no-check", ...await registryFlags(root), join(root, "cli", "main.ts")];
    const env = {
      CIVIKIT_BASE_URL: civitai.url,
      CIVIKIT_STATE_DIR: state,
      CIVIKIT_CACHE: "off",
      XDG_CACHE_HOME: join(folder, "cache"),
      XDG_CONFIG_HOME: folder,
    };
    const start = (...more: string[]) =>
      new Deno.Command(Deno.execPath(), {
        args: [...args, "watch", ...more, "--json"],
        ...{ env, cwd: folder, stdout: "piped", stderr: "piped" },
      }).spawn();
    const once = async () => {
      const { code, stderr } = await start("now").output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
    };
    // tags that nothing has yet are unknown to the site
    for (let id = 2; id <= 6; id++) publish(id);
    for (const { id } of store.list()) store.hurry(id);
    await once();
    const before = (await queue.counts()).waiting;

    const ids = new Set<number>();
    let struck = 0;
    for (let kill = 0; kill < kills; kill++) {
      // more than a page, so that some rounds have to catch up
      for (let n = 0; n < 40; n++) {
        const id = 1000 + kill * 40 + n;
        publish(id);
        ids.add(id + 100_000);
      }
      for (const { id } of store.list()) store.hurry(id);
      const askedBefore = asked;
      const child = start("run");
      let isOver = false;
      const output = child.output().then(() => isOver = true);
      // from before the first request to after the last one, and any moment of what follows
      const until = askedBefore + Math.floor(Math.random() * 6);
      while (asked < until && !isOver) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
      try {
        child.kill("SIGKILL");
        struck++;
      } catch {
        // it had ended
      }
      await output;
    }
    assert(struck > 0);
    for (let n = 0; n < Math.ceil(kills * 40 / 100) + 3; n++) await once();

    const jobs: string[] = [];
    let next: string | null | undefined;
    while (next !== null) {
      const page = await queue.list({ limit: 1000, after: next });
      jobs.push(...page.jobs.map(({ reference }) => reference));
      next = page.next;
    }
    const news = jobs.slice(before);
    assertEquals(new Set(jobs).size, jobs.length, "nothing twice");
    assertEquals(news.map((one) => Number(one.slice("version:".length))).sort(), [...ids].sort(), "nothing lost");
    assertEquals(store.queueing().length, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("civikit watch run --once, three at once: each rule is run by one of them, and what is new is queued once", async () => {
  const shelf: CatalogueModel[] = Array.from({ length: 12 }, (_, n) => model(n + 1, [{ id: n + 101 }]));
  const folder = await Deno.makeTempDir();
  await using civitai = await startCivitai({ models: shelf });
  try {
    const state = join(folder, "state");
    await Deno.mkdir(state);
    const site = { baseUrl: civitai.url };
    using store = watchStore(join(state, "watch.sqlite"), { site });
    await using queue = sqliteQueue(join(state, "queue.sqlite"), { site });
    for (const { id } of shelf) store.add({ target: `model:${id}`, backlog: 1 });
    const args = ["run", "-A", "--quiet", "--no-check", ...await registryFlags(root), join(root, "cli", "main.ts")];
    const env = {
      ...{ CIVIKIT_BASE_URL: civitai.url, CIVIKIT_STATE_DIR: state, CIVIKIT_CACHE: "off" },
      ...{ XDG_CACHE_HOME: join(folder, "cache"), XDG_CONFIG_HOME: folder },
    };
    const runs = Array.from({ length: 3 }, () =>
      new Deno.Command(Deno.execPath(), {
        args: [...args, "watch", "run", "--once", "--json"],
        ...{ env, cwd: folder, stdout: "piped", stderr: "piped" },
      }).output());
    let rounds = 0;
    for (const { code, stdout, stderr } of await Promise.all(runs)) {
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      rounds += JSON.parse(new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!).rounds;
    }
    assertEquals([rounds, civitai.log.length], [12, 12]);
    assertEquals((await queue.counts()).waiting, 12);
    assertEquals(store.rounds().length, 12);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
