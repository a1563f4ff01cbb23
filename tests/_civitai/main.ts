/**
 * Starts an embedded Civitai for looking around: `deno run -A tests/_civitai/main.ts [port]`, ended by Ctrl-C.
 *
 * @module
 */
import { startCivitai } from "./mod.ts";

const civitai = await startCivitai({ bigBytes: 256 * 1024 ** 2, port: Number(Deno.args[0] ?? 0) });
console.log(`An embedded Civitai is at ${civitai.url}, its storage at ${civitai.storage.url}. Ctrl-C ends it.

  curl ${civitai.url}/api/v1/models?limit=3
  curl ${civitai.url}/api/v1/model-versions/2002
  curl -LOJ ${civitai.url}/api/download/models/2002
  curl -LOJ ${civitai.url}/api/download/models/2010?fileId=3011        one of several files
  curl -i ${civitai.url}/api/download/models/2070                      early access
  curl -L -H 'Authorization: Bearer demo-key' -o m ${civitai.url}/api/download/models/2080   login required
  curl -LOJ ${civitai.url}/api/download/models/2100                    256 MiB
`);
Deno.addSignalListener("SIGINT", async () => {
  await civitai.close();
  Deno.exit(130);
});
