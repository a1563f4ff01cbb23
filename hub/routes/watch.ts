import * as v from "valibot";
import { checkFolders } from "../add_jobs.ts";
import type { Parts } from "../parts.ts";
import { levels } from "../search/levels.ts";
import {
  earlyAccessWords,
  type NewWatchRule,
  type WatchChange,
  type WatchFilters,
  type WatchOptions,
  type WatchPort,
  type WatchRule,
} from "../watch/mod.ts";
import { type Endpoint, endpoint, type Schema } from "./endpoint.ts";
import { missing } from "./problem.ts";
import { doneSchema, whySchema } from "./schemas.ts";

const text = (most: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(most));
const wordsSchema = v.pipe(v.array(text(200)), v.maxLength(50));
const bytesSchema = v.pipe(v.number(), v.minValue(0));
const time = v.nullable(v.number());

const filtersSchema: Schema<WatchFilters> = v.strictObject({
  bases: v.optional(wordsSchema),
  types: v.optional(wordsSchema),
  formats: v.optional(wordsSchema),
  minBytes: v.optional(bytesSchema),
  maxBytes: v.optional(bytesSchema),
  level: v.optional(v.picklist(levels)),
  early: v.optional(v.picklist(earlyAccessWords)),
});

const optionsSchema: Schema<WatchOptions> = v.strictObject({
  allFiles: v.optional(v.boolean()),
  dir: v.optional(text(4096)),
  root: v.optional(text(4096)),
  layout: v.optional(text(400)),
  sidecars: v.optional(v.boolean()),
});

const actionSchema = v.picklist(["queue", "tell"]);

const newSchema: Schema<NewWatchRule> = v.strictObject({
  target: text(400),
  filters: v.optional(filtersSchema),
  action: v.optional(actionSchema),
  options: v.optional(optionsSchema),
  schedule: v.optional(text(200)),
  timeZone: v.optional(text(100)),
  sinceMs: v.optional(v.number()),
  backlog: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100))),
});

const changeSchema: Schema<WatchChange & { isPaused?: boolean | undefined }> = v.strictObject({
  filters: v.optional(filtersSchema),
  action: v.optional(actionSchema),
  options: v.optional(optionsSchema),
  schedule: v.optional(v.nullable(text(200))),
  timeZone: v.optional(v.nullable(text(100))),
  isPaused: v.optional(v.boolean()),
});

const ruleSchema = v.object({
  id: v.string(),
  target: v.string(),
  name: v.string(),
  filters: filtersSchema,
  action: actionSchema,
  options: optionsSchema,
  schedule: v.nullable(v.string()),
  timeZone: v.nullable(v.string()),
  isPaused: v.boolean(),
  isReady: v.boolean(),
  isBehind: v.boolean(),
  createdMs: v.number(),
  sinceMs: v.number(),
  nextMs: v.number(),
  lastMs: time,
  failures: v.number(),
  why: v.nullable(whySchema),
  found: v.record(v.string(), v.number()),
});

const findSchema = v.object({
  id: v.string(),
  rule: v.string(),
  key: v.string(),
  state: v.picklist(["queueing", "queued", "told", "held", "known"]),
  atMs: v.number(),
  dueMs: time,
  job: v.nullable(v.string()),
  versionId: v.nullable(v.number()),
  modelId: v.nullable(v.number()),
  fileId: v.nullable(v.number()),
  name: v.string(),
  version: v.string(),
  type: v.string(),
  base: v.nullable(v.string()),
  creator: v.nullable(v.string()),
  publishedMs: time,
  url: v.string(),
});

const historySchema = v.strictObject({
  rule: v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/, "no id of a rule"))),
  before: v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/, "no id"))),
  limit: v.optional(v.pipe(v.string(), v.regex(/^(?:[1-9]\d{0,2}|1000)$/, "no whole number from 1 to 1000")), "100"),
});

const isThere = ({ watch }: Parts): boolean => watch !== undefined;
/** Only asked where {@linkcode isThere}. */
const portOf = ({ watch }: Parts): WatchPort => watch!;

function ruleJson({ store }: WatchPort, rule: WatchRule): unknown {
  const { backlog: _, floorMs: _f, nextFloorMs: _n, count: _c, worker: _w, cursor, ...shown } = rule;
  return { ...shown, isBehind: cursor !== null, found: store.counts(rule.id) };
}

