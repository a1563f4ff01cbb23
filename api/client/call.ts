import * as v from "valibot";
import {
  Ask,
  errorIs,
  newContext,
  PlainFields,
  readTextAtMost,
  redactUrl,
  releaseAll,
  sendOf,
  wrapBodyError,
} from "../../transport/internal.ts";
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
const acceptJson: { readonly accept: string } = { accept: "application/json" };
const acceptingJson = PlainFields.of(acceptJson);
const jsonType = /[/+]json\b/i;
const loginPath = /^\/(?:[a-z]{2}\/)?(?:login|auth|api\/auth)\b/i;

/** What a query or a path may have in it as it is. */
const plain = /^[\w.*-]*$/;
const plainPath = /^(?:\/[\w-]+)*$/;

function search(query: Query = {}): string {
  let text = "";
  let parameters: URLSearchParams | undefined;
  for (const name in query) {
    const value = query[name];
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === undefined) continue;
      const word = String(item);
      if (parameters === undefined && plain.test(name) && plain.test(word)) {
        text += `${text === "" ? "?" : "&"}${name}=${word}`;
      } else (parameters ??= new URLSearchParams(text)).append(name, word);
    }
  }
  return parameters === undefined ? text : `?${parameters}`;
}

const isJson = ({ headers }: Response): boolean => jsonType.test(headers.get("content-type") ?? "");

/** The largest pages of the site have some MiB. */
const mostMib = 64;

/** What stopped the reading of a body, as the caller is to see it. */
function readingError(error: unknown, { url, signal }: Ask): unknown {
  if (signal?.aborted) return signal.reason;
  return error instanceof CivikitError ? error : wrapBodyError(error, url);
}

function tooLong(ask: Ask): ContentError {
  const url = redactUrl(ask.url);
  return new ContentError(`asking "${url}": the answer is longer than ${mostMib} MiB`, {
    code: "unexpected_content",
    url,
  });
}

function notJson(response: Response, ask: Ask, excerpt: string): ContentError {
  const url = redactUrl(ask.url);
  if (loginPath.test(URL.parse(response.url)?.pathname ?? "")) {
    return new ContentError(`asking "${url}": sent to a login page`, { code: "login_required", url });
  }
  const type = response.headers.get("content-type") ?? "no content type";
  return new ContentError(`asking "${url}": JSON was due, ${type} came: ${excerpt}`, {
    code: "unexpected_content",
    url,
  });
}

function parseJson(text: string, endpointOf: () => string, ask: Ask): unknown {
  try {
    return parseExactJson(text);
  } catch (cause) {
    try {
      // Raw control characters inside strings were reported once; between tokens they are white space anyway.
      // deno-lint-ignore no-control-regex
      return parseExactJson(text.replace(/[\x00-\x1f]/g, " "));
    } catch {
      const excerpt = excerptOf(text);
      const endpoint = endpointOf();
      const message = `reading the answer of "${endpoint}": not valid JSON: ${excerpt}`;
      throw new InvalidResponseError(message, { url: redactUrl(ask.url), endpoint, path: "", excerpt, cause });
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
function check<T>(value: unknown, schema: v.GenericSchema<unknown, T>, endpoint: string, ask: Ask): T {
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
    { url: redactUrl(ask.url), endpoint, path, excerpt },
  );
}

/** Times a request that only reads is asked when its answer breaks off. */
const mostAsks = 3;

/** A GET that wants JSON, by whoever says when it has read the answer. */
export function jsonAsk(url: string, signal: AbortSignal | undefined): Ask {
  return Ask.get({ url, headers: acceptingJson, signal, ends: [] });
}

/** Asks for JSON and insists on it; `endpoint` is how errors name what was asked. */
export type AskJson = (ask: Ask, endpoint: () => string) => Promise<unknown>;

/** Makes what asks `transport` for JSON. A broken answer is asked for again: JSON cannot be continued in the middle. */
export function jsonAsker(transport: Transport): AskJson {
  const send = sendOf(transport);

  return async function askJson(ask, endpoint) {
    const isPost = isReading(ask);
    for (let asks = 1;; asks++) {
      let response: Response | undefined;
      try {
        response = await send(isPost ? ask.clone() : ask, newContext());
        const text = await readTextAtMost(response, mostMib * 1024 * 1024);
        if (text === undefined) throw tooLong(ask);
        if (!isJson(response)) throw notJson(response, ask, excerptOf(text));
        return parseJson(text, endpoint, ask);
      } catch (cause) {
        const error = response === undefined ? cause : readingError(cause, ask);
        const isFinal = response === undefined || asks >= mostAsks || !(isPost || ask.method === "GET");
        if (isFinal || !(error instanceof NetworkError) || !errorIs("broken", error)) throw error;
      } finally {
        if (ask.ends !== undefined) releaseAll(ask.ends);
      }
    }
  };
}

/**
 * Makes the function every resource asks through: builds the URL from the caller's own parameters, asks for JSON, insists on
 * it, and checks the shape. Statuses outside 2xx are the transport's to throw.
 */
export function createCall(transport: Transport, baseUrl: string): Call {
  const askJson = jsonAsker(transport);
  return async function call<T>(
    { path, route, schema, query, signal, method = "GET", body }: Question<T>,
  ): Promise<T> {
    const url = `${baseUrl}/api/v1${path}${search(query)}`;
    const ask = method === "GET" ? jsonAsk(plainPath.test(path) ? url : new URL(url).href, signal) : Ask.of(
      new Request(url, {
        method,
        headers: body === undefined ? acceptJson : { ...acceptJson, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      }),
    );
    const endpoint = `${method} ${route}`;
    return check(await askJson(ask, () => endpoint), schema, endpoint, ask);
  };
}

/** The id itself where the site could know it; the site answers 400 or 500 to others. */
export function checkedId(id: number, what: string): number {
  if (isId(id)) return id;
  throw new InputError(`asking for ${what} "${id}": ${idRule}`, { code: "invalid_argument", input: String(id) });
}
