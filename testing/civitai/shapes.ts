/**
 * How models, versions and files look in JSON (api reference, sections 4 and 5).
 *
 * @module
 */
import { hashesOf } from "../files/hashes.ts";
import type { CatalogueFile, CatalogueModel, CatalogueVersion } from "./catalogue.ts";
import { imageUrlOf } from "./routes/images.ts";
import type { Site } from "./site.ts";

type Json = Record<string, unknown>;

const airTypes: Record<string, string> = {
  Checkpoint: "checkpoint",
  TextualInversion: "embedding",
  LORA: "lora",
  VAE: "vae",
};

/** The hashes the API shows for a file, true or not. */
export async function shownHashes(
  { content, headerBytes, hashes: known, shown }: CatalogueFile,
): Promise<Record<string, string>> {
  const hashes = known ?? await hashesOf(content, headerBytes);
  return shown ? shown(hashes) : hashes;
}

function downloadUrl(base: string, version: CatalogueVersion, file: CatalogueFile, form: Site["urlForm"]): string {
  const bare = `${base}/api/download/models/${version.id}`;
  if (file.primary) return bare;
  if (form === "fileId") return `${bare}?fileId=${file.id}`;
  const { format, size, fp } = file.metadata;
  const given = Object.entries({ type: file.type, format, size, fp }).filter(([, value]) => value !== undefined);
  return `${bare}?${given.map(([name, value]) => `${name}=${encodeURIComponent(value!)}`).join("&")}`;
}

async function fileJson(
  base: string,
  version: CatalogueVersion,
  file: CatalogueFile,
  form: Site["urlForm"],
): Promise<Json> {
  const hashes = await shownHashes(file);
  const isScanned = Object.keys(hashes).length > 0;
  return {
    id: file.id,
    sizeKB: file.content.size / 1024,
    name: file.name,
    type: file.type,
    pickleScanResult: isScanned ? "Success" : "Pending",
    pickleScanMessage: isScanned ? "No Pickle imports" : null,
    virusScanResult: isScanned ? "Success" : "Pending",
    virusScanMessage: null,
    scannedAt: isScanned ? version.publishedAt : null,
    metadata: file.metadata,
    hashes,
    downloadUrl: downloadUrl(base, version, file, form),
  };
}

/** The pictures on a version's page: of the gallery, served here. */
function imagesOf({ gallery }: Site, base: string, version: CatalogueVersion): Json[] {
  const shown = gallery.filter(({ kind }) => kind === "png");
  // those of models that are in no gallery look different, too
  const entry = shown.find(({ modelVersionId }) => modelVersionId === version.id) ??
    gallery.find(({ modelVersionId }) => modelVersionId === version.id) ??
    shown[Math.floor(version.id / 10) % shown.length] ?? gallery[0];
  if (!entry) return [];
  return [{
    url: imageUrlOf(base, entry),
    ...{ nsfwLevel: 1, width: 832, height: 1216, hash: "U5IiO6s-4Vn+0~EO^5xa00VsL#IU_O?E7yWC", type: "image" },
    ...{ minor: false, poi: false, hasMeta: true, hasPositivePrompt: true, onSite: false, remixOfId: null },
  }];
}

const stats = { downloadCount: 1436, thumbsUpCount: 316, thumbsDownCount: 2 };

async function versionInModel(
  site: Site,
  base: string,
  model: CatalogueModel,
  version: CatalogueVersion,
): Promise<Json> {
  const isArchived = model.mode === "Archived";
  const files = isArchived ? [] : await Promise.all(version.files.map(async (file) => ({
    ...await fileJson(base, version, file, site.urlForm),
    ...(file.primary ? { primary: true } : {}),
  })));
  return {
    id: version.id,
    index: model.versions.indexOf(version),
    name: version.name,
    baseModel: version.baseModel,
    baseModelType: "Standard",
    publishedAt: version.publishedAt,
    availability: version.earlyAccessUntil ? "EarlyAccess" : "Public",
    nsfwLevel: model.nsfwLevel,
    description: null,
    trainedWords: version.trainedWords,
    ...(version.earlyAccessUntil ? { earlyAccessDeadline: version.earlyAccessUntil } : {}),
    stats,
    files,
    images: imagesOf(site, base, version),
    ...(isArchived ? {} : { downloadUrl: `${base}/api/download/models/${version.id}` }),
  };
}

