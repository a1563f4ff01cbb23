// deno run --allow-net --allow-read --allow-write=. --allow-sys=statfs --allow-env=CIVIKIT_BASE_URL,CIVITAI_API_KEY examples/download_with_progress.ts 128713
// deno-lint-ignore-file no-console -- a program: what it prints is what it is for

/** Downloads all files of a version, model, AIR, page or hash into `models/`, verified. Run it again to go on. */
import { createTransport, downloadModel } from "@civikit/civikit";

const baseUrl = Deno.env.get("CIVIKIT_BASE_URL") ?? "https://civitai.com";

using transport = createTransport({ key: () => Deno.env.get("CIVITAI_API_KEY") });
const files = await downloadModel(transport, Deno.args[0] ?? "", {
  baseUrl,
  directory: "models",
  all: true,
  onProgress({ name, downloadedBytes, totalBytes = NaN, bytesPerSecond }) {
    console.log(
      `${name}: ${Math.floor(100 * downloadedBytes / totalBytes)}%, ${(bytesPerSecond / 1e6).toFixed(1)} MB/s`,
    );
  },
});
for (const { path, verified } of files) console.log(path, verified ? "verified" : "not verified");
