import { CivikitError } from "../../transport/mod.ts";

/** Takes the errors of calls that answer null instead of throwing. */
export type OnError = (error: CivikitError) => void;

/**
 * Turns a failed call into null, after the error was told to `onError`. A caller's own abort, and anything that is not a
 * {@linkcode CivikitError}, is thrown all the same.
 *
 * @example
 * ```ts
 * import { civitai } from "@civikit/civikit/api";
 *
 * const notFound = { fetch: () => Promise.resolve(Response.json({ error: "No model with id 5" }, { status: 404 })) };
 * const api = civitai(notFound, { onError: ({ code }) => console.log(code) }); // not_found
 * console.log(await api.orNull(api.models.get(5)), await api.models.getOrNull(5)); // null null
 * ```
 */
export type OrNull = <T>(call: Promise<T>) => Promise<T | null>;

/** Makes an {@linkcode OrNull} that tells `onError`. */
export function createOrNull(onError: OnError): OrNull {
  return async function orNull<T>(call: Promise<T>): Promise<T | null> {
    try {
      return await call;
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      onError(error);
      return null;
    }
  };
}
