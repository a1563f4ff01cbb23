import * as v from "valibot";
import { flag, freeForm, id, kind, type Maybe, maybe, number, optional, text } from "../client/schema_parts.ts";
import type { Availability, FileFormat, ModelFileType, ScanResult } from "./enums.ts";

/**
 * The hashes of one file, in hexadecimal digits, upper case. Any may be missing, and all are while the site still scans
 * the file. CRC32 is shown with its bytes reversed.
 */
export interface Hashes {
  /** The whole file, 64 digits. */
  SHA256?: string | null;
  /** The whole file, 64 digits. */
  BLAKE3?: string | null;
  /** The whole file, 8 digits, bytes in the opposite order of the usual CRC-32. */
  CRC32?: string | null;
  /** First 8 digits of the SHA-256 of 64 KiB from offset 1 MiB. */
  AutoV1?: string | null;
  /** First 10 digits of the SHA-256. */
  AutoV2?: string | null;
  /** SHA-256 of a .safetensors file without its header: 12 digits, 64 in data of late 2023. */
  AutoV3?: string | null;
  /** Kinds that came later. */
  [kind: string]: string | null | undefined;
}

/** What tells the files of a version apart. */
export interface FileMetadata {
  /** How the weights are stored. */
  format?: FileFormat | null;
  /** `full` or `pruned`. */
  size?: string | null;
  /** Number format of the weights, such as `fp16`. */
  fp?: string | null;
  /** Quantisation, such as `Q4_K_M`. */
  quantType?: string | null;
  /** Tells whether the version does not work without this file. */
  isRequired?: boolean | null;
}

/** One file of a version. */
export interface ModelFile {
  /** Names the file; ask for it by this in a download URL. */
  id: number;
  /** The name it is downloaded under. Comes from people: make it safe before it touches a disk. */
  name: string;
  /** The creator's own choice of name. */
  overrideName?: string | null;
  /** Size in KiB, usually with a fraction that makes the bytes exact. */
  sizeKB?: number | null;
  /** What the file is for. */
  type: ModelFileType;
  /** What tells it apart from its siblings. */
  metadata?: FileMetadata | null;
  /** What the pickle scan found. `Error` on a Config file is common and harmless. */
  pickleScanResult?: ScanResult | null;
  /** The pickle scan in words, sometimes Markdown. */
  pickleScanMessage?: string | null;
  /** What the virus scan found. */
  virusScanResult?: ScanResult | null;
  /** The virus scan in words. */
  virusScanMessage?: string | null;
  /** ISO 8601; without a zone (then UTC) from model-versions by id. */
  scannedAt?: string | null;
  /** Hashes; empty while the site scans the file. */
  hashes?: Hashes | null;
  /** Tells whether this is the version's main file; missing means no. */
  primary?: boolean | null;
  /** As sent; the origin can be broken, and the bare form does not always give this very file. */
  downloadUrl?: string | null;
}

/** A picture, video or sound that shows a model at work. */
export interface ModelImage {
  /** Only in lists; elsewhere it is the file name in `url`. */
  id?: number | null;
  /** Where it is; the extension tells only the media class. */
  url: string;
  /** Bit mask: PG 1, PG13 2, R 4, X 8, XXX 16, Blocked 32; text in old data. */
  nsfwLevel?: number | string | null;
  /** Until 2023: a boolean, later a word such as `None`. */
  nsfw?: boolean | string | null;
  /** Pixels. */
  width?: number | null;
  /** Pixels. */
  height?: number | null;
  /** A BlurHash. */
  hash?: string | null;
  /** `image`, `video` or `audio`; missing in old data (then an image). */
  type?: "image" | "video" | "audio" | (string & Record<never, never>) | null;
  /** Marked as showing a minor. */
  minor?: boolean | null;
  /** Marked as showing a real person. */
  poi?: boolean | null;
  /** Tells whether generation data exists. */
  hasMeta?: boolean | null;
  /** Tells whether the prompt is public. */
  hasPositivePrompt?: boolean | null;
  /** Made on the site. */
  onSite?: boolean | null;
  /** The image it remixes. */
  remixOfId?: number | null;
  /** Facts about the file. */
  metadata?: Record<string, unknown> | null;
  /** Generation data, free-form. */
  meta?: Record<string, unknown> | null;
  /** Who may see it. */
  availability?: Availability | null;
}

