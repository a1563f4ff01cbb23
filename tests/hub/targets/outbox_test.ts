import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { openOutbox } from "../../../hub/targets/mod.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { fakeClock } from "../../_support/clock.ts";

const forge = { kind: "forge", url: "http://127.0.0.1:7860" } as const;
const hook = { kind: "webhook", url: "http://127.0.0.1:9000/hook" } as const;
const file = (name: string) => ({ path: `/m/${name}.safetensors` });

async function inFolder(work: (path: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(join(folder, "outbox.sqlite"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openOutbox() gives what others left to one process alone, each program its own, without what was dropped", () =>
  inFolder((path) => {
    using living = openOutbox(path);
    living.keep(forge, file("living"));
    {
      using dead = openOutbox(path);
      for (const name of ["a", "b", "c"]) dead.keep(forge, file(name));
      dead.keep(hook, file("a"));
      dead.drop(forge, [file("b")]);
      assertEquals(dead.take(forge), []);
    }
    using next = openOutbox(path);
    assertEquals(next.take(forge), [file("a"), file("c")]);
    assertEquals(next.take(forge), []);
    assertEquals(living.take(forge), []);
    assertEquals(living.take(hook), [file("a")]);
  }));

Deno.test("openOutbox() forgets what is over a week old", () =>
  inFolder(async (path) => {
    const clock = fakeClock();
    for (const name of ["old", "new"]) {
      using outbox = openOutbox(path, { clock });
      outbox.keep(forge, file(name));
      if (name === "old") await clock.advance(4 * 24 * 3_600_000);
    }
    await clock.advance(4 * 24 * 3_600_000);
    using next = openOutbox(path, { clock });
    assertEquals(next.take(forge), [file("new")]);
  }));

Deno.test("openOutbox() gives what a killed process had kept, and nothing of one that lives", () =>
  inFolder(async (path) => {
    const code = `
      import { openOutbox } from ${JSON.stringify(new URL("../../../hub/targets/mod.ts", import.meta.url).href)};
      openOutbox(${JSON.stringify(path)}).keep(${JSON.stringify(forge)}, ${JSON.stringify(file("a"))});
      console.log("kept");
      await new Promise((resolve) => setTimeout(resolve, 1e9));`;
    const script = `${path}.ts`;
    await Deno.writeTextFile(script, code);
    const root = new URL("../../../", import.meta.url);
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", "--no-check", `--config=${new URL("deno.json", root).pathname}`],
        ...[...await registryFlags(decodeURIComponent(root.pathname)), script],
      ],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    using outbox = openOutbox(path);
    assertEquals(outbox.take(forge), []);
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    assertEquals(outbox.take(forge), [file("a")]);
  }));

Deno.test("openOutbox() gives the newest of what several dead processes had kept of the same", () =>
  inFolder(async (path) => {
    const clock = fakeClock();
    const failed = (atMs: number) =>
      ({ event: "job_failed", id: "1", name: "a", reference: "1", why: { code: "not_found" }, atMs }) as const;
    for (const atMs of [1, 2, 3, 4, 5, 6]) {
      using outbox = openOutbox(path, { clock });
      outbox.keep(hook, failed(atMs));
      await clock.advance(1000);
    }
    {
      using next = openOutbox(path, { clock });
      assertEquals(next.take(hook), [failed(6)]);
    }
    using after = openOutbox(path, { clock });
    assertEquals(after.take(hook), [failed(6)]);
  }));
