/**
 * Starts an embedded Civitai for looking around: `deno run -A tests/_civitai/main.ts [port]`, ended by Ctrl-C. With a
 * dashboard beside it: `deno task dev`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a program of its own: the terminal is where it speaks
import { type Civitai, startCivitai } from "./mod.ts";

/** What can be tried with an embedded Civitai, where `settings` stand before each command, as `NAME=value`. */
export function thingsToTry({ url }: Civitai, settings = `CIVIKIT_BASE_URL=${url}`): string {
  return `
  ${settings} deno task civikit download 2100

and, in place of "download 2100" (256 MiB):

  download 2010 --all-files    several files of one version
  download 2070                early access
  download 2080                login required: CIVITAI_API_KEY=demo-key before it
  models search lantern        what the shelves hold
  images search --limit 5      the gallery

or without civikit:

  curl ${url}/api/v1/models?limit=3
  curl ${url}/api/v1/model-versions/2002
  curl -LOJ ${url}/api/download/models/2002
  curl -LOJ '${url}/api/download/models/2010?fileId=3011'
  curl -i ${url}/api/download/models/2070
  curl -L -H 'Authorization: Bearer demo-key' -o m ${url}/api/download/models/2080
`;
}

if (import.meta.main) {
  const civitai = await startCivitai({ bigBytes: 256 * 1024 ** 2, port: Number(Deno.args[0] ?? 0) });
  console.log(
    `An embedded Civitai is at ${civitai.url}, its storage at ${civitai.storage.url}. Ctrl-C ends it. Elsewhere:`,
  );
  console.log(thingsToTry(civitai));
  Deno.addSignalListener("SIGINT", async () => {
    await civitai.close();
    Deno.exit(130);
  });
}
