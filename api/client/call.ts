import * as v from "valibot";
import { errorIs, readTextAtMost, redactUrl, wrapBodyError } from "../../transport/internal.ts";
import { CivikitError, ContentError, InputError, NetworkError, type Transport } from "../../transport/mod.ts";
import { excerptOf, InvalidResponseError } from "./errors.ts";
import { parseExactJson } from "./exact_json.ts";
import { type FastCheck, fastCheck } from "./fast_check.ts";
import { idRule, isId } from "./input.ts";
import type { Query } from "./query.ts";
import { isReading } from "./reading.ts";

/** What goes with any call. */
export interface CallOptions {
  /** Gives the call up; its reason is thrown untouched. */
  signal?: AbortSignal | undefined;
}

/** One question to the API. */
export interface Question<T> extends CallOptions {
  /** Below `/api/v1`, such as `/models/5`. */
  path: string;
  /** The same with names for values, such as `/models/:id`: for errors. */
  route: string;
  /** What makes a readable answer. */
  schema: v.GenericSchema<unknown, T>;
  /** Parameters. */
  query?: Query | undefined;
  /** `POST` with `body` as JSON; `GET` if not given. */
  method?: "GET" | "POST";
  /** What is posted. */
  body?: unknown;
}

/** Asks the API and gives back the checked answer. */
export type Call = <T>(question: Question<T>) => Promise<T>;

/** What every call asks for. */
export const acceptJson: { readonly accept: string } = { accept: "application/json" };
const loginPath = /^\/(?:[a-z]{2}\/)?(?:login|auth|api\/auth)\b/i;

function search(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) parameters.append(name, String(item));
    }
  }
  return parameters.size === 0 ? "" : `?${parameters}`;
}

/** The largest pages of the site have some MiB. */
const mostMib = 64;

async function readText(response: Response, request: Request): Promise<string> {
  let text: string | undefined;
  try {
    text = await readTextAtMost(response, mostMib * 1024 * 1024);
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    throw error instanceof CivikitError ? error : wrapBodyError(error, request.url);
  }
  if (text !== undefined) return text;
  const url = redactUrl(request.url);
  throw new ContentError(`asking "${url}": the answer is longer than ${mostMib} MiB`, {
    code: "unexpected_content",
    url,
  });
}

function notJson(response: Response, request: Request, excerpt: string): ContentError {
  const url = redactUrl(request.url);
  if (loginPath.test(URL.parse(response.url)?.pathname ?? "")) {
    return new ContentError(`asking "${url}": sent to a login page`, { code: "login_required", url });
  }
  const type = response.headers.get("content-type") ?? "no content type";
  return new ContentError(`asking "${url}": JSON was due, ${type} came: ${excerpt}`, {
    code: "unexpected_content",
    url,
  });
}

function parseJson(text: string, endpoint: string, request: Request): unknown {
  try {
    return parseExactJson(text);
  } catch (cause) {
    try {
      // Raw control characters inside strings were reported once; between tokens they are white space anyway.
      // deno-lint-ignore no-control-regex
      return parseExactJson(text.replace(/[\x00-\x1f]/g, " "));
    } catch {
      const excerpt = excerptOf(text);
      const message = `reading the answer of "${endpoint}": not valid JSON: ${excerpt}`;
      throw new InvalidResponseError(message, { url: redactUrl(request.url), endpoint, path: "", excerpt, cause });
    }
  }
}

/** What stands at the issue's place in the answer, and the way there. */
function locate(issue: v.BaseIssue<unknown>): { path: string; value: unknown } {
  // A failed choice between shapes has its own issues inside; the first of them knows no more than the choice itself.
  return { path: v.getDotPath(issue) ?? "", value: issue.path?.at(-1)?.value ?? issue.input };
}

const checks = new WeakMap<v.GenericSchema, FastCheck>();

function checkOf(schema: v.GenericSchema): FastCheck {
  const known = checks.get(schema) ?? fastCheck(schema);
  checks.set(schema, known);
  return known;
}

/**
 * Gives back `value` itself, not a copy: unknown keys and their order survive. Only where something that describes is of
 * another type than it should be, a copy comes back in which that is mended.
 */
function check<T>(value: unknown, schema: v.GenericSchema<unknown, T>, endpoint: string, request: Request): T {
  if (checkOf(schema)(value)) return value as T;
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const { path, value: found } = locate(issue);
  const excerpt = excerptOf(found);
  throw new InvalidResponseError(
    `reading the answer of "${endpoint}": at "${path || "(top)"}" ${
      issue.expected ?? "another value"
    } was due, found ${excerpt}`,
    { url: redactUrl(request.url), endpoint, path, excerpt },
  );
}

/** Times a request that only reads is asked when its answer breaks off. */
const mostAsks = 3;

/** One answer, read whole; a broken one is asked for again, for JSON cannot be continued in the middle. */
async function ask(transport: Transport, request: Request): Promise<{ response: Response; text: string }> {
  const isPost = isReading(request);
  const isRepeatable = isPost || request.method === "GET";
  for (let asks = 1;; asks++) {
    const response = await transport.fetch(isPost ? request.clone() : request);
    try {
      return { response, text: await readText(response, request) };
    } catch (error) {
      const isFinal = !isRepeatable || asks >= mostAsks;
      if (isFinal || !(error instanceof NetworkError) || !errorIs("broken", error)) throw error;
    }
  }
}

/**
 * Asks for JSON and insists on it.
 *
 * @param endpoint How errors name what was asked.
 */
export async function askJson(transport: Transport, request: Request, endpoint: string): Promise<unknown> {
  const { response, text } = await ask(transport, request);
  const isJson = /[/+]json\b/i.test(response.headers.get("content-type") ?? "");
  if (!isJson) throw notJson(response, request, excerptOf(text));
  return parseJson(text, endpoint, request);
}

/**
 * Makes the function every resource asks through: builds the URL from the caller's own parameters, asks for JSON, insists on
 * it, and checks the shape. Statuses outside 2xx are the transport's to throw.
 */
export function createCall(transport: Transport, baseUrl: string): Call {
  return async function call<T>(
    { path, route, schema, query, signal, method = "GET", body }: Question<T>,
  ): Promise<T> {
    const request = new Request(`${baseUrl}/api/v1${path}${search(query)}`, {
      method,
      headers: body === undefined ? acceptJson : { ...acceptJson, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    const endpoint = `${method} ${route}`;
    const value = await askJson(transport, request, endpoint);
    return check(value, schema, endpoint, request);
  };
}

/** The id itself where the site could know it; the site answers 400 or 500 to others. */
export function checkedId(id: number, what: string): number {
  if (isId(id)) return id;
  throw new InputError(`asking for ${what} "${id}": ${idRule}`, { code: "invalid_argument", input: String(id) });
}
