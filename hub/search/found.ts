import { imageUrl, type ListVersion, type Model } from "../../api/mod.ts";
import { inSiteOrder } from "../../api/resources/versions.ts";
import type { Parts } from "../parts.ts";
import { earlyAccess } from "./early_access.ts";
import { isOpen, type Level } from "./levels.ts";

/** One file that can be chosen. */
export interface FoundFile {
  /** Names it. */
  readonly id: number;
  /** Its name, as its creator wrote it. */
  readonly name: string;
  /** What it is for. */
  readonly type: string;
  /** Its size in bytes; null where the site does not say. */
  readonly sizeBytes: number | null;
  /** Whether it is the version's main file. */
  readonly isPrimary: boolean;
}

/** One version that can be chosen. */
export interface FoundVersion {
  /** Names it. */
  readonly id: number;
  /** Its name, as its creator wrote it. */
  readonly name: string;
  /** What it was made for; null where the site does not say. */
  readonly baseModel: string | null;
  /** Until when it is sold; null: it is not, or nobody says until when. */
  readonly earlyAccessUntil: string | null;
  /** Whether it is sold now. */
  readonly isEarlyAccess: boolean;
  /** Whether it lies in the model folders. */
  readonly isThere: boolean;
  /** Whether it is in the queue. */
  readonly isQueued: boolean;
  /** Its files, the main one first. */
  readonly files: readonly FoundFile[];
}

/** A picture that shows a model at work, through the service. */
export interface FoundPreview {
  /** Where it is, on this service. */
  readonly path: string;
  /** Whether it may be shown openly at the level that was asked for. */
  readonly isOpen: boolean;
}

/** A model as it is shown: what the site says, with what is here. */
export interface FoundModel {
  /** Names it. */
  readonly id: number;
  /** Its name, as its creator wrote it. */
  readonly name: string;
  /** What it is. */
  readonly type: string;
  /** Who made it; null where the site does not say. */
  readonly creator: string | null;
  /** How often it was downloaded; null where the site does not say. */
  readonly downloads: number | null;
  /** A picture; null where there is none. */
  readonly preview: FoundPreview | null;
  /** What is here: the newest version, only an older one, or none. */
  readonly here: "newest" | "older" | null;
  /** Whether one of its versions is in the queue. */
  readonly isQueued: boolean;
  /** Its versions, the newest first; those without files are left out. */
  readonly versions: readonly FoundVersion[];
}

/** Where pictures come from, through the service. */
export const previewPath = "/preview";

function previewOf(versions: readonly ListVersion[], level: Level): FoundPreview | null {
  const pictures = versions.flatMap(({ images }) => images ?? []).filter(({ type }) => type !== "audio");
  const picture = pictures.find((one) => isOpen(one, level)) ?? pictures[0];
  if (picture === undefined) return null;
  const url = imageUrl(picture.url, { width: 450, still: true });
  return { path: `${previewPath}?url=${encodeURIComponent(url)}`, isOpen: isOpen(picture, level) };
}

function filesOf({ files }: ListVersion): FoundFile[] {
  return (files ?? []).map(({ id, name, type, sizeKB, primary }) => ({
    ...{ id, name, type, isPrimary: primary ?? false },
    sizeBytes: typeof sizeKB === "number" ? Math.round(sizeKB * 1024) : null,
  })).sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary));
}

/** Models of the site with what is known of them here: what lies in the model folders, and what is in the queue. */
export async function foundModels(
  models: readonly Model[],
  level: Level,
  { queue, library }: Pick<Parts, "queue" | "library">,
  nowMs: number,
): Promise<FoundModel[]> {
  const ids = models.flatMap(({ modelVersions }) => modelVersions.map(({ id }) => id));
  const queued = await queue.queued({ versions: ids, models: models.map(({ id }) => id) });
  const there = library?.have(ids);
  return models.map((model) => {
    const offered = inSiteOrder(model.modelVersions).filter(({ files }) => !!files?.length);
    const isWhole = queued.models.has(model.id);
    const versions = offered.map((version, index): FoundVersion => ({
      id: version.id,
      name: version.name,
      baseModel: version.baseModel ?? null,
      ...earlyAccess(version, nowMs),
      isThere: there?.has(version.id) ?? false,
      isQueued: queued.versions.has(version.id) || (isWhole && index === 0),
      files: filesOf(version),
    }));
    const { id, name, type, creator, stats } = model;
    return {
      ...{ id, name, type, versions },
      creator: creator?.username?.toString() ?? null,
      downloads: stats?.downloadCount ?? null,
      preview: previewOf(inSiteOrder(model.modelVersions), level),
      here: versions[0]?.isThere ? "newest" : versions.some(({ isThere }) => isThere) ? "older" : null,
      isQueued: versions.some(({ isQueued }) => isQueued),
    };
  });
}
