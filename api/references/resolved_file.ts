import { earlyAccessOf } from "./early_access.ts";
import { suffixedName } from "../../transport/internal.ts";
import { safeFileName } from "../../transport/mod.ts";
import { downloadUrls } from "./download_url.ts";
import type { ModelType, UsageControl } from "../resources/enums.ts";
import type { ModelFile } from "../resources/version_parts.ts";
import type { Version } from "../resources/versions.ts";

/** Something to know before a file is used; never a reason to refuse it. Open: more may come. */
export interface ResolveWarning {
  /** Its stable name. */
  code: "pickle_danger" | "virus_danger" | "unverified" | "early_access" | "taken_down" | "other_air";
  /** The same in words. */
  message: string;
}

/** One file, with all that is needed to download and verify it. */
export interface ResolvedFile {
  /** The version it belongs to. */
  versionId: number;
  /** The model it belongs to; null when the site does not say. */
  modelId: number | null;
  /** The model's name, as its creator wrote it. */
  modelName: string;
  /** The version's name, as its creator wrote it. */
  versionName: string;
  /** What the model is. */
  modelType: ModelType;
  /** What it was made for, such as `SDXL 1.0`; null when unknown. */
  baseModel: string | null;
  /** Names the file. */
  fileId: number;
  /** Fit for every disk, and like no other file's of the version. */
  fileName: string;
  /** What the API says, in bytes; undefined when it does not. */
  sizeBytes: number | undefined;
  /** Tells whether `sizeBytes` is known and exact. A whole number of KiB may have been rounded: then let the hashes decide. */
  isSizeExact: boolean;
  /** What to verify with, by name; empty while the site scans the file. */
  hashes: Readonly<Record<string, string>>;
  /** Asks for exactly this file. */
  url: string;
  /** To try in order when `url` answers 404: these may give another file, so verify what comes. */
  fallbackUrls: string[];
  /** Its resource name; with the file's id unless it is the main file. Null when the site does not say its model. */
  air: string | null;
  /** Tells whether it is the version's main file. */
  primary: boolean;
  /** What the creator allows; null when the API did not say. */
  usageControl: UsageControl | null;
  /** Until when it is sold (ISO 8601, null for ever or not known); null when it is free. Whoever has bought it gets it. */
  earlyAccess: { endsAt: string | null } | null;
  /** What to know before it is used. */
  warnings: ResolveWarning[];
  /** The file as the API sent it. */
  file: ModelFile;
  /** The version as the API sent it: for sidecars. */
  version: Version;
}

type Deadline = string | null | undefined;

/** Safe names, unique within the version whatever the disk thinks of upper case: the main file keeps its own. */
export function fileNames({ id: versionId, files }: Version): Map<ModelFile, string> {
  const names = new Map<ModelFile, string>();
  const taken = new Set<string>();
  const mainFirst = [...files ?? []].sort((a, b) =>
    Number(b.primary ?? false) - Number(a.primary ?? false) || a.id - b.id
  );
  for (const file of mainFirst) {
    const suffix = `-${file.id}`;
    let name = safeFileName(file.name, { fallback: `${versionId}${suffix}` });
    if (taken.has(name.toLowerCase())) name = suffixedName(name, suffix);
    taken.add(name.toLowerCase());
    names.set(file, name);
  }
  return names;
}

function warningsOf(
  version: Version,
  file: ModelFile,
  earlyAccess: { endsAt: string | null } | null,
): ResolveWarning[] {
  const warnings: ResolveWarning[] = [];
  const warn = (code: ResolveWarning["code"], message: string) => void warnings.push({ code, message });
  if (file.pickleScanResult === "Danger") {
    warn("pickle_danger", `the pickle scan calls "${file.id}" dangerous: ${file.pickleScanMessage ?? "no details"}`);
  }
  if (file.virusScanResult === "Danger") {
    warn("virus_danger", `the virus scan calls "${file.id}" dangerous: ${file.virusScanMessage ?? "no details"}`);
  }
  if (Object.keys(knownHashes(file)).length === 0) {
    const checked = (file.sizeKB ?? null) === null ? "nothing of it" : "only its size";
    warn("unverified", `the site names no hash of "${file.id}" yet: ${checked} can be checked`);
  }
  if (earlyAccess) {
    const until = earlyAccess.endsAt === null ? "" : ` until ${earlyAccess.endsAt}`;
    warn("early_access", `version "${version.id}" is sold${until}: only buyers can download it`);
  }
  if (version.model.mode === "TakenDown") {
    warn("taken_down", `model "${version.modelId ?? version.model.name}" was taken down by the site`);
  }
  return warnings;
}

function knownHashes({ hashes }: ModelFile): Record<string, string> {
  return Object.fromEntries(Object.entries(hashes ?? {}).flatMap(([name, hash]) => hash ? [[name, hash]] : []));
}

function airOf({ id, modelId, air }: Version, file: ModelFile): string | null {
  const name = air ?? (modelId ? `urn:air:civitai:${modelId}@${id}` : null);
  if (name === null) return null;
  return file.primary || name.includes("+") ? name : `${name}+${file.id}`;
}

/** What {@linkcode resolvedFile} needs to know. */
export interface FoundVersion {
  /** The version, from an answer that says whether downloads are allowed. */
  version: Version;
  /** End of early access as the model's own list of versions tells it. */
  earlyAccessDeadline: Deadline;
}

/** Puts together what a download of `file` needs. */
export function resolvedFile(
  { version, earlyAccessDeadline }: FoundVersion,
  file: ModelFile,
  fileName: string,
  baseUrl: string,
  now: number,
): ResolvedFile {
  const sizeKB = file.sizeKB ?? undefined;
  const bytes = sizeKB === undefined ? NaN : sizeKB * 1024;
  const sizeBytes = sizeKB === undefined ? undefined : Math.round(bytes);
  const earlyAccess = earlyAccessOf({ ...version, earlyAccessDeadline }, now);
  return {
    versionId: version.id,
    modelId: version.modelId ?? null,
    modelName: version.model.name,
    versionName: version.name,
    modelType: version.model.type,
    baseModel: version.baseModel ?? null,
    fileId: file.id,
    fileName,
    sizeBytes,
    // Exact sizes are multiples of 1/1024; the sum in the database leaves a trace of rounding error.
    isSizeExact: !Number.isInteger(sizeKB) && Math.abs(bytes - Math.round(bytes)) < 1e-3,
    hashes: knownHashes(file),
    ...downloadUrls(file, version, baseUrl),
    air: airOf(version, file),
    primary: file.primary === true,
    usageControl: version.usageControl ?? null,
    earlyAccess,
    warnings: warningsOf(version, file, earlyAccess),
    file,
    version,
  };
}
