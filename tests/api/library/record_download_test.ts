import { assertEquals } from "@std/assert";
import { hashCache, recordDownload } from "@civikit/civikit/api";

const sha256 = "ab".repeat(32);

Deno.test("recordDownload() writes down what scan() would find out, and nothing it cannot be sure of", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "abc");
  using cache = hashCache(":memory:");
  recordDownload(cache, { path, bytes: 3, digests: {} });
  recordDownload(cache, { path, bytes: 4, digests: { SHA256: sha256 } });
  recordDownload(cache, { path: `${path}.gone`, bytes: 3, digests: { SHA256: sha256 } });
  assertEquals([cache.recorded(path), cache.recorded(`${path}.gone`)], [undefined, undefined]);
  recordDownload(cache, { path, bytes: 3, digests: { SHA256: sha256 } });
  const mtimeMs = Deno.statSync(path).mtime!.getTime();
  assertEquals(cache.find({ path, bytes: 3, mtimeMs })?.sha256, sha256.toUpperCase());
  await Deno.remove(path);
});
