import * as v from "valibot";
import { type Library, libraryFilters, type ShownRow } from "../library/mod.ts";
import { changeRules } from "../library/change_rules.ts";
import type { Parts } from "../parts.ts";
import { oldChoices, queueNewer } from "../queue_newer.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { missing } from "./problem.ts";

const whole = (most: number) =>
  v.pipe(v.string(), v.regex(/^\d{1,7}$/, "no whole number"), v.check((text) => Number(text) <= most, `over ${most}`));

const listSchema = v.strictObject({
  have: v.optional(
    v.pipe(
      v.string(),
      v.description("Ids of versions, and model:ID for any version of a model; commas between, at most 500."),
      v.regex(/^(?:model:)?[1-9]\d{0,14}(?:,(?:model:)?[1-9]\d{0,14}){0,499}$/, "no ids of versions, at most 500"),
    ),
  ),
  filter: v.optional(v.picklist(libraryFilters)),
  text: v.optional(v.pipe(v.string(), v.maxLength(400))),
  base: v.optional(v.pipe(v.string(), v.maxLength(400))),
  offset: v.optional(whole(1_000_000)),
  limit: v.optional(whole(500)),
});

const rowSchema = v.object({
  id: v.string(),
  path: v.string(),
  name: v.string(),
  bytes: v.number(),
  state: v.picklist(["unhashed", "presumed", "ambiguous", "unasked", "unknown", "known"]),
  sha256: v.nullable(v.string()),
  provedMs: v.nullable(v.number()),
  problem: v.nullable(v.string()),
  twins: v.number(),
  modelId: v.nullable(v.number()),
  versionId: v.nullable(v.number()),
  modelName: v.nullable(v.string()),
  versionName: v.nullable(v.string()),
  modelType: v.nullable(v.string()),
  baseModel: v.nullable(v.string()),
  newerVersionId: v.nullable(v.number()),
  waiting: v.pipe(
    v.nullable(v.object({ versionId: v.number(), versionName: v.string(), state: v.string() })),
    v.description("The newest of its newer versions when none is to be had, and why."),
  ),
  goneMs: v.pipe(v.nullable(v.number()), v.description("Since when the site is known to have it no more.")),
});

const ruleText = v.pipe(v.string(), v.minLength(1), v.maxLength(400));
const rulesSchema = v.object({ ignore: v.array(v.string()), otherBase: v.array(v.string()) });
const changeSchema = v.strictObject({
  ignore: v.optional(v.pipe(
    v.array(ruleText),
    v.maxLength(500),
    v.description("Ids of versions, model:ID or base:NAME that are no updates from now on."),
  )),
  unignore: v.optional(v.pipe(v.array(ruleText), v.maxLength(500), v.description("Those that are again."))),
  otherBase: v.optional(v.pipe(
    v.array(ruleText),
    v.maxLength(500),
    v.description("model:ID, or all: versions of these for other base models are updates, too."),
  )),
  sameBase: v.optional(v.pipe(v.array(ruleText), v.maxLength(500), v.description("Those of which they are not."))),
});

const pageSchema = v.object({ items: v.array(rowSchema), total: v.number(), seenMs: v.nullable(v.number()) });

const stateSchema = v.object({
  seenMs: v.nullable(v.number()),
  counts: v.record(v.string(), v.number()),
  task: v.nullable(v.object({ kind: v.string(), phase: v.string(), done: v.number(), total: v.number() })),
  proving: v.nullable(v.object({ done: v.number(), total: v.number() })),
  trouble: v.nullable(v.string()),
});

const idsSchema = v.strictObject({
  ids: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[\da-f]{16}$/))), v.minLength(1), v.maxLength(50_000)),
});

const startedSchema = v.object({ started: v.boolean() });

const isThere = ({ library }: Parts): boolean => library !== undefined;
/** Only asked where {@linkcode isThere}. */
const source = ({ library }: Parts): Library => library!;

function rowJson({ identity, newer, waiting, mtimeMs: _, ...row }: ShownRow): unknown {
  return {
    ...row,
    modelId: identity?.modelId ?? null,
    versionId: identity?.versionId ?? null,
    modelName: identity?.modelName ?? null,
    versionName: identity?.versionName ?? null,
    modelType: identity?.modelType ?? null,
    baseModel: identity?.baseModel ?? null,
    newerVersionId: newer?.versionId ?? null,
    waiting: waiting && { versionId: waiting.versionId, versionName: waiting.versionName, state: waiting.state },
  };
}

const stateOf = ({ seenMs, task, proving, trouble, counts }: Library) => ({
  ...{ seenMs, counts: counts(), task, proving, trouble },
});

