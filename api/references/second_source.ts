import { HttpError, InputError, isCode, type Middleware, type Transport } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";

/** A file that somebody else has. */
export interface SecondCopy {
  /** Where it is. */
  readonly url: string;
}

/** Somebody who has files that the site has no more. What comes from there is always held against its SHA-256. */
export interface SecondSource {
  /** What it is called. */
  readonly name: string;
  /**
   * Where a file with this SHA-256 is.
   *
   * @returns Null when it has none.
   * @throws {CivikitError} When it cannot be asked.
   */
  byHash(sha256: string, options?: CallOptions): Promise<SecondCopy | null>;
}

/** @throws {TypeError} When something is wrong with a template; the message says what. */
function checkTemplate(template: string): void {
  const url = URL.parse(template.replace(/\{sha256\}/gi, "0".repeat(64)));
  const isLocal = url !== null && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (url === null || (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal))) {
    throw new TypeError("not an https URL");
  }
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("a URL with a password; a header rule can have it");
  }
  if (!/\{sha256\}/i.test(template)) throw new TypeError("{sha256} is missing in it");
}

/**
 * A second source that has each file under an address made of its SHA-256: `{sha256}` in small letters, `{SHA256}` in
 * capitals. It has a file when the address answers.
 *
 * @param transport Asks whether it does.
 * @param template An https URL.
 * @throws {InputError} `invalid_config` when it is none, or names no hash.
 * @example
 * ```ts
 * import { templateSource } from "@civikit/civikit/api";
 *
 * const fetch = ({ url }: Request) => Promise.resolve(new Response(null, { status: url.endsWith("/ab") ? 206 : 404 }));
 * const source = templateSource({ fetch }, "https://mirror.example/files/{sha256}");
 * console.log(await source.byHash("AB")); // { url: "https://mirror.example/files/ab" }
 * ```
 */
export function templateSource(transport: Transport, template: string): SecondSource {
  try {
    checkTemplate(template);
  } catch (error) {
    throw new InputError(`reading the second source: ${(error as Error).message}`, {
      code: "invalid_config",
      input: "secondSource",
    });
  }
  return {
    name: new URL(template.replace(/\{sha256\}/gi, "0")).host,
    async byHash(sha256, { signal } = {}) {
      const url = template.replaceAll("{sha256}", sha256.toLowerCase()).replaceAll("{SHA256}", sha256.toUpperCase());
      try {
        const request = new Request(url, { headers: { range: "bytes=0-0" }, signal: signal ?? null });
        const response = await transport.fetch(request);
        await response.body?.cancel();
        if (response.ok) return { url };
        if (response.status === 404 || response.status === 410) return null;
        throw new HttpError(`asking ${JSON.stringify(new URL(url).host)} for a hash: HTTP ${response.status}`, {
          code: response.status >= 500 ? "server_error" : "client_error",
          status: response.status,
          url,
        });
      } catch (error) {
        if (error instanceof HttpError && (isCode(error, "not_found") || isCode(error, "gone"))) return null;
        throw error;
      }
    },
  };
}

/**
 * Asks `source` for a file by its hash where the site has it no more (404, 410). What comes from there is verified like
 * anything else: only URLs in `hashes` are asked for.
 *
 * @param hashes SHA-256 by URL.
 */
export function atSecondSource(source: SecondSource, hashes: ReadonlyMap<string, string>): Middleware {
  const found = new Map<string, Promise<SecondCopy | null>>();
  return async function atSecondSource(request, next) {
    const sha256 = hashes.get(request.url);
    if (sha256 === undefined) return await next(request);
    const known = await found.get(sha256);
    if (known) return await next(new Request(known.url, request));
    let answer: Response | HttpError;
    try {
      const response = await next(request);
      if (response.status !== 404 && response.status !== 410) return response;
      answer = response;
    } catch (error) {
      if (!(error instanceof HttpError) || !(isCode(error, "not_found") || isCode(error, "gone"))) throw error;
      answer = error;
    }
    // that the second one cannot be asked either is no reason to hide what the site said
    const asked = source.byHash(sha256, { signal: request.signal }).catch(() => null);
    found.set(sha256, asked);
    const copy = await asked;
    if (copy !== null) {
      if (answer instanceof Response) await answer.body?.cancel();
      return await next(new Request(copy.url, request));
    }
    if (answer instanceof Response) return answer;
    throw answer;
  };
}
