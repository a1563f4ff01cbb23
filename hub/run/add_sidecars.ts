import { type Civitai, type SidecarOutcome, type Version, writeSidecars } from "../../api/mod.ts";
import { hashesInOneGo } from "../../api/resources/versions.ts";
import { CivikitError, type Transport } from "../../transport/mod.ts";

/** A model file that is there. */
export interface ModelOnDisk {
  /** Where it is. */
  readonly path: string;
  /** Its SHA-256. */
  readonly sha256: string;
  /** Its version, where that is known: two versions may have one file. */
  readonly versionId?: number | undefined;
}

/**
 * Writes what other programs read beside each file. Files the site does not know get none; what
 * fails is told with its path, and the others go on.
 *
 * @throws The signal's reason when it aborts.
 */
export async function* addSidecars(
  files: readonly ModelOnDisk[],
  { api, transport, signal }: { api: Pick<Civitai, "versions">; transport: Transport; signal: AbortSignal },
): AsyncGenerator<SidecarOutcome, void, undefined> {
  const failure = (path: string, error: unknown): SidecarOutcome => {
    if (signal.aborted) throw signal.reason;
    if (!(error instanceof CivikitError)) throw error;
    return { path, state: "failed", error };
  };
  for (let at = 0; at < files.length; at += hashesInOneGo) {
    const batch = files.slice(at, at + hashesInOneGo);
    const versions = new Map<number, Version>();
    let byHash: ReadonlyMap<string, Version>;
    try {
      byHash = await api.versions.byHashes(new Set(batch.map(({ sha256 }) => sha256)), { signal });
    } catch (error) {
      yield failure(batch[0]!.path, error);
      continue;
    }
    for (const version of byHash.values()) versions.set(version.id, version);
    for (const { path, sha256, versionId = byHash.get(sha256)?.id } of batch) {
      if (versionId === undefined) continue; // unknown, or taken down since it was asked about
      try {
        const version = versions.get(versionId) ?? await api.versions.get(versionId, { signal });
        versions.set(versionId, version);
        yield* await writeSidecars(path, version, { transport, signal });
      } catch (error) {
        yield failure(path, error);
      }
    }
  }
}
