// deno run --allow-net --allow-read --allow-env=CIVIKIT_BASE_URL examples/what_a_picture_needs.ts lantern.png models
// deno-lint-ignore-file no-console -- a program: what it prints is what it is for

/** Which of the models a picture was made with lie in a folder, and which could be had. Nothing is downloaded. */
import { createTransport } from "@civikit/civikit";
import { civitai, folderShelf, hashCache, modelsIn, needsOf } from "@civikit/civikit/api";

const [picture = "lantern.png", folder = "models"] = Deno.args;
using transport = createTransport();
const api = civitai(transport, { baseUrl: Deno.env.get("CIVIKIT_BASE_URL") ?? "https://civitai.com" });
using cache = hashCache(":memory:");

const { used } = modelsIn(await Deno.readFile(picture), picture);
const find = folderShelf(folder, { cache });
for (const { name, state, path, target } of await needsOf(used, { api, transport, find, layout: "comfyui" })) {
  console.log(`${state}: ${name} ${path ?? target ?? ""}`.trimEnd());
}