/** Counts. Hidden or brand-new ones are null; ratings went away in 2026, thumbs came in 2024. */
export interface Stats {
  /** Downloads. */
  downloadCount?: number | null;
  /** Thumbs up. */
  thumbsUpCount?: number | null;
  /** Thumbs down. */
  thumbsDownCount?: number | null;
  /** Comments. */
  commentCount?: number | null;
  /** Buzz given. */
  tippedAmountCount?: number | null;
  /** Always 0 since 2024. */
  favoriteCount?: number | null;
  /** Until 2025. */
  ratingCount?: number | null;
  /** Until 2025. */
  rating?: number | null;
}

/** Access that is sold, for a time or for good. */
export interface PaidAccess {
  /** Tells whether it never becomes free. */
  permanent?: boolean | null;
  /** When it becomes free, ISO 8601. */
  endsAt?: string | null;
}

/** What a version has wherever it comes from. */
export interface VersionCore {
  /** Names the version. */
  id: number;
  /** The creator's name for it. */
  name: string;
  /** What it was made for, such as `SDXL 1.0`. Open: see the site's enums. */
  baseModel?: string | null;
  /** `Standard`, `Inpainting`, `Refiner` or `Pix2Pix`. */
  baseModelType?: string | null;
  /** ISO 8601. */
  publishedAt?: string | null;
  /** ISO 8601; inside a list of models in old data only. */
  createdAt?: string | null;
  /** ISO 8601; inside a model in old data only. */
  updatedAt?: string | null;
  /** `Published`; not in a list of models. */
  status?: string | null;
  /** Who may see it; outside a model until 2025. */
  availability?: Availability | null;
  /** Bit mask: PG 1, PG13 2, R 4, X 8, XXX 16, Blocked 32; 0 is not rated yet. */
  nsfwLevel?: number | null;
  /** HTML. */
  description?: string | null;
  /** Words that wake it up; missing when there are none. */
  trainedWords?: string[] | null;
  /** Days of early access; in data of 2022-23. */
  earlyAccessTimeFrame?: number | null;
  /** Access that is sold. */
  paidAccess?: PaidAccess | null;
  /** Counts. */
  stats?: Stats | null;
  /** Its files; missing or empty when archived. Outside a model, a linked VAE of another version comes last. */
  files?: ModelFile[] | null;
  /** At most 20; 10 outside a model. */
  images?: ModelImage[] | null;
  /** Missing when archived; sent even when `usageControl` forbids downloads. */
  downloadUrl?: string | null;
}

/** Checks {@linkcode Stats}. */
export const stats: Maybe<v.GenericSchema<unknown, Stats>> = maybe(v.looseObject({
  downloadCount: number,
  thumbsUpCount: number,
  thumbsDownCount: number,
  commentCount: number,
  tippedAmountCount: number,
  favoriteCount: number,
  ratingCount: number,
  rating: number,
}));

/** Checks {@linkcode PaidAccess}. */
export const paidAccess: Maybe<v.GenericSchema<unknown, PaidAccess>> = maybe(
  v.looseObject({ permanent: flag, endsAt: text }),
);

/** Checks {@linkcode Hashes}. */
export const hashes: Maybe<v.GenericSchema<unknown, Record<string, string | null>>> = optional(
  v.record(v.string(), v.nullable(v.string())),
);

/** Checks a {@linkcode ModelFile}. */
export const modelFile: v.GenericSchema<unknown, ModelFile> = v.looseObject({
  id,
  name: v.string(),
  overrideName: text,
  // sizes beyond what a number counts exactly, in bytes, are none
  sizeKB: maybe(v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER / 1024))),
  type: kind,
  metadata: maybe(v.looseObject({ format: text, size: text, fp: text, quantType: text, isRequired: flag })),
  pickleScanResult: text,
  pickleScanMessage: text,
  virusScanResult: text,
  virusScanMessage: text,
  scannedAt: text,
  hashes,
  primary: flag,
  downloadUrl: text,
});

/** Checks a {@linkcode ModelImage}. */
export const modelImage: v.GenericSchema<unknown, ModelImage> = v.looseObject({
  id: number,
  url: v.string(),
  nsfwLevel: maybe(v.union([v.number(), v.string()])),
  nsfw: maybe(v.union([v.boolean(), v.string()])),
  width: number,
  height: number,
  hash: text,
  type: text,
  minor: flag,
  poi: flag,
  hasMeta: flag,
  hasPositivePrompt: flag,
  onSite: flag,
  remixOfId: number,
  metadata: freeForm,
  meta: freeForm,
  availability: text,
});
