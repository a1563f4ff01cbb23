// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assert, assertEquals } from "@std/assert";
import { sha256Of, startOrigin } from "../_origin/mod.ts";
import { saidBy, startVictim } from "./_run.ts";

const MiB = 1024 ** 2;
const size = 256 * MiB;
const seed = 5;
const mostBytes = 200 * MiB;
const isLinux = Deno.build.os === "linux";
if (!isLinux) console.warn("skipped: the most memory a process ever had is read from /proc, which only Linux has");

for (
  const [way, options] of Object.entries({
    "a bandwidth limit": { limit: 96 * MiB },
    "a reader slower than the source": { slowReader: true },
  })
) {
  Deno.test({
    name: `16 connections stay within ${mostBytes / MiB} MiB of memory with ${way} (faults row 35)`,
    ignore: !isLinux,
    async fn() {
      await using origin = await startOrigin({ files: { "/a.bin": { size, seed } } });
      const folder = await Deno.makeTempDir();
      try {
        const victim = await startVictim({
          url: `${origin.url}/a.bin`,
          path: `${folder}/a.bin`,
          hash: sha256Of(seed, size),
          connections: 16,
          options,
        });
        const { verified, bytes, peakBytes = Infinity, code, message } = await saidBy(victim) ?? {};
        assertEquals([code, verified, bytes], [undefined, true, size], message);
        assert(peakBytes < mostBytes, `${(peakBytes / MiB).toFixed(0)} MiB`);
        if (Deno.env.has("CIVIKIT_KILLS")) console.log(way, `${(peakBytes / MiB).toFixed(0)} MiB`);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
