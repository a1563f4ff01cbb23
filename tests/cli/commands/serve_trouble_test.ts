import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { registryFlags } from "../../../tools/registry.ts";
import { command, inState, root, startServe } from "./_serve.ts";

async function sh(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Whether a small disk of our own can be had. */
async function tryMount(): Promise<boolean> {
  const folder = await Deno.makeTempDir();
  const isMounted = await sh("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder);
  if (isMounted) await sh("umount", folder);
  await Deno.remove(folder);
  return isMounted;
}

const canMount = await tryMount();
// deno-lint-ignore no-console -- who runs the tests is to know
if (!canMount) console.log("no right to mount a small disk: the test of a full disk is skipped");

const queueIn = (folder: string) => join(folder, "state", "queue.sqlite");

Deno.test("civikit serve says that the port is in use, and how to take another one", () =>
  inState(async (_civitai, folder, env) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const { code, stderr } = await command(["--port", String(port)], await registryFlags(root), folder, env).output();
    const text = new TextDecoder().decode(stderr);
    assertEquals(code, 2, text);
    assertStringIncludes(text, `127.0.0.1:${port}`);
    assertStringIncludes(text, "--port");
  }));

Deno.test("civikit serve refuses a queue of a newer civikit, and leaves it as it is", () =>
  inState(async (_civitai, folder, env) => {
    {
      await using _ = await startServe(folder, env);
    }
    {
      using db = new DatabaseSync(queueIn(folder));
      db.exec("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)");
    }
    const before = await Deno.readFile(queueIn(folder));
    const { code, stderr } = await command(["--port", "0"], await registryFlags(root), folder, env).output();
    const text = new TextDecoder().decode(stderr);
    assertEquals(code, 1, text);
    assertStringIncludes(text, "queue.sqlite");
    assertStringIncludes(text, "version 99");
    assertEquals(await Deno.readFile(queueIn(folder)), before);
  }));

Deno.test("civikit serve whose queue is damaged while it runs sets it aside, tells it, and goes on", () =>
  inState(async (_civitai, folder, env) => {
    await using running = await startServe(folder, env);
    const add = async (reference: string) => {
      const { items } = await running.ask("POST", "/queue", { references: [reference] });
      return (items as { id: string }[])[0]!.id;
    };
    await running.until(await add("2002"), "done");
    assertEquals((await running.ask("GET", "/queue"))["notice"], null);
    {
      // everything into the file itself, so that it is what is read next
      using db = new DatabaseSync(queueIn(folder));
      db.exec("PRAGMA busy_timeout = 5000; PRAGMA wal_checkpoint(TRUNCATE)");
      using file = await Deno.open(queueIn(folder), { write: true });
      const { size } = await file.stat();
      await file.write(crypto.getRandomValues(new Uint8Array(Math.min(65_536, size))));
    }
    // files stay where they are: what is done already is there
    const { verdict } = await running.until(await add("2002"), "done");
    assertEquals(verdict, "there");
    const { notice } = await running.ask("GET", "/queue");
    const [, aside = ""] = /kept as (\S+\.corrupt-\w+)/.exec(String(notice)) ?? [];
    assert(existsSync(aside), String(notice));
    const page = await fetch(running.url, { headers: { accept: "text/html", "accept-language": "en" } });
    assertStringIncludes(await page.text(), aside);
    const [code, stderr] = await running.end("SIGTERM");
    assertEquals(code, 0);
    assertStringIncludes(stderr, aside);
  }));

const fullDisk = { name: "civikit serve on a full disk says so, loses nothing, and goes on where there is room again" };

Deno.test({
  ...fullDisk,
  ignore: !canMount,
  fn: () =>
    inState(async (civitai, folder, env) => {
      const state = join(folder, "state");
      await Deno.mkdir(state);
      await sh("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", state);
      try {
        await using running = await startServe(folder, env);
        const add = (first: number, count: number) =>
          running.ask("POST", "/queue", {
            references: Array.from({ length: count }, (_, n) => `${civitai.url}/${first + n}/${"a".repeat(900)}`),
          });
        await running.ask("POST", "/queue", { references: ["2002"], options: { dir: join(folder, "downloads") } });
        await running.until("1", "done");
        // to the last byte, however much the service has written by then
        await Deno.writeFile(join(state, "ballast"), new Uint8Array(8 * 1024 ** 2)).catch(() => {});
        let answer: Record<string, unknown> = {};
        for (let turn = 0; turn < 20 && answer["code"] === undefined; turn++) answer = await add(turn * 200, 200);
        assertEquals(answer["code"], "no_space", JSON.stringify(answer));
        assertStringIncludes(String(answer["hint"]), "space");
        assertEquals((await running.ask("GET", "/queue/1"))["state"], "done");
        // logs and numbers are written meanwhile, once a second: in vain, and nothing ends of it
        await new Promise((resolve) => setTimeout(resolve, 2500));
        await Deno.remove(join(state, "ballast"));
        const more = await add(90_000, 1);
        assertEquals((more["items"] as unknown[]).length, 1, JSON.stringify(more));
        assertEquals((await running.end("SIGTERM"))[0], 0);
      } finally {
        await sh("umount", state);
      }
    }),
});
