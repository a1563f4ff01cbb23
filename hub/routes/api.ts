import { type Context, Hono } from "hono";
import * as v from "valibot";
import { readAtMost } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import type { Parts } from "../parts.ts";
import type { Endpoint, Schema } from "./endpoint.ts";
import { openapi } from "./openapi.ts";
import { refuse } from "./problem.ts";
import { libraryEndpoints } from "./library.ts";
import { needEndpoints } from "./needs.ts";
import { projectEndpoints } from "./project.ts";
import { searchEndpoints } from "./search.ts";
import { queueEndpoints } from "./queue.ts";
import { settingsEndpoints } from "./settings.ts";
import { targetEndpoints } from "./targets.ts";
import { tidyEndpoints } from "./tidy.ts";
import { transferEndpoints } from "./transfers.ts";
import { watchEndpoints } from "./watch.ts";

/** Every address of the API. */
export const endpoints: readonly Endpoint[] = [
  ...queueEndpoints,
  ...transferEndpoints,
  ...libraryEndpoints,
  ...tidyEndpoints,
  ...projectEndpoints,
  ...searchEndpoints,
  ...needEndpoints,
  ...settingsEndpoints,
  ...targetEndpoints,
  ...watchEndpoints,
];

const mostBodyBytes = 4 * 1024 ** 2;

/** A value that was checked. @throws {InputError} Naming what is wrong, and where. */
function checked(schema: Schema | undefined, value: unknown, what: string): unknown {
  if (schema === undefined) return undefined;
  const found = v.safeParse(schema, value);
  if (found.success) return found.output;
  const [issue] = found.issues;
  const at = v.getDotPath(issue) ?? "";
  const input = `${what}${at === "" ? "" : ` ${at}`}`;
  throw new InputError(`reading "${input}": ${issue.message}`, { code: "invalid_argument", input });
}

async function bodyOf(c: Context): Promise<unknown> {
  const bad = (state: string) =>
    new InputError(`reading the body: ${state}`, { code: "invalid_argument", input: "body" });
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/json\b/i.test(type)) throw bad("its content-type is not application/json");
  // by hand: what reads or limits it for us asks for request.signal, and then Deno prints a notice
  const bytes = await readAtMost(new Response(c.req.raw.body), mostBodyBytes);
  if (bytes === undefined) throw bad(`longer than ${mostBodyBytes} bytes`);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw bad("no JSON");
  }
}

/** The API, below `/api/v1`; its description is at `/api/v1/openapi.json`. */
export function apiRoutes(parts: Parts): Hono {
  const app = new Hono();
  const there = endpoints.filter((one) => one.isThere?.(parts) ?? true);
  app.get("/openapi.json", (c) => c.json(openapi(there)));
  for (const { method, path, query, body, status = 200, run } of there) {
    app.on(method.toUpperCase(), path.replace(/\{(\w+)\}/g, ":$1"), async (c) => {
      try {
        const result = await run({
          c,
          parts,
          query: checked(query, c.req.query(), "query"),
          body: body === undefined ? undefined : checked(body, await bodyOf(c), "body"),
          param: (name) => c.req.param(name) ?? "",
        });
        return result instanceof Response ? result : c.json(result, status);
      } catch (error) {
        return refuse(c, error);
      }
    });
  }
  return app;
}
