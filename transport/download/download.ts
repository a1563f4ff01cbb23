import { noOthers } from "../errors/option.ts";
import { InputError } from "../errors/errors.ts";
import { redactUrl } from "../http/redact.ts";
import type { Transport } from "../transport.ts";
import { downloadOptionNames, type DownloadOptions, type DownloadResult } from "./download_options.ts";
import { FileDownload } from "./file_download.ts";

export type { DownloadOptions, DownloadProgress, DownloadResult, Promised } from "./download_options.ts";

/**
 * Fetches a URL to a verified file, whatever happens on the way: through any transport, resumed after a fault or a
 * killed process, never a wrong byte under the final name.
 *
 * Bytes go to `PATH.part`, the account of them to `PATH.part.json`; holes are asked for with Range and If-Range
 * (RFC 9110 sections 13.1.5 and 14) at the original URL; size and hashes are checked; only then the file gets its name.
 *
 * @param transport What fetches: plain, self-healing or parallel, with any middleware around it.
 * @param request A GET request, or its URL.
 * @param path The target file. Missing folders are made.
 * @param options See {@linkcode DownloadOptions}.
 * @throws {HttpError} When the server refuses.
 * @throws {NetworkError} When the network fails for longer than the attempts allow.
 * @throws {ContentError} When what comes is not the file: a login page, an error text, a file that keeps changing.
 * @throws {VerificationError} When the hash is wrong; the bytes are kept as `PATH.quarantine`.
 * @throws {DiskError} When the disk refuses: space, rights, a lock, a target that exists.
 * @throws {InputError} When the request is not a GET or the URL is not one.
 * @example
 * ```ts
 * import { download } from "@civikit/civikit/transport";
 *
 * const folder = await Deno.makeTempDir();
 * const transport = { fetch: () => Promise.resolve(new Response("tensors")) };
 * const result = await download(transport, "https://civitai.com/api/download/models/1", `${folder}/a.bin`);
 * console.log(result.bytes, result.digests.SHA256);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function download(
  transport: Transport,
  request: Request | string,
  path: string,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  noOthers<DownloadOptions>("download", options, downloadOptionNames, true);
  return await new FileDownload(transport, toRequest(request, options.signal), path, options).run();
}

function toRequest(request: Request | string, signal: AbortSignal | undefined): Request {
  if (typeof request === "string") {
    if (URL.canParse(request)) return new Request(request, signal && { signal });
    const input = redactUrl(request);
    throw new InputError(`downloading "${input}": not a URL`, { code: "invalid_url", input });
  }
  if (request.method !== "GET") {
    const input = request.method;
    throw new InputError(`downloading with "${input}": only GET can be resumed`, { code: "invalid_argument", input });
  }
  return signal === undefined ? request : new Request(request, { signal: AbortSignal.any([request.signal, signal]) });
}
