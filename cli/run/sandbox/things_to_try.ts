import type { Locale } from "../../../transport/mod.ts";
import { sandboxText } from "../../texts/sandbox.ts";

/** What can be tried with an embedded Civitai at `url`: lines to paste, with `settings` (as `NAME=value`) before each command. */
export function thingsToTry(
  url: string,
  locale: Locale,
  program: string,
  settings = `CIVIKIT_BASE_URL=${url}`,
): string {
  const text = sandboxText[locale];
  return `
  ${settings} ${program} download 2100

${text.others("download 2100")}

  download 2010 --all-files    ${text.several}
  download 2070                ${text.earlyAccess}
  download 2080                ${text.loginRequired}
  models search lantern        ${text.shelves}
  images search --limit 5      ${text.gallery}

${text.without}

  curl ${url}/api/v1/models?limit=3
  curl ${url}/api/v1/model-versions/2002
  curl -LOJ ${url}/api/download/models/2002
  curl -LOJ '${url}/api/download/models/2010?fileId=3011'
  curl -i ${url}/api/download/models/2070
  curl -L -H 'Authorization: Bearer demo-key' -o m ${url}/api/download/models/2080
`;
}
