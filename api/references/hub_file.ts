import { createHash } from "node:crypto";
import { isRedirect, nameInUrl, newContext, readAtMost, redactUrl } from "../../transport/internal.ts";
import { compose, HttpError, status, type Transport } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";

/** A file on huggingface.co, or on a host that speaks as it does. */
export interface HubFile {
  /** Its address at the very commit that was looked at: what comes from there later is the same file. */
  readonly url: string;
  /** Its name. */
  readonly name: string;
  /** Its SHA-256, upper case; null where the host names none and nothing was read. */
  readonly sha256: string | null;
  /** Its size in bytes; null where the host does not say. */
  readonly sizeBytes: number | null;
  /** The commit; null where the host does not say. */
  readonly commit: string | null;
  /** What the host calls its content: the OID of Git LFS (a SHA-256) or of a Git blob (a SHA-1); null where neither. */
  readonly oid: string | null;
  /**
   * What `sha256` rests on: `lfs`, the OID the host names; `git`, the file was read and is the blob the host names; `none`:
   * there is no `sha256`, and whoever fetches the file can prove nothing but its size.
   */
  readonly proof: "lfs" | "git" | "none";
}

/** Where the file of an address lies in its repository. */
interface HubPath {
  /** Repository, with `datasets/` or `spaces/` before it where it is no model. */
  readonly repository: string;
  readonly revision: string;
  readonly file: string;
}

const hubPath = /^\/((?:(?:datasets|spaces)\/)?[\w.-]+\/[\w.-]+)\/(?:resolve|blob|raw)\/([^/]+)\/(.+)$/;
const mostHops = 5;
/** Files that Git keeps itself are smaller: the hub takes larger ones by LFS alone. */
const mostGitBytes = 10 * 1024 * 1024;

function pathOf(url: string): HubPath | undefined {
  const [, repository, revision, file] = hubPath.exec(URL.parse(url)?.pathname ?? "") ?? [];
  return repository === undefined ? undefined : { repository, revision: revision!, file: file! };
}

/**
 * Whether an address has the form of a file on huggingface.co: `/REPOSITORY/resolve/REVISION/FILE`, or `blob` or `raw` in
 * place of `resolve`, as the pages have it. Mirrors have the same.
 *
 * @example
 * ```ts
 * import { isHubUrl } from "@civikit/civikit/api";
 *
 * console.log(isHubUrl("https://huggingface.co/someone/thing/blob/main/vae/ae.safetensors")); // true
 * ```
 */
export function isHubUrl(url: string): boolean {
  return pathOf(url) !== undefined;
}

