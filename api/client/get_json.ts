import { redactUrl } from "../../transport/internal.ts";
import { compose, status, type Transport } from "../../transport/mod.ts";
import { type AskJson, type CallOptions, jsonAsk, jsonAsker } from "./call.ts";
import { classifyCivitai } from "./errors.ts";
import { badInput } from "./input.ts";

/** What asks a transport, made once for each. */
const askers = new WeakMap<Transport, AskJson>();

/**
 * The JSON at a URL, for what the typed calls do not cover. Numbers too large to be exact come as texts, and an answer that
 * breaks off is asked for again.
 *
 * @param transport What asks.
 * @param url What is asked for. The type is taken on trust: nothing checks that the answer has it.
 * @throws {InputError} `invalid_url` when it is none.
 * @throws {HttpError} When the status is outside 2xx; its message has the server's words.
 * @throws {ContentError} When what comes is no JSON, or is longer than 64 MiB.
 * @throws {InvalidResponseError} When it says to be JSON and cannot be read.
 * @throws {NetworkError} When no answer comes.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { getJson } from "@civikit/civikit";
 *
 * const transport = { fetch: () => Promise.resolve(Response.json({ name: "Example" })) };
 * const { name } = await getJson<{ name: string }>(transport, "https://civitai.com/api/v1/models/5");
 * console.log(name); // Example
 * ```
 */
export async function getJson<T = unknown>(
  transport: Transport,
  url: string | URL,
  { signal }: CallOptions = {},
): Promise<T> {
  if (!URL.canParse(url)) throw badInput(String(url), "not a URL", "invalid_url");
  const ask = jsonAsk(new URL(url).href, signal);
  let askJson = askers.get(transport);
  if (askJson === undefined) {
    askJson = jsonAsker(compose(transport, status({ classify: classifyCivitai })));
    askers.set(transport, askJson);
  }
  return await askJson(ask, () => `GET ${redactUrl(ask.url)}`) as T;
}