/** `/watch`. */
export const watchEndpoints: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/watch",
    summary: "Lists the rules that watch the site, and how rounds go.",
    answer: v.object({ items: v.array(ruleSchema), isEnabled: v.boolean(), schedule: v.string(), nextMs: time }),
    isThere,
    run({ parts }) {
      const port = portOf(parts);
      const { isEnabled, schedule } = port.settings();
      return {
        items: port.store.list().map((rule) => ruleJson(port, rule)),
        ...{ isEnabled, schedule, nextMs: port.store.nextMs() },
      };
    },
  }),
  endpoint({
    method: "post",
    path: "/watch",
    summary:
      "Watches something: a creator, a model, a tag, a search, a collection. The same rule again is answered as it is.",
    body: newSchema,
    answer: v.object({ rule: ruleSchema, isNew: v.boolean() }),
    status: 201,
    isThere,
    run({ parts, body }) {
      const port = portOf(parts);
      checkFolders(body.options ?? {}, parts.roots());
      const { rule, isNew } = port.store.add(body);
      port.changed(rule.id);
      return { rule: ruleJson(port, rule), isNew };
    },
  }),
  endpoint({
    method: "get",
    path: "/watch/found",
    summary: "Lists what was found, the newest first; `before` goes on behind an id.",
    query: historySchema,
    answer: v.object({ items: v.array(findSchema) }),
    isThere,
    run({ parts, query: { limit, ...which } }) {
      const finds = portOf(parts).store.finds({ ...which, limit: Number(limit) });
      return {
        items: finds.map(({ thing: { id, file: fileId, ...thing }, ...find }) => ({
          ...{ ...find, ...thing, fileId },
          modelId: thing.versionId === null ? null : id,
        })),
      };
    },
  }),
  endpoint({
    method: "get",
    path: "/watch/rounds",
    summary: "Lists the rounds, the newest first; `before` goes on behind an id.",
    query: historySchema,
    answer: v.object({
      items: v.array(v.object({
        ...{ id: v.string(), rule: v.string(), atMs: v.number(), pages: v.number(), found: v.number() },
        ...{ queued: v.number(), skipped: v.number(), isMore: v.boolean(), isFirst: v.boolean() },
        why: v.nullable(whySchema),
      })),
    }),
    isThere,
    run: ({ parts, query: { limit, ...which } }) => ({
      items: portOf(parts).store.rounds({ ...which, limit: Number(limit) }),
    }),
  }),
  endpoint({
    method: "get",
    path: "/watch/{id}",
    summary: "Shows one rule.",
    answer: ruleSchema,
    isThere,
    run({ c, parts, param }) {
      const rule = portOf(parts).store.get(param("id"));
      return rule === undefined ? missing(c, `rule "${param("id")}"`) : ruleJson(portOf(parts), rule);
    },
  }),
  endpoint({
    method: "patch",
    path: "/watch/{id}",
    summary: "Changes a rule, lets it rest or go on; null takes a value back to its default.",
    body: changeSchema,
    answer: ruleSchema,
    isThere,
    run({ c, parts, param, body: { isPaused, ...change } }) {
      const port = portOf(parts);
      const id = param("id");
      checkFolders(change.options ?? {}, parts.roots());
      let rule = port.store.get(id);
      if (rule !== undefined && Object.keys(change).length > 0) rule = port.store.edit(id, change);
      if (rule !== undefined && isPaused !== undefined) rule = port.store.pause(id, isPaused);
      if (rule === undefined) return missing(c, `rule "${id}"`);
      port.changed(id);
      return ruleJson(port, rule);
    },
  }),
  endpoint({
    method: "post",
    path: "/watch/{id}/now",
    summary: "Runs a rule now, whenever it is due; events tell what came of it.",
    answer: doneSchema,
    status: 202,
    isThere,
    run({ c, parts, param }) {
      const port = portOf(parts);
      if (port.store.get(param("id")) === undefined) return missing(c, `rule "${param("id")}"`);
      port.runNow(param("id"));
      return { ok: true };
    },
  }),
  endpoint({
    method: "delete",
    path: "/watch/{id}",
    summary: "Forgets a rule; what it has found is not fetched again by another.",
    answer: doneSchema,
    isThere,
    run({ c, parts, param }) {
      const port = portOf(parts);
      if (port.store.remove(param("id")) === undefined) return missing(c, `rule "${param("id")}"`);
      port.changed(param("id"));
      return { ok: true };
    },
  }),
];
