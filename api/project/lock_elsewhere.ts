import { join } from "node:path";
import { nameInUrl, redactUrl } from "../../transport/internal.ts";
import { CivikitError, InputError, safeFileName, type Transport } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { layout } from "../layout/layout.ts";
import { hubFile } from "../references/hub_file.ts";
import { isPlainUrl, type LockedFile } from "./lock.ts";
import { badWanted, type Wanted, wantedKey } from "./manifest.ts";
import { isInnerPath } from "./names.ts";

/** What finding the files of an entry takes besides the site. */
export interface ResolveWantedOptions extends CallOptions {
  /** Asks other hosts what their files are; without it, files elsewhere are locked by what the manifest says alone. */
  transport?: Transport | undefined;
}

function nameOf({ file }: Wanted, otherwise: string): string {
  if (file === undefined) return otherwise;
  const name = String(file);
  const safe = safeFileName(name);
  if (safe === name) return name;
  throw new InputError(`saving as ${JSON.stringify(name)}: not a file name every system can hold, try "${safe}"`, {
    ...{ code: "invalid_path", input: name },
  });
}

/**
 * The one file an entry with an address means. huggingface.co says what it is before it is fetched: its SHA-256 is locked,
 * its OID, and its address at the very commit. Of other hosts, what the manifest says has to do; without a SHA-256 the first
 * install learns it.
 *
 * @throws {CivikitError} `hash_mismatch` when the manifest names another SHA-256 than the host.
 * @throws {InputError} `invalid_url` for an address with a key or a signature in it; `invalid_path` or `invalid_argument`
 * for a name or folder no file may have.
 */
export async function lockElsewhere(
  wanted: Wanted,
  url: string,
  layoutName: string,
  { transport, signal }: ResolveWantedOptions,
): Promise<LockedFile> {
  const shown = redactUrl(url);
  if (!isPlainUrl(url)) {
    throw new InputError(
      `locking ${JSON.stringify(shown)}: the URL holds a key or a signature, which a file does not keep`,
      {
        ...{ code: "invalid_url", input: shown },
      },
    );
  }
  const found = transport === undefined ? undefined : await hubFile(transport, url, { prove: true, signal });
  const { sha256: known = null, sizeBytes = null, commit, oid } = found ?? {};
  const given = wanted.sha256?.toUpperCase() ?? null;
  if (given !== null && known !== null && given !== known) {
    throw new CivikitError(
      `locking ${JSON.stringify(shown)}: ${given} is wanted, its host names the SHA-256 ${known}`,
      {
        code: "hash_mismatch",
      },
    );
  }
  const fileName = nameOf(wanted, found?.name ?? nameInUrl(url));
  const { folder, type = "Other" } = wanted;
  const path = folder === undefined ? layout(layoutName).place({ modelType: type, fileName }) : join(folder, fileName);
  if (!isInnerPath(path)) throw badWanted(folder ?? path, "not a folder below the root that every system can hold");
  return {
    ...{ path, sha256: given ?? known, bytes: sizeBytes, wanted: wantedKey(wanted), air: url },
    ...{ modelId: null, versionId: null, fileId: null, model: fileName, version: commit ?? "" },
    url: found?.url ?? url,
    ...(typeof oid === "string" && { oid }),
  };
}
