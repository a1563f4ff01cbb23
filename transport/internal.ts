/**
 * What the folders of this package share and nobody outside needs: deno.json does not export it.
 *
 * @module
 */
export { readAtMost } from "./read_at_most.ts";
export { redactText, redactUrl } from "./redact.ts";
export { lockPart, type PartLock } from "./download/lock.ts";
