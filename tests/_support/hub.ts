/** A huggingface.co of our own with its storage, on two ports. @module */
import { type HubOptions, hubRoute, type OriginServer, safetensors } from "../../testing/mod.ts";
import { startOrigin } from "../_origin/mod.ts";

/** The two servers. */
export interface TestHub extends AsyncDisposable {
  readonly hub: OriginServer;
  readonly storage: OriginServer;
  /** The address of a file of `someone/thing`, or of another repository. */
  at(file: string, repository?: string): string;
}

/** Bytes of a text. */
export const bytesOfText = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A small file of weights; another one for each seed. */
export function weightsOf(seed: number): Uint8Array<ArrayBuffer> {
  const file = safetensors({ seed, dataBytes: 4096 });
  return Uint8Array.from(file.read(0, file.size));
}

/** SHA-256 of bytes, upper case. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().toUpperCase();
}

/** Starts them with these files in `someone/thing`, and further options. */
export async function startHub(
  files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
  options: Partial<HubOptions> = {},
): Promise<TestHub> {
  const repositories = { "someone/thing": files, ...options.repositories };
  const storage = await startOrigin();
  for (const bytes of Object.values(repositories).flatMap((all) => Object.values(all))) {
    storage.put(`/${(await sha256Of(bytes as Uint8Array<ArrayBuffer>)).toLowerCase()}`, bytes);
  }
  const hub = await startOrigin({ route: hubRoute({ ...options, repositories, storage: storage.url }) });
  return {
    hub,
    storage,
    at: (file, repository = "someone/thing") => `${hub.url}/${repository}/resolve/main/${file}`,
    async [Symbol.asyncDispose]() {
      await hub.close();
      await storage.close();
    },
  };
}
