import * as v from "valibot";
import { keepPolicies } from "../../api/mod.ts";
import { soon, type Tidy, type TidyEnd } from "../library/tidy.ts";
import type { Parts } from "../parts.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

const mostRows = 500;
const reportMs = 2000;

const isThere = ({ tidy }: Parts): boolean => tidy !== undefined;
/** Only asked where {@linkcode isThere}. */
const source = ({ tidy }: Parts): Tidy => tidy!;

const layoutSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const prefer = v.optional(v.picklist(keepPolicies));
const idsSchema = v.pipe(v.array(v.pipe(v.string(), v.maxLength(64))), v.maxLength(10_000));

const startedSchema = v.object({
  started: v.boolean(),
  done: v.nullable(v.number()),
  left: v.nullable(v.number()),
  code: v.nullable(v.string()),
});
const moveSchema = v.object({
  from: v.string(),
  to: v.string(),
  sidecars: v.number(),
  isRenamed: v.boolean(),
  versionId: v.number(),
});
const itemSchema = v.object({
  id: v.string(),
  path: v.string(),
  bytes: v.number(),
  trashedMs: v.number(),
  sha256: v.nullable(v.string()),
  why: v.string(),
  files: v.array(v.string()),
});

/** What was begun, and how it ended where that was soon; a large folder goes on by itself. */
async function started(begun: Promise<TidyEnd> | undefined): Promise<v.InferOutput<typeof startedSchema>> {
  if (begun === undefined) return { started: false, done: null, left: null, code: null };
  const end = await soon(begun, reportMs);
  return { started: true, done: end?.done ?? null, left: end?.left ?? null, code: end?.error?.code ?? null };
}

const nowhere = { started: false, done: null, left: null, code: null } as const;

/** `/organize`, `/duplicates`, `/trash`. */
export const tidyEndpoints: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/organize",
    summary: "Tells what a layout would move (the first 500), and what was moved before.",
    query: v.strictObject({ layout: v.optional(layoutSchema) }),
    answer: v.object({
      layout: v.nullable(v.string()),
      moves: v.array(moveSchema),
      total: v.number(),
      settled: v.number(),
      unknown: v.number(),
      twins: v.number(),
      task: v.nullable(v.object({ kind: v.string(), done: v.number(), total: v.number() })),
      history: v.array(v.object({
        ...{ id: v.string(), about: v.string(), plannedMs: v.number(), steps: v.number(), refused: v.number() },
        state: v.picklist(["applying", "applied", "undoing", "undone"]),
      })),
    }),
    isThere,
    async run({ parts, query: { layout } }) {
      const tidy = source(parts);
      const name = layout ?? tidy.layout;
      const { moves = [], stays = [], settled = 0 } = name === undefined ? {} : await tidy.preview(name);
      const count = (reason: string) => stays.filter((one) => one.reason === reason).length;
      return {
        layout: name ?? null,
        moves: moves.slice(0, mostRows).map(({ from, to, sidecars, isRenamed, identity: { versionId } }) => {
          return { from, to, sidecars, isRenamed, versionId };
        }),
        ...{ total: moves.length, settled, unknown: count("unknown"), twins: count("twin") },
        ...{ task: tidy.task, history: tidy.history() },
      };
    },
  }),
  endpoint({
    method: "post",
    path: "/organize",
    summary: "Moves models to where a layout has them. One thing at a time: `started` is false while another one runs.",
    body: v.strictObject({ layout: v.optional(layoutSchema) }),
    answer: startedSchema,
    status: 202,
    isThere,
    run({ parts, body: { layout } }) {
      const tidy = source(parts);
      const name = layout ?? tidy.layout;
      return name === undefined ? nowhere : started(tidy.organize(name));
    },
  }),
  endpoint({
    method: "post",
    path: "/organize/undo",
    summary: "Takes back what was interrupted, else what was moved last.",
    answer: startedSchema,
    status: 202,
    isThere,
    run: ({ parts }) => started(source(parts).goOn("undo")),
  }),
  endpoint({
    method: "post",
    path: "/organize/continue",
    summary: "Finishes what was interrupted.",
    answer: startedSchema,
    status: 202,
    isThere,
    run: ({ parts }) => started(source(parts).goOn("continue")),
  }),
  endpoint({
    method: "get",
    path: "/duplicates",
    summary: "Lists models that are there more than once (the first 500), and which of them would stay.",
    query: v.strictObject({ prefer }),
    answer: v.object({
      items: v.array(v.object({
        ...{ sha256: v.string(), bytes: v.number(), wastedBytes: v.number() },
        ...{ keep: v.string(), others: v.array(v.string()), locked: v.array(v.string()) },
      })),
      total: v.number(),
    }),
    isThere,
    run({ parts, query }) {
      const plans = source(parts).duplicates(query.prefer);
      const items = plans.slice(0, mostRows).map(({ paths: _, ...plan }) => plan);
      return { items, total: plans.length };
    },
  }),
  endpoint({
    method: "post",
    path: "/duplicates",
    summary:
      "Makes the others hard links to the one that stays, or puts them into the trash; with `locked` also what the " +
      "lock file names in a second place.",
    body: v.strictObject({ how: v.picklist(["link", "trash"]), prefer, locked: v.optional(v.boolean()) }),
    answer: startedSchema,
    status: 202,
    isThere,
    run: ({ parts, body: { how, prefer, locked } }) => started(source(parts).clear(how, prefer, locked)),
  }),
  endpoint({
    method: "get",
    path: "/trash",
    summary: "Lists what was thrown away, the newest first.",
    answer: v.object({ items: v.array(itemSchema) }),
    isThere,
    run: ({ parts }) => ({ items: source(parts).trash().list() }),
  }),
  endpoint({
    method: "post",
    path: "/trash/restore",
    summary: "Puts items back to where they were; nothing is overwritten.",
    body: v.strictObject({ ids: idsSchema }),
    answer: v.object({ items: v.array(itemSchema) }),
    isThere,
    async run({ parts, body: { ids } }) {
      const items = [];
      for (const id of ids) items.push(await source(parts).trash().restore(id));
      await parts.library?.look();
      return { items };
    },
  }),
  endpoint({
    method: "post",
    path: "/trash/empty",
    summary: "Removes items for good: these, or without `ids` all.",
    body: v.strictObject({ ids: v.optional(idsSchema) }),
    answer: v.object({ items: v.array(itemSchema) }),
    isThere,
    run: async ({ parts, body: { ids } }) => ({ items: await source(parts).trash().empty({ ids }) }),
  }),
];