/** The value of an ETag without quotes and weakness, in lower case. */
const plainTag = (tag: string | null) => tag?.replace(/^W\//, "").replace(/^"|"$/g, "").toLowerCase() ?? null;

function countOf(text: string | null): number | null {
  const count = /^\d{1,15}$/.test(text ?? "") ? Number(text) : NaN;
  return Number.isSafeInteger(count) ? count : null;
}

/**
 * The answer of the host itself: redirects are followed as long as they stay there, as to a repository's new name, and the
 * one to where the bytes lie is not, which knows nothing of OIDs.
 */
async function headOf(transport: Transport, url: string, { signal }: CallOptions): Promise<Response> {
  const { origin } = new URL(url);
  let at = url;
  for (let hops = 0;; hops++) {
    const request = new Request(at, { method: "HEAD", redirect: "manual", ...(signal && { signal }) });
    const response = await transport.fetch(request, { ...newContext(), refusals: "return" });
    await response.body?.cancel();
    const next = isRedirect(response.status) ? URL.parse(response.headers.get("location") ?? "", at) : null;
    if (next?.origin === origin && hops < mostHops && !response.headers.has("x-linked-etag")) {
      at = next.href;
      continue;
    }
    if (response.ok || next !== null) return response;
    const { status: code } = response;
    try {
      // the same answer, as an error that says what it means
      return await compose({ fetch: () => Promise.resolve(new Response(null, response)) }, status()).fetch(request);
    } catch (error) {
      if (!(error instanceof HttpError) || (code !== 401 && code !== 403)) throw error;
      const shown = redactUrl(url);
      throw new HttpError(`asking for ${JSON.stringify(shown)}: HTTP ${code}, the file is private or gated`, {
        ...{ code: error.code, reason: "host_token", status: code, url: shown, cause: error },
      });
    }
  }
}

/** Reads a file of Git's own and proves that it is the blob the host names (git-hash-object(1)). */
async function gitSha256(
  transport: Transport,
  url: string,
  oid: string,
  sizeBytes: number,
  { signal }: CallOptions,
): Promise<string | undefined> {
  const response = await transport.fetch(new Request(url, { ...(signal && { signal }) }));
  const bytes = await readAtMost(response, mostGitBytes);
  if (bytes?.length !== sizeBytes) return undefined;
  const blob = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
  return blob === oid ? createHash("sha256").update(bytes).digest("hex").toUpperCase() : undefined;
}

/**
 * Asks huggingface.co what a file is, before a byte of it is fetched. Of a file in Git LFS the host names the OID, which is
 * its SHA-256, and its size (`X-Linked-Etag`, `X-Linked-Size`; see `get_hf_file_metadata()` of huggingface_hub), and the
 * commit (`X-Repo-Commit`), so that a download can be verified and the address pinned. Of a small file that Git keeps itself
 * it names the SHA-1 of the blob, which is no hash of the file's bytes alone: with `prove` the file is read, once, and its
 * SHA-256 taken where it is that blob.
 *
 * A private or gated file needs a token: `headers` of `createTransport()` for this host alone. It never goes to where a
 * redirect leads.
 *
 * @param transport What asks; see `createTransport()`.
 * @param url Its address, also that of its page.
 * @param options `prove`: reads files of Git's own to prove them (default false); `signal`.
 * @returns Undefined when the address has another form, or the host does not answer as huggingface.co does.
 * @throws {HttpError} `unauthorized` or `forbidden` with the reason `host_token` where it is private or gated; `not_found`;
 * whatever else the host answers.
 * @example
 * ```ts
 * import { hubFile } from "@civikit/civikit/api";
 *
 * const headers = { "x-linked-etag": `"${"ab".repeat(32)}"`, "x-linked-size": "1536", location: "https://cdn.example/x" };
 * const transport = { fetch: () => Promise.resolve(new Response(null, { status: 302, headers })) };
 * const file = await hubFile(transport, "https://huggingface.co/someone/thing/resolve/main/ae.safetensors");
 * console.log(file?.sizeBytes, file?.proof); // 1536 lfs
 * ```
 */
export async function hubFile(
  transport: Transport,
  url: string,
  { prove = false, signal }: CallOptions & { prove?: boolean | undefined } = {},
): Promise<HubFile | undefined> {
  const path = pathOf(url);
  if (path === undefined) return undefined;
  const { origin } = new URL(url);
  const at = (revision: string) => `${origin}/${path.repository}/resolve/${revision}/${path.file}`;
  const { headers } = await headOf(transport, at(path.revision), { signal });
  const commit = /^[\da-f]{40}$/i.test(headers.get("x-repo-commit") ?? "") ? headers.get("x-repo-commit") : null;
  const linked = plainTag(headers.get("x-linked-etag"));
  if (commit === null && linked === null) return undefined;
  const oid = linked ?? plainTag(headers.get("etag"));
  const sizeBytes = countOf(headers.get("x-linked-size") ?? headers.get("content-length"));
  const found = { url: at(commit ?? path.revision), name: nameInUrl(url), sizeBytes, commit };
  if (oid !== null && /^[\da-f]{64}$/.test(oid)) {
    return { ...found, sha256: oid.toUpperCase(), oid, proof: "lfs" };
  }
  const isBlob = oid !== null && /^[\da-f]{40}$/.test(oid);
  const none = { ...found, sha256: null, oid: isBlob ? oid : null, proof: "none" as const };
  if (!prove || !isBlob || sizeBytes === null || sizeBytes > mostGitBytes) return none;
  const sha256 = await gitSha256(transport, found.url, oid, sizeBytes, { signal });
  return sha256 === undefined ? none : { ...none, sha256, proof: "git" };
}
