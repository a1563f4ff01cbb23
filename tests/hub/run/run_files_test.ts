import { assertEquals } from "@std/assert";
import { join } from "node:path";
import type { WantedFile } from "@civikit/civikit/api";
import { metricsRegistry } from "@civikit/civikit/monitor";
import { fetchTransport, resumeTransport } from "@civikit/civikit/transport";
import { runFiles } from "../../../hub/run/mod.ts";
import { startOrigin } from "../../_origin/mod.ts";

const bytes = 300_000;

interface Stage {
  readonly folder: string;
  readonly origin: Awaited<ReturnType<typeof startOrigin>>;
  file(name: string): WantedFile;
}

async function onStage(work: (stage: Stage) => Promise<void>): Promise<void> {
  const names = ["a.bin", "b.bin", "c.bin"];
  await using origin = await startOrigin({
    files: Object.fromEntries(names.map((name, seed) => [`/${name}`, { size: bytes, seed }])),
  });
  const folder = await Deno.makeTempDir();
  const file = (name: string): WantedFile => ({
    name,
    url: `${origin.url}/${name}`,
    fallbackUrls: [],
    hashes: {},
    sizeBytes: undefined,
  });
  try {
    await work({ folder, origin, file });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("runFiles() tells how every transfer ended: well, failed before its first byte, not found", () =>
  onStage(async ({ folder, file }) => {
    using transport = fetchTransport();
    const { transfers } = metricsRegistry();
    const states: string[] = [];
    Deno.mkdirSync(join(folder, "b.bin.part"));
    const files = [file("a.bin"), file("b.bin"), file("missing.bin")];
    for await (
      const { file: { name }, error } of runFiles({ track: transfers.track })(transport, files, {
        defaults: { root: folder },
      })
    ) {
      states.push(`${name} ${error === undefined}`);
    }
    assertEquals(states.sort(), ["a.bin true", "b.bin false", "missing.bin false"]);
    const ended = transfers.list().map(({ name, path, state, code }) => [name, path, state, code]);
    assertEquals(ended, [
      ["a.bin", join(folder, "a.bin"), "finished", undefined],
      ["b.bin", join(folder, "b.bin"), "failed", "invalid_path"],
      ["missing.bin", join(folder, "missing.bin"), "failed", "not_found"],
    ]);
  }));

Deno.test("runFiles() counts what came over the network, not what lay there, and nothing twice", () =>
  onStage(async ({ folder, file, origin }) => {
    using socket = fetchTransport();
    const received: [string, number][] = [];
    const controller = new AbortController();
    const watcher = {
      progress({ name }: WantedFile, { downloadedBytes }: { downloadedBytes: number }) {
        if (name === "a.bin" && downloadedBytes > 0 && downloadedBytes < bytes) controller.abort();
      },
      ended: ({ name }: WantedFile, { receivedBytes }: { receivedBytes: number }) =>
        void received.push([name, receivedBytes]),
    };
    const run = runFiles({ watcher });
    const defaults = { root: folder };
    origin.add({ kind: "rate", bytesPerSecond: 50_000 });
    for await (
      const _ of run(socket, [file("a.bin")], { defaults, signal: controller.signal })
    ) { /* stopped on the way */ }
    const [[, first]] = received as [[string, number]];
    assertEquals(first > 0 && first < bytes, true, String(first));
    origin.heal();
    for await (const _ of run(resumeTransport(socket), [file("a.bin"), file("c.bin")], { defaults })) { /* goes on */ }
    const rest = Object.fromEntries(received.slice(1));
    assertEquals([first + rest["a.bin"]!, rest["c.bin"]], [bytes, bytes]);
  }));
