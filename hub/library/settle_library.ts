import { type HashCache, settleFolders } from "../../api/mod.ts";
import type { CivikitError } from "../../transport/mod.ts";
import type { LibraryOptions } from "./library.ts";

/** What {@linkcode settleLibrary} works with. */
export interface SettleLibraryOptions extends Pick<LibraryOptions, "folders" | "write"> {
  /** Hashes. */
  readonly hashes: HashCache;
  /** Stops it. */
  readonly signal: AbortSignal;
  /** Called with a path where something may be or be gone now. */
  onPath(path: string): void;
  /** Told what could not be ended or written. */
  onTrouble(error: CivikitError): void;
}

/** Ends what a killed update or a killed trashing left, with the sidecars that were wanted. */
export async function settleLibrary(
  { folders, write, hashes, signal, onPath, onTrouble }: SettleLibraryOptions,
): Promise<void> {
  await settleFolders(folders(), {
    ...{ cache: hashes, isOffline: write === undefined, signal, onTrouble },
    async onEnd({ old, path, sha256, sidecars }) {
      if (sidecars) {
        for await (const { error } of write!([{ path, sha256 }], signal)) if (error !== undefined) onTrouble(error);
      }
      for (const one of [old, path]) onPath(one);
    },
  });
}