/** `/library`. */
export const libraryEndpoints: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/library",
    summary: "Lists files of the model folders by name; with `have`, those of these versions and models alone.",
    query: listSchema,
    answer: pageSchema,
    isThere,
    run({ parts, query: { have, filter, text, base, offset, limit } }) {
      const library = source(parts);
      const { seenMs } = library;
      if (have !== undefined) {
        const asked = have.split(",").map((one) =>
          [one.startsWith("model:"), Number(one.replace("model:", ""))] as const
        );
        const ids = (isModel: boolean) => asked.filter(([is]) => is === isModel).map(([, id]) => id);
        const ofVersions = [...library.have(ids(false)).values()].flat();
        const ofModels = library.haveModels(ids(true));
        const rows = [...new Map([...ofVersions, ...ofModels].map((row) => [row.id, row])).values()];
        return { items: rows.map(rowJson), total: rows.length, seenMs };
      }
      const { rows, total } = library.list({
        ...{ filter, text, base },
        ...(offset !== undefined && { offset: Number(offset) }),
        ...(limit !== undefined && { limit: Number(limit) }),
      });
      return { items: rows.map(rowJson), total, seenMs };
    },
  }),
  endpoint({
    method: "get",
    path: "/library/state",
    summary: "Tells how many files there are of each kind, and what is under way.",
    answer: stateSchema,
    isThere,
    run: ({ parts }) => stateOf(source(parts)),
  }),
  endpoint({
    method: "get",
    path: "/library/rules",
    summary: "Lists what is no update, and what is one besides.",
    answer: rulesSchema,
    isThere,
    run: ({ parts }) => source(parts).rules(),
  }),
  endpoint({
    method: "post",
    path: "/library/rules",
    summary: "Ignores versions, models or base models, or takes other base models, as options of `civikit update` do.",
    body: changeSchema,
    answer: rulesSchema,
    isThere,
    run: ({ parts, body }) => changeRules(parts, body),
  }),
  endpoint({
    method: "post",
    path: "/library/update",
    summary: "Gets newer versions: beside the old files through the queue, or in their place.",
    body: v.strictObject({ ...idsSchema.entries, old: v.optional(v.picklist(oldChoices)) }),
    answer: startedSchema,
    status: 202,
    isThere,
    async run({ parts, body: { ids, old = "keep" } }) {
      const rows = ids.flatMap((id) => source(parts).get(id) ?? []);
      return { started: (await queueNewer(parts, rows, old) ?? 0) > 0 };
    },
  }),
  endpoint({
    method: "get",
    path: "/library/{id}/facts",
    summary: "Tells everything that is known of one file, as `civikit show` does.",
    answer: v.looseObject({ path: v.string(), name: v.string(), bytes: v.number(), sha256: v.nullable(v.string()) }),
    isThere,
    async run({ c, parts, param }) {
      return await source(parts).facts(param("id")) ?? missing(c, `file "${param("id")}"`);
    },
  }),
  endpoint({
    method: "get",
    path: "/library/{id}",
    summary: "Shows one file.",
    answer: rowSchema,
    isThere,
    run({ c, parts, param }) {
      const row = source(parts).get(param("id"));
      return row === undefined ? missing(c, `file "${param("id")}"`) : rowJson(row);
    },
  }),
  endpoint({
    method: "post",
    path: "/library/look",
    summary: "Looks which files are there; nothing is hashed, nobody is asked.",
    answer: stateSchema,
    isThere,
    async run({ parts }) {
      await source(parts).look();
      return stateOf(source(parts));
    },
  }),
  endpoint({
    method: "post",
    path: "/library/scan",
    summary: "Hashes what is new and asks what it is. One task at a time: `started` is false while another one runs.",
    answer: startedSchema,
    status: 202,
    isThere,
    run: ({ parts }) => ({ started: source(parts).scan() }),
  }),
  endpoint({
    method: "post",
    path: "/library/quick",
    summary: "Says at once what new files are presumed to be, by size and a sample; proves it in the background.",
    answer: startedSchema,
    status: 202,
    isThere,
    run: ({ parts }) => ({ started: source(parts).quick() }),
  }),
  endpoint({
    method: "post",
    path: "/library/updates",
    summary: "Asks for newer versions of everything that is known.",
    answer: startedSchema,
    status: 202,
    isThere,
    run: ({ parts }) => ({ started: source(parts).checkUpdates() }),
  }),
  endpoint({
    method: "post",
    path: "/library/verify",
    summary: "Hashes files again and compares them with what was written down.",
    body: idsSchema,
    answer: startedSchema,
    status: 202,
    isThere,
    run: ({ parts, body: { ids } }) => ({ started: source(parts).verify(ids) }),
  }),
];
