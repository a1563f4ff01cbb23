import { isLoopback, rememberPath } from "../../transport/internal.ts";

/** The programs that can be told of new files; `webhook` is any that takes JSON by POST. */
export type TargetKind = "a1111" | "forge" | "sdnext" | "comfyui" | "invokeai" | "webhook";

/** All of them. */
export const targetKinds: readonly TargetKind[] = ["a1111", "forge", "sdnext", "comfyui", "invokeai", "webhook"];

/** A program that uses the files, and where it answers. */
export interface Target {
  /** Which program. */
  readonly kind: TargetKind;
  /** Its address, without a slash at the end. */
  readonly url: string;
}

/**
 * Reads `forge=http://127.0.0.1:7860`.
 *
 * The path of a webhook may be what opens it: it is known as a secret from here on, and shown nowhere.
 *
 * @param hosts Hosts beyond this machine that may be named, with their port or for every port. Default: none.
 * @throws {TypeError} When it is not of that form, has a password in it, or names a host nobody allowed.
 * @example
 * ```ts
 * import { readTarget } from "@civikit/civikit/hub";
 *
 * console.log(readTarget("forge=http://127.0.0.1:7860/").url); // http://127.0.0.1:7860
 * console.log(readTarget("invokeai=https://gpu.lan:9090", ["gpu.lan"]).kind); // invokeai
 * ```
 */
export function readTarget(text: string, hosts: readonly string[] = []): Target {
  const [, word = "", address = ""] = /^(\w+)=(.*)$/s.exec(text.trim()) ?? [];
  const kind = targetKinds.find((kind) => kind === word.toLowerCase());
  const url = URL.parse(address);
  if (kind === undefined || url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`not of the form forge=http://127.0.0.1:7860; the programs are ${targetKinds.join(", ")}`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new TypeError("an address without user, password and query is due; the setting headers has secrets");
  }
  const isAllowed = isLoopback(url.href) || hosts.some((host) => [url.hostname, url.host].includes(host.toLowerCase()));
  if (!isAllowed) throw new TypeError(`"${url.hostname}" lies beyond this machine, and targetHosts does not name it`);
  if (kind === "webhook") rememberPath(url);
  return { kind, url: url.href.replace(/\/+$/, "") };
}
