import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { s3Store } from "../../../fleet/mod.ts";
import { contentAt } from "../../../testing/mod.ts";
import { download, HttpError } from "../../../transport/mod.ts";
import { startS3rver } from "../../_support/s3rver.ts";

Deno.test("s3Store() works with a server that others wrote", async () => {
  await using server = await startS3rver();
  const folder = await Deno.makeTempDir();
  const options = { endpoint: server.url, bucket: "models", prefix: "a lab+1", partBytes: 5 * 1024 * 1024 };
  using store = s3Store({ ...options, credentials: server.user });
  await store.check(true);
  for (const [seed, bytes] of [[1, 1000], [2, 12 * 1024 * 1024]] as const) {
    const [path, back] = [join(folder, `${seed}`), join(folder, `${seed}.back`)];
    const content = contentAt(seed, 0, bytes);
    await Deno.writeFile(path, content);
    const file = { sha256: createHash("sha256").update(content).digest("hex"), bytes, name: `${seed} é.bin` };
    assertEquals((await store.put(path, file)).isThere, false);
    assertEquals((await store.put(path, file)).isThere, true);
    assertEquals(await store.find(file), { bytes });
    const hashes = { SHA256: file.sha256 };
    assertEquals((await download(store.transport, store.urlOf(file.sha256), back, { hashes })).verified, true);
  }
  using wrong = s3Store({ ...options, credentials: { ...server.user, secretAccessKey: "another" } });
  // its own words for it are a 500
  await assertRejects(() => wrong.check(false), HttpError);
  await Deno.remove(folder, { recursive: true });
});
