import * as v from "valibot";
import {
  type CursorPage,
  cursorPage,
  flag,
  freeForm,
  id,
  kind,
  maybe,
  mended,
  name,
  number,
  optional,
  rows,
  text,
  texts,
  username,
} from "../client/schema_parts.ts";
import type { Model, Version } from "./types.ts";

const stats = maybe(v.looseObject({
  downloadCount: number,
  thumbsUpCount: number,
  thumbsDownCount: number,
  commentCount: number,
  tippedAmountCount: number,
  favoriteCount: number,
  ratingCount: number,
  rating: number,
}));

const paidAccess = maybe(v.looseObject({ permanent: flag, endsAt: text }));

const file = v.looseObject({
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
  hashes: optional(v.record(v.string(), v.nullable(v.string()))),
  primary: flag,
  downloadUrl: text,
});

const image = v.looseObject({
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

/** What a version has wherever it comes from. */
const versionCore = {
  id,
  name,
  baseModel: text,
  baseModelType: text,
  publishedAt: text,
  createdAt: text,
  updatedAt: text,
  status: text,
  availability: text,
  nsfwLevel: number,
  description: text,
  trainedWords: texts,
  earlyAccessTimeFrame: number,
  paidAccess,
  stats,
  files: optional(v.array(file)),
  images: rows(image),
  downloadUrl: text,
};

const listVersion = v.looseObject({
  ...versionCore,
  index: number,
  vaeId: number,
  earlyAccessDeadline: text,
  supportsGeneration: flag,
});

/** Checks a {@linkcode Version}. */
export const versionSchema: v.GenericSchema<unknown, Version> = v.looseObject({
  ...versionCore,
  modelId: maybe(id),
  trainingStatus: text,
  trainingDetails: freeForm,
  uploadType: text,
  usageControl: text,
  licensingFee: number,
  earlyAccessEndsAt: text,
  earlyAccessConfig: freeForm,
  air: text,
  model: mended(
    v.looseObject({ name, type: kind, nsfw: flag, poi: flag, mode: text }),
    () => ({ name: "", type: "Other" }),
  ),
});

/** Checks a {@linkcode Model}. */
export const modelSchema: v.GenericSchema<unknown, Model> = v.looseObject({
  id,
  name,
  description: text,
  type: kind,
  nsfw: flag,
  nsfwLevel: number,
  minor: flag,
  sfwOnly: flag,
  poi: flag,
  mode: text,
  availability: text,
  userId: number,
  baseModels: texts,
  allowNoCredit: flag,
  allowDerivatives: flag,
  allowDifferentLicense: flag,
  allowCommercialUse: maybe(v.union([v.array(v.string()), v.string()])),
  supportsGeneration: flag,
  hasActivePaidAccess: flag,
  stats,
  creator: maybe(v.looseObject({ username, image: text })),
  tags: rows(v.union([v.string(), v.looseObject({ name: v.string() })])),
  modelVersions: v.array(listVersion),
});

/** Checks a page of models. */
export const modelPageSchema: v.GenericSchema<unknown, CursorPage<Model>> = cursorPage(modelSchema);
