import type { FieldRecord, Fields } from "../fields.ts";

/** By answer: headers of the request that were dropped on the way to the address that gave it. */
const withheld = new WeakMap<Response, readonly string[]>();

/** Notes which headers of what was asked the address that answered at the end of its redirects did not get. */
export function noteWithheld(response: Response, { headers }: { headers: Fields }, sent: FieldRecord): Response {
  const names: string[] = [];
  headers.forEach((_, name) => !(name in sent) && names.push(name));
  withheld.set(response, names);
  return response;
}

/** The names of those headers, in lower case; undefined where nobody knows. */
export function withheldFrom(response: Response): readonly string[] | undefined {
  return withheld.get(response);
}

/** Lets `copy` say that it came from where `response` came from. */
export function keepSource(copy: Response, response: Response): Response {
  const names = withheld.get(response);
  if (names !== undefined) withheld.set(copy, names);
  return Object.defineProperties(copy, {
    url: { value: response.url },
    redirected: { value: response.redirected },
  });
}

/** A response with another body or head that still says where it came from. */
export function rebuild(
  response: Response,
  body: ReadableStream<Uint8Array> | null,
  { status = response.status, headers = response.headers }: { status?: number; headers?: Headers } = {},
): Response {
  const statusText = status === response.status ? response.statusText : "";
  return keepSource(new Response(body, { status, statusText, headers }), response);
}