function modelCore(model: CatalogueModel): Json {
  return {
    id: model.id,
    name: model.name,
    description: model.description,
    allowNoCredit: true,
    allowCommercialUse: ["Image", "RentCivit"],
    allowDerivatives: true,
    allowDifferentLicense: true,
    type: model.type,
    minor: false,
    sfwOnly: false,
    poi: false,
    nsfw: model.nsfwLevel > 2,
    nsfwLevel: model.nsfwLevel,
    availability: model.versions.some((version) => version.earlyAccessUntil) ? "EarlyAccess" : "Public",
    ...(model.mode ? { mode: model.mode } : {}),
    cosmetic: null,
    supportsGeneration: true,
    stats: { ...stats, commentCount: 12, tippedAmountCount: 360 },
    creator: { username: model.creator, image: null },
    tags: model.tags,
  };
}

/** A model in `/models`, with only the versions `isWanted` lets through. */
export async function listModel(
  site: Site,
  base: string,
  model: CatalogueModel,
  isWanted: (version: CatalogueVersion) => boolean,
): Promise<Json> {
  const versions = await Promise.all(
    model.versions.filter(isWanted).map(async (version) => ({
      ...await versionInModel(site, base, model, version),
      images: imagesOf(site, base, version).map((image) => ({ id: version.id * 10, ...image })),
      supportsGeneration: true,
    })),
  );
  const baseModels = [...new Set(model.versions.map((version) => version.baseModel))];
  return { ...modelCore(model), userId: 77, baseModels, modelVersions: versions };
}

function isPresent(value: unknown): boolean {
  return value !== null && !(Array.isArray(value) && value.length === 0);
}

/** A model in `/models/:id`: null and empty keys of its versions are left out. */
export async function oneModel(site: Site, base: string, model: CatalogueModel): Promise<Json> {
  const versions = await Promise.all(model.versions.map(async (version) => {
    const all = {
      ...await versionInModel(site, base, model, version),
      ...{ createdAt: version.publishedAt, status: "Published", covered: true },
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => isPresent(value)));
  }));
  return { ...modelCore(model), modelVersions: versions };
}

/**
 * A version in `/model-versions/:id` (`byHash: false`) and `/model-versions/by-hash/:hash` (true); `filesBase` is the
 * origin of its downloads, where that is another than its pictures'.
 */
export async function oneVersion(
  site: Site,
  base: string,
  model: CatalogueModel,
  version: CatalogueVersion,
  { byHash, filesBase = base }: { byHash: boolean; filesBase?: string },
): Promise<Json> {
  const files = await Promise.all(version.files.map(async (file) => {
    const json = await fileJson(filesBase, version, file, site.urlForm);
    const { format = null, size = null, fp = null } = file.metadata;
    // by id the date comes out of the database as it is: no zone, no trailing zeros
    const bare = typeof json["scannedAt"] === "string" ? json["scannedAt"].replace(/\.?0*Z$/, "") : null;
    const shape = { ...json, metadata: { format, size, fp }, primary: file.primary };
    return byHash ? { ...shape, overrideName: null } : { ...shape, scannedAt: bare };
  }));
  const family = version.baseModel === "SD 1.5" ? "sd1" : "sdxl";
  return {
    id: version.id,
    modelId: model.id,
    name: version.name,
    nsfwLevel: model.nsfwLevel,
    createdAt: version.publishedAt,
    updatedAt: version.publishedAt,
    publishedAt: version.publishedAt,
    status: "Published",
    trainedWords: version.trainedWords,
    trainingStatus: null,
    trainingDetails: null,
    baseModel: version.baseModel,
    baseModelType: null,
    description: null,
    uploadType: "Created",
    usageControl: version.usageControl,
    licensingFee: null,
    paidAccess: version.earlyAccessUntil ? { permanent: false, endsAt: version.earlyAccessUntil } : null,
    air: `urn:air:${family}:${airTypes[model.type] ?? "unknown"}:civitai:${model.id}@${version.id}`,
    stats: { downloadCount: stats.downloadCount, thumbsUpCount: stats.thumbsUpCount },
    model: {
      ...{ name: model.name, type: model.type, nsfw: model.nsfwLevel > 2, poi: false },
      ...(model.mode ? { mode: model.mode } : {}),
    },
    files: model.mode === "Archived" ? [] : files,
    images: imagesOf(site, base, version),
    ...(model.mode === "Archived" ? {} : { downloadUrl: `${filesBase}/api/download/models/${version.id}` }),
  };
}
