import { join } from "node:path";
import { hashCache, type Identity, type Version } from "../../../api/mod.ts";
import { type Library, type LibraryOptions, openLibrary } from "../../../hub/library/mod.ts";

/** A library of a temporary folder, and a site that knows nothing. */
export interface TestLibrary extends AsyncDisposable {
  readonly library: Library;
  readonly folder: string;
  readonly hashes: ReturnType<typeof hashCache>;
  /** Writes a file below the folder; with an identity it is known already. */
  write(name: string, text: string, identity?: Identity | null): Promise<string>;
}

/** What a file is, as far as a test wants to say. */
export const identity = (versionId: number, more: Partial<Identity> = {}): Identity => ({
  ...{ modelId: versionId * 10, versionId, fileId: versionId * 100, modelName: `Model ${versionId}` },
  ...{ versionName: "v1", modelType: "LORA", baseModel: "SDXL 1.0", fileName: "a.safetensors", fileType: "Model" },
  ...more,
});

/** The SHA-256 of a text, as the library has it. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("").toUpperCase();
}

/** Makes one. */
export async function testLibrary(options: Partial<LibraryOptions> = {}): Promise<TestLibrary> {
  const folder = await Deno.makeTempDir();
  const hashes = hashCache(":memory:");
  const nobody = { get: () => Promise.reject(new Error("not asked")), byIds: () => Promise.resolve(new Map()) };
  const library = openLibrary({
    folders: () => [folder],
    hashes,
    api: {
      versions: {
        byHashes: () => Promise.resolve(new Map<string, Version>()),
        byHash: () => Promise.reject(new Error("not asked")),
      },
      models: nobody,
    },
    ...options,
  });
  return {
    ...{ library, folder, hashes },
    async write(name, text, known) {
      const path = join(folder, name);
      await Deno.mkdir(join(path, ".."), { recursive: true });
      await Deno.writeTextFile(path, text);
      if (known !== undefined) {
        const { size: bytes, mtime } = await Deno.stat(path);
        const hash = await sha256(text);
        hashes.keep({ path, bytes, mtimeMs: mtime!.getTime(), sha256: hash, problem: null, provedMs: 5 });
        hashes.keepAsked(hash, { identity: known, askedAt: Date.now() });
      }
      return path;
    },
    async [Symbol.asyncDispose]() {
      await library.close();
      hashes.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Waits until nothing is under way, told by `onChange` of the library. */
export function idle(library: Library, changed: () => Promise<void>): Promise<void> {
  return library.task === null ? Promise.resolve() : changed().then(() => idle(library, changed));
}
