import { assert, assertEquals, assertRejects } from "@std/assert";
import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { CivikitError } from "../../../transport/errors/errors.ts";
import { followDigest } from "../../../transport/download/digest.ts";
import type { JournalSpan } from "../../../transport/download/journal.ts";
import { newLook, type SharedLook, takePart } from "../../../transport/download/shared_look.ts";
import { proveSpans } from "../../../transport/download/span_recorder.ts";

const spanBytes = 1_000_000;
const tools = { crc32, openSync, readSync, closeSync };

/** A file of ten spans, of which the fourth has a bad byte and the last ends early. */
async function withDamage(
  work: (damaged: { path: string; spans: JournalSpan[]; sound: JournalSpan[]; mend: () => void }) => Promise<void>,
): Promise<void> {
  const path = Deno.makeTempFileSync();
  const data = new Uint8Array(10 * spanBytes);
  for (let at = 0; at < data.length; at += 50_000) crypto.getRandomValues(data.subarray(at, at + 50_000));
  const spans = Array.from({ length: 10 }, (_, index) => {
    const [start, end] = [index * spanBytes, (index + 1) * spanBytes];
    return { start, end, crc32: crc32(data.subarray(start, end)) };
  });
  const damaged = data.slice(0, -1);
  damaged[3_500_000]! ^= 1;
  Deno.writeFileSync(path, damaged);
  try {
    await work({
      path,
      spans,
      sound: spans.filter((_, index) => index !== 3 && index !== 9),
      mend: () => Deno.writeFileSync(path, data),
    });
  } finally {
    Deno.removeSync(path);
  }
}

/** A look that another thread is told of. */
function sharedWith(tell: (look: SharedLook) => unknown): typeof newLook {
  return (spans) => {
    const look = newLook(spans);
    tell(look);
    return look;
  };
}

Deno.test("proveSpans() finds the same alone and with a thread that takes all, some, or nothing", () =>
  withDamage(async ({ path, spans, sound }) => {
    // the rest is taken while the other thread is at its first span
    const rest = Promise.resolve();
    const others: ((look: SharedLook) => unknown)[] = [
      () => {},
      (look) => takePart(look, path, false, tools, () => {}),
      (look) => takePart(look, path, false, tools, () => rest),
    ];
    assertEquals(await proveSpans(path, spans, { share: () => undefined }), sound);
    for (const other of others) assertEquals(await proveSpans(path, spans, { share: sharedWith(other) }), sound);
    assertEquals(await proveSpans(path, [], { share: newLook }), []);
  }));

Deno.test("proveSpans() looks itself at what another thread took and has no answer for", () =>
  withDamage(async ({ path, spans, sound }) => {
    for (const taken of [1, 3, 10]) {
      // as of a thread that died in the middle
      const share = sharedWith(({ found }) => Atomics.add(found, 0, taken));
      assertEquals(await proveSpans(path, spans, { share }), sound);
    }
  }));

Deno.test("proveSpans() with another thread stops when it is told to, and says when there is no file", () =>
  withDamage(async ({ path, spans }) => {
    const share = newLook;
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    assertEquals(await assertRejects(() => proveSpans(path, spans, { signal, share })), reason);
    const error = await assertRejects(() => proveSpans(`${path}.none`, spans, { share }), CivikitError);
    assertEquals(error.code, "folder_missing");
  }));

Deno.test("takePart() leaves what it cannot read to whoever asked", async () => {
  const look = newLook([{ start: 0, end: 10, crc32: 0 }]);
  await assertRejects(() => takePart(look, "/no such file", false, tools, () => {}));
  assertEquals([...look.found], [0, 0]);
});

Deno.test("followDigest().share() lets the worker look at what changed after it was hashed", () =>
  withDamage(async ({ path, spans, sound, mend }) => {
    const [before, after] = [Deno.readFileSync(path), spans.length * spanBytes];
    mend();
    const follower = followDigest(path, ["SHA256"], { worker: true, startupMs: 60_000 });
    try {
      assertEquals(follower.share(spans), undefined);
      await follower.finish(after);
      Deno.writeFileSync(path, before);
      const look = follower.share(spans);
      assert(look !== undefined);
      while (look.found.includes(0, 1)) await new Promise((resolve) => setTimeout(resolve, 1));
      assertEquals([...look.found.subarray(1)], spans.map((span) => sound.includes(span) ? 1 : 2));
      // and it goes on hashing
      mend();
      const first = (await digestOf(path)).SHA256;
      follower.reset();
      assertEquals((await follower.finish(after)).SHA256, first);
      assertEquals(await proveSpans(path, spans, { share: follower.share }), spans);
    } finally {
      follower.close();
    }
  }));

async function digestOf(path: string) {
  const follower = followDigest(path, ["SHA256"], { worker: false });
  try {
    return await follower.finish(Deno.statSync(path).size);
  } finally {
    follower.close();
  }
}
