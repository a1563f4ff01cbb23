// deno-lint-ignore-file no-console -- what it prints is what it is for
/** An embedded Civitai in a process of its own, so that its work does not count as the client's; prints its URL. */
import { startCivitai } from "../_civitai/mod.ts";

const [bulkModels = "0", galleryImages = "0", imageBytes = "0"] = Deno.args;
const site = await startCivitai({
  ...{ bigBytes: 65_536, loraBytes: 32_768, bulkModels: Number(bulkModels) },
  ...{ galleryImages: Number(galleryImages), imageBytes: Number(imageBytes) },
});
console.log(site.url);
// the log of a long measurement would be what grows
setInterval(() => site.log.splice(0), 200);
