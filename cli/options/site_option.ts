import { trustedHosts } from "../../transport/internal.ts";
import { invalid } from "../settings/setting_words.ts";
import { printable } from "../terminal/text.ts";

/** Whose key is meant. */
export const siteFlag = {
  site: {
    type: "text",
    value: "HOST",
    suggests: trustedHosts as readonly string[],
    usual: "civitai.com",
    help: {
      en: "whose key: civitai.com, civitai.red, ...",
      "zh-TW": "哪個網站的金鑰：`civitai.com`、`civitai.red` 等",
    },
  },
} as const;

/** A site that may have a key of its own. */
export interface KeySite {
  /** Its host, with its port where that is not the usual one. */
  readonly host: string;
  /** Where its API is. */
  readonly baseUrl: string;
}

/**
 * The site that `--site` names: the one commands ask, or another that may see a key.
 *
 * @throws {InputError} `invalid_config` when no key is ever sent there.
 */
export function siteOption(
  text: string | undefined,
  baseUrl: string,
  trusted: readonly string[] = trustedHosts,
): KeySite {
  const own = { host: new URL(baseUrl).host, baseUrl };
  const asked = text?.toLowerCase().replace(/^https:\/\/|\/+$/g, "").replace(/^www\./, "");
  if (asked === undefined || asked === own.host) return own;
  if (trusted.includes(asked)) return { host: asked, baseUrl: `https://${asked}` };
  const known = [...new Set([own.host, ...trusted])].join(", ");
  throw invalid(`reading --site "${printable(text!)}": keys are sent to ${known} alone`, "--site");
}
