import { posix } from "node:path";
import type { CallOptions } from "../client/call.ts";
import { identityOfFile } from "../library/identity.ts";
import type { Identity } from "../library/identity.ts";
import { placer } from "../layout/placer.ts";
import { formatAir, parseAir } from "../references/air.ts";
import { fileNames, resolvedFile } from "../references/resolved_file.ts";
import { selectFiles } from "../references/select_files.ts";
import { InputError } from "../../transport/mod.ts";
import type { ModelFile } from "../resources/version_parts.ts";
import type { Version } from "../resources/versions.ts";
import type { LockedFile } from "./lock.ts";
import { type Manifest, type Wanted, wantedKey } from "./manifest.ts";
import { lockedFile, type ProjectApi } from "./resolve_wanted.ts";

/** What an adopted file becomes. */
export interface AdoptedEntry {
  /** The manifest's entry. */
  readonly wanted: Wanted;
  /** Whether the entry means it by being the version's main file. */
  readonly isMain: boolean;
  /** As it is locked: at its own place, under its own name. */
  readonly locked: LockedFile;
  /** What it is. */
  readonly identity: Identity;
}

/** A file that is there, as far as its entry needs it. */
export interface FileThere {
  /** Its path below the root, with `/` between folders. */
  readonly name: string;
  /** Its size. */
  readonly bytes: number;
  /** Its SHA-256, or the one it is presumed to have. */
  readonly sha256: string | null;
  /** Whether nobody has computed it. */
  readonly isPresumed: boolean;
}

function isMainOf(version: Version, file: ModelFile): boolean {
  try {
    return selectFiles(version, {})[0] === file;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** The version's own name; without words in it that nobody could read back. */
function airOf({ id, air }: Version, modelId: number): string {
  try {
    const { fileId: _, format: __, ...rest } = parseAir(air ?? "");
    return formatAir({ ...rest, modelId, versionId: id });
  } catch (error) {
    if (error instanceof InputError) return formatAir({ source: "civitai", modelId, versionId: id });
    throw error;
  }
}

/**
 * The entry of a file that is there. It names its version, so that the manifest means these very files; the file, unless
 * it is the version's main one; and its folder, where the layout would put it into another one.
 *
 * @returns Undefined when the site does not say which model the version belongs to.
 */
export async function adoptedEntry(
  version: Version,
  file: ModelFile,
  { name, bytes, sha256, isPresumed }: FileThere,
  { layout }: Pick<Manifest, "layout">,
  api: ProjectApi,
  { signal }: CallOptions,
): Promise<AdoptedEntry | undefined> {
  const { modelId } = version;
  if (modelId === undefined || modelId === null) return undefined;
  const found = { version, earlyAccessDeadline: undefined };
  const resolved = resolvedFile(found, file, fileNames(version).get(file)!, api.baseUrl, Date.now());
  const place = await placer(layout, modelId, api, { signal });
  const folder = posix.dirname(name);
  const isMain = isMainOf(version, file);
  const wanted: Wanted = {
    air: airOf(version, modelId),
    ...(!isMain && { file: file.id }),
    ...(posix.dirname(place(resolved)) !== folder && { folder }),
  };
  const { hashes: _, ...locked } = lockedFile(resolved, name, wantedKey(wanted));
  return {
    wanted,
    isMain,
    identity: identityOfFile(version, file),
    locked: {
      ...locked,
      ...{ sha256, bytes },
      ...(sha256 === null && _ !== undefined && { hashes: _ }),
      ...(isPresumed && { presumed: true }),
    },
  };
}
