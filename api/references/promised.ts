import { type Digests, hashNames } from "../../transport/mod.ts";
import type { ResolvedFile } from "./resolved_file.ts";

/** What the site promises about a file, as far as a download can check it. */
export function promisedOf(
  { hashes, sizeBytes, isSizeExact }: Pick<ResolvedFile, "hashes" | "sizeBytes" | "isSizeExact">,
): { hashes: Digests; sizeBytes: number | undefined } {
  return {
    hashes: Object.fromEntries(hashNames.flatMap((name) => hashes[name] ? [[name, hashes[name]]] : [])),
    sizeBytes: isSizeExact ? sizeBytes : undefined,
  };
}
