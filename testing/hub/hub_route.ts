/**
 * What huggingface.co answers to whoever asks for a file, for an origin: `resolve` with the OID of Git LFS and a redirect
 * to where the bytes lie, small files of Git's own behind a redirect that stays on the host, private repositories.
 *
 * Headers and redirects are those that huggingface_hub reads (`get_hf_file_metadata()`, `_httpx_follow_relative_redirects()`,
 * `hf_raise_for_status()` in its `file_download.py`, `utils/_http.py`).
 *
 * @module
 */
import { createHash } from "node:crypto";
import { fileOf } from "../origin/answer.ts";
import type { OriginOptions, Reply } from "../origin/answering.ts";

/** What {@linkcode hubRoute} serves. */
export interface HubOptions {
  /** Files by repository and path, such as `{ "someone/thing": { "vae/ae.safetensors": bytes } }`. */
  readonly repositories: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>;
  /** Where the bytes of files in Git LFS lie: another origin that has them at `/HASH`. Without a slash at the end. */
  readonly storage: string;
  /** Repositories that want `Authorization: Bearer TOKEN`. Default: none. */
  readonly private?: readonly string[];
  /** The token. */
  readonly token?: string;
  /** Names of repositories that were renamed, and their new ones. Default: none. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Of which files Git LFS is in charge (default: those that hold weights). */
  readonly isLfs?: (path: string) => boolean;
  /** Changes headers of an answer, to be wrong on purpose. */
  readonly bend?: (headers: Record<string, string>) => Record<string, string>;
}

const commit = "0123456789abcdef0123456789abcdef01234567";
const weights = /\.(?:safetensors|sft|ckpt|pth?|gguf|bin)$/i;
const sha = (name: "sha1" | "sha256", ...parts: (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash(name)).digest("hex");

/**
 * Makes the route of an origin that answers as huggingface.co does.
 *
 * @example
 * ```ts
 * import { faultyOrigin, hubRoute } from "@civikit/civikit/testing";
 *
 * const repositories = { "someone/thing": { "ae.safetensors": new TextEncoder().encode("tensors") } };
 * const origin = faultyOrigin([], { route: hubRoute({ repositories, storage: "http://storage.test" }) });
 * const request = new Request("https://huggingface.co/someone/thing/resolve/main/ae.safetensors", {
 *   method: "HEAD",
 *   redirect: "manual",
 * });
 * console.log((await origin.fetch(request)).headers.get("x-linked-size")); // 7
 * ```
 */
export function hubRoute(
  { repositories, storage, private: closed = [], token, renamed = {}, isLfs = (path) => weights.test(path), bend }:
    HubOptions,
): NonNullable<OriginOptions["route"]> {
  const headersOf = bend ?? ((headers: Record<string, string>) => headers);
  const refuse = (status: number, code: string): Reply => ({ status, headers: { "X-Error-Code": code }, body: code });

  function git(bytes: Uint8Array): string {
    return `"${sha("sha1", `blob ${bytes.length}\0`, bytes)}"`;
  }

  return function route({ path }, asked) {
    const cached = /^\/api\/resolve-cache\/models\/([^/]+\/[^/]+)\/([\da-f]{40})\/(.+)$/.exec(path);
    const [, repository, revision, name] = cached ??
      /^\/((?:(?:datasets|spaces)\/)?[^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (repository === undefined) return undefined;
    const next = renamed[repository];
    if (next !== undefined) return { status: 307, headers: { Location: `/${next}/resolve/${revision}/${name}` } };
    const isOpen = !closed.includes(repository) || asked.get("authorization") === `Bearer ${token}`;
    if (!isOpen) return refuse(401, "GatedRepo");
    const files = repositories[repository];
    if (files === undefined) return refuse(401, "RepoNotFound");
    if (revision !== "main" && revision !== commit) return refuse(404, "RevisionNotFound");
    const bytes = files[name!];
    if (bytes === undefined) return refuse(404, "EntryNotFound");
    if (cached) {
      return { file: { ...fileOf(bytes), etag: git(bytes), headers: headersOf({ "X-Repo-Commit": commit }) } };
    }
    const isLarge = isLfs(name!);
    const etag = isLarge ? `"${sha("sha256", bytes)}"` : git(bytes);
    const linked = { "X-Repo-Commit": commit, "X-Linked-Etag": etag, "X-Linked-Size": String(bytes.length) };
    const place = isLarge
      ? `${storage}/${sha("sha256", bytes)}?X-Amz-Signature=0011`
      : `/api/resolve-cache/models/${repository}/${commit}/${name}`;
    return { status: isLarge ? 302 : 307, headers: headersOf({ ...linked, Location: place }), body: "" };
  };
}
