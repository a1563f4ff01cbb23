/**
 * civikit gets models, images and data out of Civitai: one transport interface with swappable implementations and
 * middleware, typed API modules, and a downloader that leaves no wrong byte under a final name.
 *
 * @example The whole stack, a model version, and its file on disk
 * ```ts ignore
 * import { civitai, createTransport, download } from "@civikit/civikit";
 * import { parseReference, resolveDownloads } from "@civikit/civikit/api";
 *
 * using transport = createTransport({ key: () => Deno.env.get("CIVITAI_API_KEY") });
 * const reference = parseReference("urn:air:flux1:lora:civitai:1231067@1387174");
 * if (reference.kind === "url") throw new Error("not on Civitai");
 * for (const file of await resolveDownloads(civitai(transport), reference)) {
 *   const { path, verified } = await download(transport, file.url, `models/${file.fileName}`, file);
 *   console.log(path, verified);
 * }
 * ```
 *
 * @module
 */
export { type Civitai, civitai, InvalidResponseError } from "./api/mod.ts";
export { httpCache, memoryStore, sqliteStore } from "./cache/mod.ts";
export { type CivikitTransport, createTransport, type CreateTransportOptions } from "./create_transport.ts";
export {
  auth,
  breaker,
  CivikitError,
  compose,
  ContentError,
  dedupe,
  DiskError,
  download,
  downloadAll,
  type DownloadOptions,
  type DownloadProgress,
  type DownloadResult,
  type ErrorCode,
  fetchTransport,
  hint,
  HttpError,
  InputError,
  type Middleware,
  NetworkError,
  rangeTransport,
  rateLimit,
  resumeTransport,
  retry,
  status,
  timeout,
  toFetch,
  type Transport,
  VerificationError,
} from "./transport/mod.ts";
