import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { registryFlags } from "../../../tools/registry.ts";
import { syncFolderTogether } from "../../../transport/download/rename.ts";

const checkout = new URL("../../../", import.meta.url).pathname;

/** What the system did, in order: a call's begin and end on their own, where others came between. */
interface Step {
  readonly kind: "link" | "sync" | "synced" | "done";
  /** The new name, the folder or file synced, or what was said. */
  readonly what: string;
}

const hasStrace = (() => {
  try {
    const args = ["-o", "/dev/null", "true"];
    return new Deno.Command("strace", { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
})();

/** Reads what `strace -f -y` wrote. */
function stepsOf(trace: string): Step[] {
  const steps: Step[] = [];
  const open = new Map<string, string>();
  for (const line of trace.split("\n")) {
    const [, thread = "", call = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const synced = /^fsync\(\d+<([^>]*)>/.exec(call)?.[1];
    if (synced !== undefined) {
      steps.push({ kind: "sync", what: synced });
      if (call.includes("<unfinished")) open.set(thread, synced);
      else steps.push({ kind: "synced", what: synced });
    } else if (call.startsWith("<... fsync resumed>")) steps.push({ kind: "synced", what: open.get(thread)! });
    const link = /^linkat\(.*"([^"]*)", 0(?:\)| <unfin)/.exec(call)?.[1];
    if (link !== undefined) steps.push({ kind: "link", what: link });
    const said = /^write\(1<[^>]*>, "done ([^\\"]*)/.exec(call)?.[1];
    if (said !== undefined) steps.push({ kind: "done", what: said });
  }
  return steps;
}

Deno.test({
  name: "a batch's files share the syncs of their folder, and each is on the disk under its name when it is reported",
  ignore: !hasStrace,
  async fn() {
    const folder = await Deno.realPath(await Deno.makeTempDir());
    const files = 48;
    const program = `
      import { downloadAll } from ${JSON.stringify(import.meta.resolve("../../../mod.ts"))};
      const transport = { fetch: () => Promise.resolve(new Response(new Uint8Array(50_000).fill(7))) };
      const jobs = Array.from({ length: ${files} }, (_, n) => ({
        request: "https://civitai.com/api/download/models/" + n,
        path: ${JSON.stringify(folder)} + "/to/" + n + ".bin",
      }));
      for await (const { job, error } of downloadAll(transport, jobs, { concurrency: 16 })) {
        if (error) throw error;
        Deno.stdout.writeSync(new TextEncoder().encode("done " + job.path + "\\n"));
      }`;
    const trace = join(folder, "trace");
    try {
      await Deno.writeTextFile(join(folder, "program.ts"), program);
      const calls = ["-e", "trace=fsync,linkat,write", "-e", "signal=none", "-s", "300"];
      const run = [
        Deno.execPath(),
        "run",
        "-A",
        "--no-check",
        ...await registryFlags(checkout),
        join(folder, "program.ts"),
      ];
      const { success, stderr } = await new Deno.Command("strace", {
        args: ["-f", "-y", ...calls, "-o", trace, ...run],
      })
        .output();
      assert(success, new TextDecoder().decode(stderr));
      const steps = stepsOf(await Deno.readTextFile(trace));
      const index = (kind: Step["kind"], what: string, from = 0) =>
        steps.findIndex((step, at) => at >= from && step.kind === kind && step.what === what);
      for (let number = 0; number < files; number++) {
        const name = `${folder}/to/${number}.bin`;
        const written = index("synced", `${name}.part`);
        const named = index("link", name);
        const begun = index("sync", `${folder}/to`, named);
        const kept = index("synced", `${folder}/to`, begun);
        const done = index("done", name);
        const order = [written, named, begun, kept, done];
        assert(written >= 0 && order.every((at, n) => n === 0 || at > order[n - 1]!), `${name}: ${order}`);
      }
      const syncs = steps.filter(({ kind, what }) => kind === "sync" && what === `${folder}/to`).length;
      assert(syncs < files, `${syncs} syncs of the folder for ${files} files`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("syncFolderTogether() lets those that come too late for a sync share the next", async () => {
  const folder = await Deno.makeTempDir();
  const order: string[] = [];
  const note = (name: string) => syncFolderTogether(folder).then(() => order.push(name));
  const first = note("first");
  const later = ["second", "third", "fourth"].map(note);
  await Promise.all([first, ...later]);
  assertEquals(order, ["first", "second", "third", "fourth"]);
  await Promise.all([note("fifth"), syncFolderTogether(join(folder, "missing"))]);
  assertEquals(order.at(-1), "fifth");
  await Deno.remove(folder, { recursive: true });
});
