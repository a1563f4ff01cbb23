/**
 * What the folders of this package share and nobody outside needs: deno.json does not export it.
 *
 * @module
 */
export { redactText, redactUrl } from "./redact.ts";
