/**
 * The origin that commits every fault of a network and a server: see `server.ts` for its use, `faults.ts` for what it
 * can do wrong, `links.ts` for links that expire, `content.ts` for big files without memory, `schedule.ts` for random
 * faults from a seed, `tls.ts` for HTTPS and HTTP/2.
 *
 * @module
 */
export { fileOf, type FileSpec } from "./answer.ts";
export * from "./content.ts";
export * from "./faults.ts";
export * from "./links.ts";
export * from "./schedule.ts";
export * from "./server.ts";
export * from "./tls.ts";
