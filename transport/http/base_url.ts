import { isLoopback } from "./loopback.ts";

/**
 * Reads the base URL of an API: https, or http on this machine, with a path at most.
 *
 * @returns It without slashes at the end.
 * @throws {TypeError} When it is something else; the message says what is wrong and leaves it to the caller to say where.
 */
export function readBaseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) throw new TypeError("not a URL");
  const { protocol, username, password, search, hash, origin, pathname } = url;
  if (username !== "" || password !== "") throw new TypeError("no user name and no password allowed");
  if (search !== "" || hash !== "") throw new TypeError("no query and no fragment allowed");
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(url.href))) {
    throw new TypeError("neither https nor this machine");
  }
  return origin + pathname.replace(/\/+$/, "");
}
