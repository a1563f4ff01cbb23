import * as v from "valibot";
import { usedModels, usedModelsOfGraph } from "../../api/mod.ts";
import { needs } from "../needs/needs.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

const bodySchema = v.pipe(
  v.strictObject({
    text: v.optional(v.pipe(v.string(), v.maxLength(1024 ** 2))),
    graph: v.optional(v.union([v.record(v.string(), v.unknown()), v.array(v.unknown())])),
  }),
  v.check(({ text, graph }) => (text === undefined) !== (graph === undefined), "one of text and graph is due"),
);

const needSchema = v.object({
  name: v.string(),
  role: v.nullable(v.string()),
  modelType: v.nullable(v.string()),
  state: v.picklist(["here", "queued", "missing", "unknown"]),
  path: v.nullable(v.string()),
  target: v.nullable(v.string()),
  title: v.nullable(v.string()),
  versionId: v.nullable(v.number()),
  reference: v.nullable(v.string()),
  options: v.object({
    file: v.optional(v.string()),
    sha256: v.optional(v.string()),
    output: v.optional(v.string()),
    dir: v.optional(v.string()),
  }),
  sizeBytes: v.nullable(v.number()),
  proof: v.nullable(v.picklist(["site", "lfs", "git", "said", "none"])),
  directory: v.nullable(v.string()),
  problem: v.nullable(v.string()),
});

/** `/needs`. */
export const needEndpoints: readonly Endpoint[] = [
  endpoint({
    method: "post",
    path: "/needs",
    summary: "Tells which models a picture's text or a graph of ComfyUI names, which are here, and what to ask for.",
    body: bodySchema,
    answer: v.object({ items: v.array(needSchema) }),
    run: async ({ parts, body: { text, graph } }) => ({
      items: await needs(parts, text === undefined ? usedModelsOfGraph(graph) : usedModels(text)),
    }),
  }),
];
