/**
 * `@std/http/negotiation` over negotiator, for networks that reach npm but not JSR: the parts that are used.
 *
 * @module
 */
import Negotiator from "npm:negotiator@1.1.0";

/** The one of `types` that a request would rather have; the first where it does not say, undefined where it wants none. */
export function accepts(request: Pick<Request, "headers">, ...types: string[]): string | undefined {
  const accept = request.headers.get("accept") ?? undefined;
  return new Negotiator({ headers: { accept } }).mediaType(types);
}
