import { openTidy, type Tidy } from "../../../hub/library/mod.ts";
import { type TestLibrary, testLibrary } from "./_library.ts";

/** A library that can be tidied up. */
export async function testTidy(): Promise<TestLibrary & { readonly tidy: Tidy }> {
  const files = await testLibrary();
  const models = { get: () => Promise.reject(new Error("not asked")), byIds: () => Promise.resolve(new Map()) };
  const tidy = openTidy({
    ...{ library: files.library, hashes: files.hashes, api: { models } },
    where: () => ({ root: files.folder, layout: "comfyui" }),
    roots: () => [files.folder],
  });
  return { ...files, tidy };
}
