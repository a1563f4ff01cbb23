import * as v from "valibot";
import { foundModels } from "../search/found.ts";
import { levels } from "../search/levels.ts";
import { periods, sorts } from "../search/search.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

const word = v.pipe(v.string(), v.minLength(1), v.maxLength(200));

const querySchema = v.strictObject({
  query: v.optional(v.pipe(v.string(), v.maxLength(200)), ""),
  type: v.optional(word),
  base: v.optional(word),
  sort: v.optional(v.picklist(sorts), sorts[0]),
  period: v.optional(v.picklist(periods), periods[0]),
  level: v.optional(v.picklist(levels), levels[0]),
  limit: v.optional(v.pipe(v.string(), v.regex(/^(?:[1-9]\d?|100)$/, "no whole number from 1 to 100")), "24"),
  cursor: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(400))),
});

const fileSchema = v.object({
  id: v.number(),
  name: v.string(),
  type: v.string(),
  sizeBytes: v.nullable(v.number()),
  isPrimary: v.boolean(),
});

const versionSchema = v.object({
  id: v.number(),
  name: v.string(),
  baseModel: v.nullable(v.string()),
  isEarlyAccess: v.boolean(),
  earlyAccessUntil: v.nullable(v.string()),
  isThere: v.boolean(),
  isQueued: v.boolean(),
  files: v.array(fileSchema),
});

const modelSchema = v.object({
  id: v.number(),
  name: v.string(),
  type: v.string(),
  creator: v.nullable(v.string()),
  downloads: v.nullable(v.number()),
  preview: v.nullable(v.object({ path: v.string(), isOpen: v.boolean() })),
  here: v.nullable(v.picklist(["newest", "older"])),
  isQueued: v.boolean(),
  versions: v.array(versionSchema),
});

const answerSchema = v.object({
  items: v.array(modelSchema),
  next: v.nullable(v.string()),
  staleMs: v.nullable(v.number()),
});

/** `/search`. */
export const searchEndpoints: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/search",
    summary: "Looks for models on the site and tells what of them is here; `staleMs` is the age of an old answer.",
    query: querySchema,
    answer: answerSchema,
    isThere: ({ search }) => search !== undefined,
    async run({ parts, query: { limit, ...query } }) {
      const { models, next, staleMs } = await parts.search!.find({ ...query, limit: Number(limit) });
      const items = await foundModels(models, query.level, parts, Date.now());
      return { items, next: next ?? null, staleMs: staleMs ?? null };
    },
  }),
];
