import * as v from "valibot";
import type { Parts } from "../parts.ts";
import type { ProjectPort } from "../project/mod.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

const adoptSchema = v.strictObject({
  dryRun: v.optional(
    v.pipe(v.boolean(), v.description("Only look: nothing is hashed, nothing is written. Default true.")),
    true,
  ),
  quick: v.optional(
    v.pipe(v.boolean(), v.description("Do not wait for hashes: what has none goes in as presumed. Default false.")),
    false,
  ),
});

const adoptionSchema = v.object({
  running: v.boolean(),
  adoption: v.nullable(v.object({
    isDry: v.boolean(),
    there: v.number(),
    adopted: v.array(v.object({
      path: v.string(),
      model: v.string(),
      version: v.string(),
      versionId: v.nullable(v.number()),
      proof: v.picklist(["proved", "presumed"]),
    })),
    apart: v.array(v.looseObject({
      path: v.string(),
      bytes: v.nullable(v.number()),
      sha256: v.nullable(v.string()),
      reason: v.string(),
    })),
  })),
});

const isThere = ({ project }: Parts): boolean => project !== undefined;
/** Only asked where {@linkcode isThere}. */
const source = ({ project }: Parts): ProjectPort => project!;

/** `/project`. */
export const projectEndpoints: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/project/adoption",
    summary: "What the last adoption found, or would adopt.",
    answer: adoptionSchema,
    isThere,
    run({ parts }) {
      const { task, adoption } = source(parts);
      return { running: task?.kind === "adopt", adoption };
    },
  }),
  endpoint({
    method: "post",
    path: "/project/adopt",
    summary: "Makes files below the project's root the project's; a dry run unless told otherwise. No file is moved.",
    body: adoptSchema,
    answer: v.object({ started: v.boolean() }),
    status: 202,
    isThere,
    run: ({ parts, body: { dryRun: isDry, quick: isQuick } }) => {
      return { started: source(parts).adopt({ isDry, isQuick }) };
    },
  }),
];
