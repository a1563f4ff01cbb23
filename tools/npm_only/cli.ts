/**
 * `@std/cli` for networks that reach npm but not JSR: the parts that are used.
 *
 * @module
 */
export { type Args, parseArgs, type ParseOptions } from "./parse_args.ts";
export { promptSecret, type PromptSecretOptions } from "./prompt_secret.ts";
export { unicodeWidth } from "./unicode_width.ts";
