import { documents } from "./_documents.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { findLeftovers } from "../../cli/run/find_leftovers.ts";
import { lockName, manifestName } from "../../api/mod.ts";
import type { JsonEvent } from "../../cli/terminal/json.ts";
import type { MonitorEventBody } from "../../monitor/metrics/event_bus.ts";
import { download, type Transport, type TransportEvent } from "../../transport/mod.ts";
import { withReferenceTables } from "../../tools/reference_tables.ts";

const reference = await Deno.readTextFile(new URL("../../docs/reference.md", import.meta.url));

Deno.test("the tables of the reference are what the code makes of them", async () => {
  assertEquals(await withReferenceTables(reference), reference, "run: deno task docs:reference");
});

Deno.test("no table of the reference is empty, and each is renewed", async () => {
  const names = [...reference.matchAll(/^<!-- (\w+) -->$/gm)].map(([, name]) => name!);
  assertEquals(new Set(names).size, 11);
  const emptied = reference.replace(/(<!-- \w+ -->\n\n)[^]*?(\n<!-- \/\w+ -->)/g, "$1$2");
  assertEquals(await withReferenceTables(emptied), reference);
  for (const name of names) {
    const [table = ""] = new RegExp(`(?<=<!-- ${name} -->\n\n)[^]*?(?=\n<!-- /${name} -->)`).exec(reference) ?? [];
    assert(table.split("\n").length > 5, name);
    for (const line of table.trim().split("\n")) assert(!/undefined|\[object|\| +\|$/.test(line), line);
  }
});

/** Every name there is, as the types know it: one more or less does not compile. */
const named: {
  readonly events: Readonly<Record<TransportEvent["type"], 0>>;
  readonly messages: Readonly<Record<MonitorEventBody["type"], 0>>;
  readonly lines: Readonly<Record<JsonEvent["event"], 0>>;
} = {
  events: {
    ...{ retry: 0, resume: 0, resolve: 0, redirect: 0, wait: 0, queue: 0, limit: 0, circuit: 0, cache: 0, dedupe: 0 },
    ...{ connections: 0, steal: 0, fallback: 0, download: 0 },
  },
  messages: { transport: 0, failure: 0, transfer: 0, queue: 0, target: 0, watch: 0, library: 0, memory: 0, cleared: 0 },
  lines: { plan: 0, start: 0, progress: 0, done: 0, error: 0, would_download: 0, summary: 0 },
};

Deno.test("the tables of events, which are read from the source, have all that the types have", () => {
  for (const [table, names] of Object.entries(named)) {
    const [, rows = ""] = new RegExp(`<!-- ${table} -->([^]*?)<!-- /${table} -->`).exec(reference) ?? [];
    const shown = [...rows.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name!);
    assertEquals(shown.slice(1).sort(), Object.keys(names).sort(), table);
  }
});

/** Sends a part of a file; who asks for more is told to stop. */
function halting(ending: AbortController): Transport {
  const parts = [new Uint8Array(2_000_000)];
  return {
    fetch() {
      const headers = { "content-length": "3000000", "content-type": "application/octet-stream", etag: '"a"' };
      const body = new ReadableStream({
        pull(controller) {
          const part = parts.pop();
          if (part) return controller.enqueue(part);
          ending.abort();
          controller.error(ending.signal.reason);
        },
      }, { highWaterMark: 0 });
      return Promise.resolve(new Response(body, { headers }));
    },
  };
}

Deno.test("what the reference says civikit clean removes is what it finds, and the files of a project have these names", async () => {
  const rows = [...reference.matchAll(/^\| `([^`]+)`[^|]*\|[^|]*\|([^|]*)\|$/gm)];
  const cleaned = rows.filter(([, , by]) => by!.includes("civikit clean")).map(([, name]) => name!);
  const kinds = ["part", "journal", "old", "quarantine", "corrupt", "draft"];
  assertEquals(cleaned.length, kinds.length);
  for (const name of [manifestName, lockName]) assert(rows.some(([, shown]) => shown === name), name);

  const folder = await Deno.makeTempDir();
  try {
    const ending = new AbortController();
    await assertRejects(() =>
      download(halting(ending), "https://a.example/NAME", join(folder, "NAME"), { signal: ending.signal })
    );
    await Deno.writeTextFile(join(folder, "NAME.quarantine.json"), JSON.stringify({ wanted: {} }));
    await Deno.mkdir(join(folder, "alone"));
    await Deno.copyFile(join(folder, "NAME.part.json"), join(folder, "alone", "NAME.part.json"));
    for (const name of cleaned.filter((name) => !/\.part(?:\.json)?$/.test(name))) {
      await Deno.writeTextFile(join(folder, name), name);
      // one that is written this very moment is none
      await Deno.utime(join(folder, name), 0, 0);
    }
    const found = [...findLeftovers(folder, true)];
    assertEquals(found.map(({ kind }) => kind).sort(), kinds.sort());
    assertEquals(found.map(({ path }) => path.split(/[/\\]/).at(-1)!).sort(), cleaned.sort());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("every metric that a document names is one", async () => {
  const reference = await Deno.readTextFile(new URL("../../docs/reference.md", import.meta.url));
  const known = new Set([...reference.matchAll(/^\| `(civikit_\w+)`/gm)].map(([, name]) => name));
  const faults: string[] = [];
  for (const { path, text } of await documents()) {
    for (const [name] of text.matchAll(/\bcivikit_[a-z]+(?:_[a-z]+)*(?:_total|_bytes|_level|_seconds)\b/g)) {
      if (!known.has(name)) faults.push(`${path}: ${name}`);
    }
  }
  assertEquals(faults, []);
});
