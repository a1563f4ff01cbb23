import { toJsonSchema } from "@valibot/to-json-schema";
import { version } from "../../transport/mod.ts";
import type { Endpoint, Schema } from "./endpoint.ts";
import { problemSchema } from "./schemas.ts";

type Json = Readonly<Record<string, unknown>>;

/** A schema as OpenAPI 3.1 has it. */
function described(schema: Schema): Json {
  const { $schema: _, ...rest } = toJsonSchema(schema as never, { errorMode: "ignore" }) as Json;
  return rest;
}

const json = (schema: Schema) => ({ "application/json": { schema: described(schema) } });

const problem = (description: string): Json => ({ description, content: json(problemSchema) });

/** What any address may answer. */
const refusals: Json = {
  "400": problem("What was asked is wrong; `message` names it."),
  "401": { description: "The token is missing or wrong." },
  "403": { description: "The request comes from another site, or from another machine while no token is set." },
  "404": problem("There is none of that id."),
  "421": { description: "The Host is not one this server is reached by." },
};

function parametersOf({ path, query, isIdempotent = false }: Endpoint): Json[] {
  const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({
    ...{ name, in: "path", required: true, schema: { type: "string" } },
  }));
  const { properties = {}, required = [] } = query === undefined ? {} : described(query) as {
    properties?: Json;
    required?: readonly string[];
  };
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: "query", required: required.includes(name), schema },
  }));
  const key = {
    name: "Idempotency-Key",
    in: "header",
    required: false,
    description:
      "Names the wish, for 30 days: asked again with the same key, nothing is done twice and the same ids are answered.",
    schema: { type: "string", maxLength: 200 },
  };
  return [...inPath, ...inQuery, ...(isIdempotent ? [key] : [])];
}

/** The description of these addresses: OpenAPI 3.1, made of the schemas that check what is sent. */
export function openapi(endpoints: readonly Endpoint[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const one of endpoints) {
    const { method, path, summary, body, answer, status = 200 } = one;
    (paths[path] ??= {})[method] = {
      summary,
      parameters: parametersOf(one),
      ...(body && { requestBody: { required: true, content: json(body) } }),
      responses: {
        [status]: { description: "Done.", content: json(answer) },
        ...refusals,
        ...(one.isIdempotent && { "422": problem("The `Idempotency-Key` named another wish before.") }),
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "civikit", version, description: "The download service: queue, transfers, settings." },
    servers: [{ url: "/api/v1" }],
    paths,
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    security: [{}, { token: [] }],
  };
}
