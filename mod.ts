/**
 * civikit gets models, images and data out of Civitai: one transport interface with swappable implementations and
 * middleware, typed API modules, and a downloader that leaves no wrong byte under a final name.
 *
 * @example From whatever names a model to its verified files
 * ```ts ignore
 * import { createTransport, downloadModel } from "@civikit/civikit";
 *
 * using transport = createTransport({ key: () => Deno.env.get("CIVITAI_API_KEY") });
 * const files = await downloadModel(transport, "urn:air:flux1:lora:civitai:1231067@1387174", { directory: "models" });
 * for (const { path, verified } of files) console.log(path, verified);
 * ```
 *
 * @module
 */
// from their own files: whoever downloads a file does not wait for the library of models to be loaded
export { type Civitai, civitai } from "./api/civitai.ts";
export { InvalidResponseError } from "./api/client/errors.ts";
export { getJson } from "./api/client/get_json.ts";
export { downloadModel, type DownloadModelOptions } from "./api/download/download_model.ts";
export { httpCache } from "./cache/http_cache.ts";
export { memoryStore } from "./cache/memory_store.ts";
export { sqliteStore } from "./cache/sqlite_store.ts";
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
