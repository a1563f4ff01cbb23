import type { Disproved, Identity } from "../../api/mod.ts";
import { type Locale, VerificationError } from "../../transport/mod.ts";
import { ExitCode } from "../exit_code.ts";
import { scanText } from "../texts/library.ts";
import type { Output } from "./output.ts";
import { printable } from "./text.ts";

/**
 * Tells what a proof found wrong: that it is another file of the site is only told, bytes that nobody knows are a failure.
 *
 * @param found What the file is; null when nobody knows.
 */
export function tellDisproved(
  { path, sha256, presumed, presumedSha256 }: Disproved,
  found: Identity | null,
  { subject, locale, out }: { readonly subject: string; readonly locale: Locale; readonly out: Output },
): void {
  const event = { event: "disproved", path, sha256, presumedSha256, presumed, identity: found };
  const was = `${presumed.modelName} ${presumed.versionName}`;
  if (found !== null) return out.warn(event, scanText[locale].disproved(printable(subject), printable(was)));
  const message = `scanning ${JSON.stringify(path)}: it was presumed to be ${
    JSON.stringify(was)
  }, and its SHA256 is not`;
  const error = new VerificationError(message, {
    ...{ code: "hash_mismatch", reason: "file_damaged", algorithm: "SHA256" },
    ...{ expected: presumedSha256, actual: sha256, path },
  });
  out.fail(error, subject, event, ExitCode.verification);
}
