// deno run --allow-net --allow-env=CIVIKIT_BASE_URL examples/search.ts lantern
// deno-lint-ignore-file no-console -- a program: what it prints is what it is for

/** Lists the ten best models for some words, with the newest version's base model. */
import { civitai, createTransport } from "@civikit/civikit";

// `deno task dev` starts a Civitai on this machine to try this on
const baseUrl = Deno.env.get("CIVIKIT_BASE_URL") ?? "https://civitai.com";

using transport = createTransport();
const { models } = civitai(transport, { baseUrl });
let left = 10;
for await (const { id, name, type, modelVersions } of models.list({ query: Deno.args.join(" "), limit: left })) {
  console.log(`${id}  ${type}  ${name}  ${modelVersions[0]?.baseModel ?? ""}`);
  if (--left === 0) break; // the list itself would go on to its end, page after page
}
