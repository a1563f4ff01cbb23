import * as v from "valibot";
import { targetKinds } from "../targets/mod.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { whySchema } from "./schemas.ts";

const stateSchema = v.object({
  kind: v.picklist(targetKinds),
  url: v.string(),
  state: v.picklist(["idle", "gathering", "telling", "waiting", "failed"]),
  files: v.number(),
  failures: v.number(),
  toldMs: v.nullable(v.number()),
  againMs: v.nullable(v.number()),
  attempts: v.number(),
  why: v.nullable(whySchema),
});

/** `/targets`. */
export const targetEndpoints: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/targets",
    summary: "Tells which programs are told of new files and failures, and whether they could be.",
    answer: v.object({ items: v.array(stateSchema) }),
    isThere: ({ targets }) => targets !== undefined,
    run: ({ parts }) => ({ items: parts.targets!.list() }),
  }),
];
