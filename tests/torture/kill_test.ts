// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { download, type DownloadResult, fetchTransport } from "../../transport/mod.ts";
import { type Journal, newJournal, peekJournal } from "../../transport/download/journal.ts";
import { recordLine } from "../../transport/download/journal_record.ts";
import { contentAt, randomFrom, sha256Of, startOrigin } from "../_origin/mod.ts";
import { runVictim, saidBy, startVictim } from "./_run.ts";

/** `CIVIKIT_KILLS=200` for the long run. */
const kills = Number(Deno.env.get("CIVIKIT_KILLS") ?? 8);
const MiB = 1024 ** 2;

Deno.test("download() killed at random instants ends with the right file and fetches little again", async () => {
  const size = 24 * MiB;
  const random = randomFrom(Number(Deno.env.get("CIVIKIT_SEED") ?? 4711));
  const bytesPerSecond = 12 * MiB;
  let done = 0;
  let rounds = 0;
  let worst = 0;
  while (done < kills) {
    const seed = ++rounds;
    const connections = rounds % 2 === 0 ? 4 : 1;
    const SHA256 = sha256Of(seed, size);
    await using origin = await startOrigin({
      files: { "/a.bin": { size, seed } },
      faults: [{ kind: "rate", bytesPerSecond: bytesPerSecond / connections }],
    });
    const folder = await Deno.makeTempDir();
    const path = `${folder}/a.bin`;
    try {
      const url = `${origin.url}/a.bin`;
      const hash = SHA256;
      let sent = 0;
      let kept = 0;
      for (;;) {
        const victim = await startVictim({ url, path, hash, connections });
        let isOver = false;
        const saying = saidBy(victim).finally(() => isOver = true);
        const limit = origin.sent() + random() * size * 0.5;
        const isLast = done >= kills;
        while (!isLast && origin.sent() < limit && !isOver) await pause(random() * 4);
        if (!isLast) kill(victim);
        const said = await saying;
        await origin.idle();
        if (said !== undefined) {
          assertEquals([said.code, said.verified], [undefined, true], said.message);
          break;
        }
        done++;
        // what this run was sent and the next one cannot use
        const lost = origin.sent() - sent - (provenBytes(path) - kept);
        [sent, kept] = [origin.sent(), provenBytes(path)];
        worst = Math.max(worst, lost);
        assert(lost <= 16 * MiB, `${lost} bytes lost by one kill (seed ${seed}, ${connections} connections)`);
        assert(!exists(path) || sha256OfFile(path) === SHA256, "wrong bytes under the final name");
      }
      assertEquals(names(folder), ["a.bin"]);
      assertEquals(sha256OfFile(path), SHA256);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  if (kills > 8) console.log(`${done} kills in ${rounds} downloads; the worst lost ${(worst / MiB).toFixed(1)} MiB`);
});

/** The states of a disk that a kill or a power cut leaves, which no random instant is sure to hit. */
const size = 3 * MiB;
const seed = 9;
const half = size / 2;
const content = contentAt(seed, 0, size) as Uint8Array<ArrayBuffer>;
const SHA256 = sha256Of(seed, size);

interface Remains {
  readonly path: string;
  readonly url: string;
}

function journal({ url }: Remains, spans: [start: number, end: number, claimed?: Uint8Array][]): Journal {
  return {
    ...newJournal({ url, validator: `"s${seed}-${size}"`, total: size, digests: { SHA256 } }),
    validatorHost: new URL(url).host,
    spans: spans.map(([start, end, claimed = content.subarray(start, end)]) => ({ start, end, crc32: crc32(claimed) })),
  };
}

function write(path: string, value: Journal | string): void {
  Deno.writeTextFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
}

const states: Record<string, [leave: (remains: Remains) => void, mostSent: number]> = {
  "before the first journal": [({ path }) => Deno.writeFileSync(`${path}.part`, content.subarray(0, half)), size],
  "after a data write the journal does not name yet": [(remains) => {
    Deno.writeFileSync(`${remains.path}.part`, content.subarray(0, half));
    write(`${remains.path}.part.json`, journal(remains, [[0, MiB]]));
  }, size - MiB],
  "in the middle of a data write": [(remains) => {
    Deno.writeFileSync(`${remains.path}.part`, content.subarray(0, MiB + 777));
    write(`${remains.path}.part.json`, journal(remains, [[0, MiB]]));
  }, size - MiB],
  "in the middle of a journal write": [(remains) => {
    Deno.writeFileSync(`${remains.path}.part`, content.subarray(0, half));
    const text = JSON.stringify(journal(remains, [[0, half]]));
    write(`${remains.path}.part.json`, journal(remains, [[0, MiB]]));
    write(`${remains.path}.part.json.tmp`, text.slice(0, text.length / 2));
  }, size - MiB],
  "in the middle of a line that was added to the journal": [(remains) => {
    Deno.writeFileSync(`${remains.path}.part`, content.subarray(0, half));
    const { spans } = journal(remains, [[MiB, half - 100], [MiB, half]]);
    const lines = spans.map((span) => recordLine([span], 1)).join("");
    write(`${remains.path}.part.json`, `${JSON.stringify(journal(remains, [[0, MiB]]))}\n${lines.slice(0, -4)}`);
  }, size - half + 100],
  "by a power cut that took the end of the data": [(remains) => {
    Deno.writeFileSync(`${remains.path}.part`, content.subarray(0, half - 100));
    write(`${remains.path}.part.json`, journal(remains, [[0, MiB], [MiB, half]]));
  }, size - MiB],
  "by a power cut that left zeros where data should be": [(remains) => {
    const zeroed = content.slice();
    zeroed.fill(0, MiB, half);
    Deno.writeFileSync(`${remains.path}.part`, zeroed.subarray(0, half));
    write(`${remains.path}.part.json`, journal(remains, [[0, MiB], [MiB, half]]));
  }, size - MiB],
  "by a power cut that emptied the journal": [(remains) => {
    Deno.writeFileSync(`${remains.path}.part`, content.subarray(0, half));
    write(`${remains.path}.part.json`, "");
  }, size],
  "with every byte there, before verification": [(remains) => {
    Deno.writeFileSync(`${remains.path}.part`, content);
    write(`${remains.path}.part.json`, journal(remains, [[0, size]]));
  }, 0],
  "between the new name and the removal of the old one": [(remains) => {
    Deno.writeFileSync(`${remains.path}.part`, content);
    Deno.linkSync(`${remains.path}.part`, remains.path);
    write(`${remains.path}.part.json`, journal(remains, [[0, size]]));
  }, 0],
  "between the new name and the removal of the journal": [(remains) => {
    Deno.writeFileSync(remains.path, content);
    write(`${remains.path}.part.json`, journal(remains, [[0, size]]));
  }, 0],
};

for (const [name, [leave, mostSent]] of Object.entries(states)) {
  for (const promised of [true, false]) {
    Deno.test(
      `download() goes on after a death ${name}, ${promised ? "with" : "without"} a promised hash`,
      () =>
        withRemains(leave, async ({ path, url }, origin) => {
          using socket = fetchTransport();
          const run = () => download(socket, url, path, promised ? { hashes: { SHA256 } } : {});
          let result: DownloadResult | undefined;
          if (!promised && name.endsWith("removal of the journal")) {
            // a finished file of which nobody knows whose it is: it is left alone
            const error = await run().then(() => undefined, (error) => error);
            assertEquals(error?.code, "target_exists");
          } else result = await run();
          assertEquals(await Deno.readFile(path), content);
          if (result !== undefined) {
            assertEquals([result.bytes, result.verified], [size, promised]);
            assertEquals(names(path.slice(0, -6)).filter((left) => !left.endsWith(".bad")), ["a.bin"]);
          }
          assert(origin.sent() <= mostSent, `${origin.sent()} bytes were sent`);
        }),
    );
  }
}

Deno.test("download() in a second process fails clearly while the first writes, and takes the file once it is there", async () => {
  // the first one has half of it, and gets the rest once the second one has been refused
  const refused = Promise.withResolvers<undefined>();
  await using origin = await startOrigin({
    files: { "/a.bin": { size, seed } },
    faults: [{ kind: "cut", after: half, how: "fin", nth: 1 }],
    route: ({ nth }) => nth === 1 ? undefined : refused.promise,
  });
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.bin`;
  const url = `${origin.url}/a.bin`;
  try {
    const first = saidBy(await startVictim({ url, path, hash: SHA256 }));
    while (origin.log.length < 2) await pause(5);
    assertEquals((await runVictim({ url, path, hash: SHA256 })).code, "target_locked");
    refused.resolve(undefined);
    assertEquals((await first)?.verified, true);
    assertEquals((await runVictim({ url, path, hash: SHA256 })).skipped, true);
    assertEquals(names(folder), ["a.bin"]);
    assertEquals(origin.sent(), size);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function withRemains(
  leave: (remains: Remains) => void,
  test: (remains: Remains, origin: Awaited<ReturnType<typeof startOrigin>>) => Promise<void>,
): Promise<void> {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed } } });
  const folder = await Deno.makeTempDir();
  const remains = { path: `${folder}/a.bin`, url: `${origin.url}/a.bin` };
  try {
    leave(remains);
    await test(remains, origin);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What the next run finds: the bytes its journal names, or the whole file. */
function provenBytes(path: string): number {
  if (exists(path)) return Deno.statSync(path).size;
  if (!exists(`${path}.part.json`)) return 0;
  const { spans } = peekJournal(`${path}.part.json`) as Journal;
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}

function kill(victim: Deno.ChildProcess): void {
  try {
    victim.kill("SIGKILL");
  } catch {
    // it was quicker
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

function sha256OfFile(path: string): string {
  return createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
}
