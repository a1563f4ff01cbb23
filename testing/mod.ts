/**
 * Everything to test a downloader, a client of Civitai or a script with: a Civitai of one's own, an origin that commits
 * every fault of a network and a server, time that stands still, and small valid files. No network, and in one process no
 * permission either.
 *
 * | what | in one process | on a port |
 * |---|---|---|
 * | {@linkcode embeddedCivitai} | a `Transport` for `https://civitai.com` | `.listen()` |
 * | {@linkcode faultyOrigin} | a `Transport` for any host | `.listen()` |
 * | {@linkcode faultyTlsOrigin} | | HTTPS with HTTP/2 |
 *
 * @example
 * ```ts
 * import { resumeTransport } from "@civikit/civikit/transport";
 * import { fakeClock, faultyOrigin, sha256Of } from "@civikit/civikit/testing";
 *
 * const files = { "/a.bin": { size: 1000, seed: 7 } };
 * const origin = faultyOrigin([{ kind: "short_range", bytes: 300, claim: "range" }], { files, clock: fakeClock() });
 * const response = await resumeTransport(origin).fetch(new Request("https://files.example/a.bin"));
 * console.log((await response.bytes()).length, sha256Of(7, 1000).length); // 1000 64
 * ```
 *
 * @module
 */
export type { CatalogueFile, CatalogueModel, CatalogueOptions, CatalogueVersion, Found } from "./civitai/catalogue.ts";
export {
  type CivitaiFaults,
  type CivitaiListenOptions,
  type CivitaiLogEntry,
  type CivitaiServer,
  type EmbeddedCivitai,
  embeddedCivitai,
  type EmbeddedCivitaiOptions,
} from "./civitai/embedded_civitai.ts";
export type { ListQuirks, Refusal, User } from "./civitai/site.ts";
export { type FakeClock, fakeClock, settle } from "./fake_clock.ts";
export { gguf, type GgufOptions } from "./files/gguf.ts";
export { type FileHashes, hashesOf } from "./files/hashes.ts";
export { type HubOptions, hubRoute } from "./hub/hub_route.ts";
export { avif, exif, jpeg, png, webp } from "./files/pictures.ts";
export { type Safetensors, safetensors, type SafetensorsOptions } from "./files/safetensors.ts";
export { type FileSpec } from "./origin/answer.ts";
export type { LogEntry, OriginOptions, Reply } from "./origin/answering.ts";
export {
  type Content,
  contentAt,
  digestOf,
  fixed,
  flipped,
  joined,
  pieces,
  randomFrom,
  seeded,
  sha256Of,
} from "./origin/content.ts";
export { type FaultKind, faultKinds, needsServer } from "./origin/fault_list.ts";
export {
  type Deed,
  type Ending,
  type Fault,
  type Framing,
  type OriginFile,
  refusals,
  type Scene,
  type Where,
} from "./origin/faults.ts";
export {
  type FaultyOrigin,
  faultyOrigin,
  type FaultyOriginOptions,
  type ListenOptions,
  type OriginServer,
} from "./origin/faulty_origin.ts";
export {
  faultyTlsOrigin,
  testCertificate,
  type TlsDeed,
  type TlsFault,
  type TlsLogEntry,
  type TlsOrigin,
  type TlsOriginOptions,
} from "./origin/faulty_tls_origin.ts";
export { type Link, type LinkOptions } from "./origin/links.ts";
export {
  randomSchedule,
  type Schedule,
  type ScheduleOptions,
  silentKinds,
  survivableKinds,
} from "./origin/schedule.ts";
export {
  checkClient,
  type CheckClientOptions,
  type ClientTask,
  type RunClient,
  type TrialResult,
  type Verdict,
} from "./check/check_client.ts";
export { type Trial, trials } from "./check/trials.ts";
export {
  type EmbeddedS3,
  embeddedS3,
  type EmbeddedS3Options,
  type EmbeddedS3Server,
  type S3LogEntry,
} from "./s3/embedded_s3.ts";
export type { ChecksumName } from "./s3/checksums.ts";
export type { S3Abilities } from "./s3/s3_ask.ts";
export type { S3Deed, S3Fault, S3Operation } from "./s3/s3_faults.ts";
export type { S3Upload, StoredObject, StoredPart } from "./s3/shelf.ts";
export type { S3User } from "./s3/signature.ts";
