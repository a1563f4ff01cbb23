import { assert, assertEquals, assertRejects } from "@std/assert";
import { joinLocked } from "../../api/project/resolve_wanted.ts";
import { type LockedFile, writeSidecars } from "../../api/mod.ts";
import { DiskError, download, safeFileName, type Transport, VerificationError } from "../../transport/mod.ts";
import { withFolder } from "../_support/folder.ts";

const url = "https://civitai.com/api/download/models/1";
const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const transport: Transport = { fetch: () => Promise.resolve(new Response(png)) };

for (const name of ["x".repeat(300), `${"x".repeat(300)}.bin`, "長".repeat(100), `${"😀".repeat(100)}.bin`]) {
  const safe = safeFileName(name);
  const shown = `${name.slice(0, 2)}...${name.slice(-4)}`;

  Deno.test(`every file beside the longest name fits on the disk: ${shown}`, () =>
    withFolder(async (folder) => {
      const path = `${folder}/${safe}`;
      const options = { hashes: { SHA256: "00".repeat(32) }, delayMs: 0 };
      await assertRejects(() => download(transport, url, path, options), VerificationError);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
        `${safe}.quarantine`,
        `${safe}.quarantine.json`,
      ]);
      await download(transport, url, path);
      const images = [{ url: "https://image.civitai.com/bucket/uuid/original=true/7.jpeg", type: "image" }];
      const model = { name: "Lantern", type: "LORA" };
      const version = { id: 7, modelId: 5, name: "v1", model, images };
      const outcomes = await writeSidecars(path, version, { transport });
      assertEquals(outcomes.map(({ state, error }) => error ?? state), ["written", "written", "written"]);
    }));
}

Deno.test("download() that cannot write its report still says that the hash is wrong", () =>
  withFolder(async (folder) => {
    const path = `${folder}/${"x".repeat(240)}`;
    const error = await assertRejects(
      () => download(transport, url, path, { hashes: { SHA256: "00".repeat(32) }, delayMs: 0 }),
      VerificationError,
    );
    assertEquals(error.code, "hash_mismatch");
    assert(error.cause instanceof DiskError && error.cause.code === "invalid_path");
    assertEquals((await Deno.readFile(`${path}.quarantine`)).length, png.length);
  }));

Deno.test("a second file with the longest name gets its number into the lock file, and no longer a name", () => {
  const path = `models/a.b/${safeFileName("長".repeat(100) + ".safetensors")}`;
  const [first, second] = [8, 9].map((fileId) => ({ fileId, path }) as LockedFile);
  const [, { path: other } = second!] = joinLocked([first!], [second!]);
  assert(other!.startsWith("models/a.b/長") && other!.endsWith("長-9.safetensors"), other);
  assert(new TextEncoder().encode(other!.slice("models/a.b/".length)).length <= 229);
});
