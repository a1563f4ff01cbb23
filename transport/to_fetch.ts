import type { Transport } from "./transport.ts";

/**
 * Lends a stack to any library that wants a `fetch`.
 *
 * @param transport What answers.
 * @returns A function with the signature of the platform's `fetch`.
 * @example
 * ```ts
 * import { toFetch } from "@civikit/civikit/transport";
 *
 * const fetch = toFetch({ fetch: (request) => Promise.resolve(new Response(request.url)) });
 * console.log(await (await fetch("https://example.test/a")).text()); // https://example.test/a
 * ```
 */
export function toFetch(transport: Transport): typeof fetch {
  return (input, init) => {
    try {
      return transport.fetch(new Request(input, init));
    } catch (error) {
      return Promise.reject(error);
    }
  };
}
