// deno run --allow-net --allow-read --allow-write=. --allow-sys=statfs --allow-env=CIVIKIT_BASE_URL,CIVITAI_API_KEY examples/download_with_progress.ts 128713
// deno-lint-ignore-file no-console -- a program: what it prints is what it is for

/** Downloads the files of a version, model, AIR or page into `models/`, verified. Run it again to go on. */
import { civitai, createTransport, download } from "@civikit/civikit";
import { parseReference, resolveDownloads } from "@civikit/civikit/api";

const baseUrl = Deno.env.get("CIVIKIT_BASE_URL") ?? "https://civitai.com";

using transport = createTransport({ key: () => Deno.env.get("CIVITAI_API_KEY") });
const reference = parseReference(Deno.args[0] ?? "");
if (reference.kind === "url") throw new Error("not on Civitai");
for (const file of await resolveDownloads(civitai(transport, { baseUrl }), reference)) {
  const { path, verified } = await download(transport, file.url, `models/${file.fileName}`, {
    ...file,
    onProgress({ downloadedBytes, totalBytes = NaN, bytesPerSecond }) {
      const percent = Math.floor(100 * downloadedBytes / totalBytes);
      console.log(`${file.fileName}: ${percent}%, ${(bytesPerSecond / 1e6).toFixed(1)} MB/s`);
    },
  });
  console.log(path, verified ? "verified" : "not verified");
}
