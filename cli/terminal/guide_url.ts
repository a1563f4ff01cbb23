import type { ErrorCode } from "../../transport/mod.ts";
import { version } from "../../transport/http/version.ts";

/** Where the troubleshooting guide of this very version tells more of a failure. */
export function guideUrl(code: ErrorCode): string {
  return `https://jsr.io/@civikit/civikit/${version}/docs/troubleshooting.md#${code}`;
}
