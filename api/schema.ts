import * as v from "valibot";
import {
  type CursorPage,
  cursorPage,
  flag,
  freeForm,
  id,
  maybe,
  number,
  text,
  texts,
  username,
} from "./schema_parts.ts";
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
  sizeKB: v.pipe(v.number(), v.finite(), v.minValue(0)),
  type: v.string(),
  metadata: maybe(v.looseObject({ format: text, size: text, fp: text, quantType: text, isRequired: flag })),
  pickleScanResult: text,
  pickleScanMessage: text,
  virusScanResult: text,
  virusScanMessage: text,
  scannedAt: text,
  hashes: maybe(v.record(v.string(), v.nullable(v.string()))),
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
  name: v.string(),
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
  files: maybe(v.array(file)),
  images: maybe(v.array(image)),
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
  modelId: id,
  trainingStatus: text,
  trainingDetails: freeForm,
  uploadType: text,
  usageControl: text,
  licensingFee: number,
  earlyAccessEndsAt: text,
  earlyAccessConfig: freeForm,
  air: text,
  model: v.looseObject({ name: v.string(), type: v.string(), nsfw: flag, poi: flag, mode: text }),
});

/** Checks a {@linkcode Model}. */
export const modelSchema: v.GenericSchema<unknown, Model> = v.looseObject({
  id,
  name: v.string(),
  description: text,
  type: v.string(),
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
  tags: maybe(v.array(v.union([v.string(), v.looseObject({ name: v.string() })]))),
  modelVersions: v.array(listVersion),
});

/** Checks a page of models. */
export const modelPageSchema: v.GenericSchema<unknown, CursorPage<Model>> = cursorPage(modelSchema);
