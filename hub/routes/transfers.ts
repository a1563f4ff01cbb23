import * as v from "valibot";
import type { LiveTransfer, TransferSource, Wish } from "../../monitor/mod.ts";
import type { Parts } from "../parts.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { missing } from "./problem.ts";
import { stateSchema } from "./schemas.ts";

const transferSchema = v.object({
  id: v.string(),
  path: v.string(),
  reference: v.nullable(v.string()),
  state: stateSchema,
  bytes: v.number(),
  totalBytes: v.nullable(v.number()),
  bytesPerSecond: v.number(),
  why: v.nullable(v.string()),
  againMs: v.nullable(v.number()),
  retries: v.number(),
  startedMs: v.number(),
  changedMs: v.number(),
  endedMs: v.nullable(v.number()),
  verdict: v.nullable(v.string()),
  process: v.object({ pid: v.number(), startedMs: v.number(), command: v.string(), isAlive: v.boolean() }),
});

const listSchema = v.object({ items: v.array(transferSchema) });
const isThere = ({ live }: Parts): boolean => live !== undefined;
/** Only asked where {@linkcode isThere}. */
const source = ({ live }: Parts): TransferSource => live!;
const items = (transfers: readonly LiveTransfer[]) => ({ items: transfers });

const verbs: Readonly<Record<Wish, string>> = { pause: "Holds", resume: "Lets go on", cancel: "Stops" };

/** `/transfers`: what any process of this machine transfers. */
export const transferEndpoints: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/transfers",
    summary: "Lists the running transfers of every process.",
    answer: listSchema,
    isThere,
    run: ({ parts }) => items(source(parts).list()),
  }),
  endpoint({
    method: "get",
    path: "/transfers/history",
    summary: "Lists transfers that ended, newest first.",
    query: v.strictObject({
      limit: v.optional(
        v.pipe(v.string(), v.regex(/^(?:[1-9]\d{0,2}|1000)$/, "no whole number from 1 to 1000")),
        "100",
      ),
    }),
    answer: listSchema,
    isThere,
    run: ({ parts, query: { limit } }) => items(source(parts).history(Number(limit))),
  }),
  ...(["pause", "resume", "cancel"] as const).flatMap((wish) => [
    endpoint({
      method: "post",
      path: `/transfers/${wish}`,
      summary: `${verbs[wish]} every running transfer that can; answers with those that will obey.`,
      answer: listSchema,
      isThere,
      run: ({ parts }) => items(source(parts).wish(wish)),
    }),
    endpoint({
      method: "post",
      path: `/transfers/{id}/${wish}`,
      summary: `${verbs[wish]} one transfer.`,
      answer: transferSchema,
      isThere,
      run({ c, parts, param }) {
        const [one] = source(parts).wish(wish, param("id"));
        return one ?? missing(c, `running transfer "${param("id")}"`);
      },
    }),
  ]),
];
