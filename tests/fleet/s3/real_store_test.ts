import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { s3Store } from "../../../fleet/mod.ts";
import { contentAt } from "../../../testing/mod.ts";
import { download } from "../../../transport/mod.ts";

/** A store of one's own to try: `CIVIKIT_TEST_S3=http://KEY:SECRET@HOST/BUCKET`; what is put there below `civikit-test` stays. */
const place = Deno.env.get("CIVIKIT_TEST_S3");
const least = 5 * 1024 * 1024;

Deno.test({
  name: "s3Store() works with the store that CIVIKIT_TEST_S3 names",
  ignore: place === undefined,
  async fn() {
    const { protocol, host, pathname, username, password } = new URL(place!);
    const credentials = { accessKeyId: username, secretAccessKey: decodeURIComponent(password) };
    const prefix = `civikit-test/a b+1/${crypto.randomUUID()}`;
    const options = {
      endpoint: `${protocol}//${host}`,
      bucket: pathname.slice(1),
      prefix,
      credentials,
      partBytes: least,
    };
    using store = s3Store({ ...options, concurrency: 1 });
    const folder = await Deno.makeTempDir();
    await store.check(true);
    for (const [seed, bytes] of [[1, 1000], [2, 2 * least + 5], [3, 0]] as const) {
      const [path, back] = [join(folder, `${seed}`), join(folder, `${seed}.back`)];
      const content = contentAt(seed, 0, bytes);
      await Deno.writeFile(path, content);
      const file = { sha256: createHash("sha256").update(content).digest("hex"), bytes, name: `${seed} é.bin` };
      assertEquals(await store.prove(file), undefined);
      if (bytes > least) {
        const stop = new AbortController();
        const onProgress = () => stop.abort(new Error("enough"));
        await assertRejects(() => store.put(path, file, { signal: stop.signal, onProgress }), Error, "enough");
        const [upload] = await store.clean(0, { isDry: true });
        assertEquals([upload?.sha256, upload?.bytes], [file.sha256, least]);
        assertEquals((await store.put(path, file)).resumedBytes, least);
        assertEquals(await store.clean(0), []);
      }
      await store.put(path, file);
      assertEquals((await store.put(path, file)).isThere, true);
      assertEquals(await store.find(file), { bytes });
      assertEquals((await store.put(path, file, { isReplacing: true })).isThere, false);
      assertEquals(await store.prove(file), { bytes });
      const hashes = { SHA256: file.sha256 };
      assert((await download(store.transport, store.urlOf(file.sha256), back, { hashes })).verified);
    }
    using wrong = s3Store({ ...options, credentials: { ...credentials, secretAccessKey: "another" } });
    await assertRejects(() => wrong.check(false), Error);
    await Deno.remove(folder, { recursive: true });
  },
});
