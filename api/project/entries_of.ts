import { CivikitError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { Identity } from "../library/identity.ts";
import { isGeneral } from "../library/is_general.ts";
import { hashesInOneGo, type Version } from "../resources/versions.ts";
import { type AdoptedEntry, adoptedEntry } from "./adopted_entry.ts";
import type { Manifest } from "./manifest.ts";
import { askingOnce, type ProjectApi } from "./resolve_wanted.ts";

/** A file that is there. */
export interface KnownRow {
  /** Its path below the root. */
  readonly below: string;
  /** Its size. */
  readonly bytes: number;
  /** Its SHA-256, or the one it is presumed to have. */
  readonly sha256: string | null;
  /** Whether the whole of it was hashed. */
  readonly isProved: boolean;
  /** What it is, or is presumed to be. */
  readonly identity: Identity | null | undefined;
}

/** What a known file becomes, or why nothing. */
export type Told = AdoptedEntry | "gone" | "no_model";

/**
 * What each known file becomes: the site is asked for whole versions, some hundred at a time, and none is kept longer than
 * its part of the question takes. Of what could not be asked nothing is told; the failure is put to `failures`.
 */
export async function entriesOf<Row extends KnownRow>(
  { manifest }: { readonly manifest: Manifest },
  site: ProjectApi,
  rows: readonly Row[],
  failures: CivikitError[],
  { signal }: CallOptions,
): Promise<Map<Row, Told>> {
  const api = askingOnce(site);
  const entries = new Map<Row, Told>();
  const known = rows.filter(({ identity }) => identity);
  for (let at = 0; at < known.length; at += hashesInOneGo) {
    signal?.throwIfAborted();
    const some = known.slice(at, at + hashesInOneGo);
    try {
      const versions = await api.versions.byHashes(some.flatMap(({ sha256 }) => sha256 ?? []), { signal });
      for (const row of some) {
        const { versionId } = row.identity!;
        const version = row.sha256 === null ? await api.versions.get(versionId, { signal }) : versions.get(row.sha256);
        entries.set(row, await toldOf(row, version, manifest, api, { signal }));
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof CivikitError)) throw error;
      failures.push(error);
      if (isGeneral(error)) break;
    }
  }
  return entries;
}

async function toldOf(
  { below: name, bytes, sha256, isProved, identity }: KnownRow,
  version: Version | undefined,
  manifest: Manifest,
  api: ProjectApi,
  options: CallOptions,
): Promise<Told> {
  const file = version?.files?.find(({ id, hashes }) =>
    sha256 === null ? id === identity!.fileId : hashes?.SHA256?.toUpperCase() === sha256
  );
  if (version === undefined || file === undefined) return "gone";
  const there = { name, bytes, sha256, isPresumed: !isProved };
  return await adoptedEntry(version, file, there, manifest, api, options) ?? "no_model";
}
