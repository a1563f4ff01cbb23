/**
 * What the folders of this package share and nobody outside needs: deno.json does not export it.
 *
 * @module
 */
export { strongDate, strongTag } from "./http/byte_range.ts";
export { readBaseUrl } from "./http/base_url.ts";
export { civitaiHosts, trustedHosts } from "./http/civitai_hosts.ts";
export { hostOf } from "./http/host.ts";
export { isPlain } from "./http/byte_range.ts";
export { cutSecrets, redacted, rememberHeader, rememberSecret } from "./http/known_secrets.ts";
export { lockPart, type PartLock } from "./download/lock.ts";
export { urlDigest } from "./download/journal.ts";
export { longestNameBytes, suffixedName } from "./download/name_length.ts";
export { isOwnPart, unfinishedBytes } from "./download/unfinished.ts";
export {
  checkPlain,
  isAbandonedClaim,
  openFresh,
  openPlain,
  readPlainText,
  syncHandle,
} from "./download/plain_file.ts";
export { nearestOf, type Reach, reachOf } from "./http/reach.ts";
export { readAtMost, readTextAtMost } from "./body/read_at_most.ts";
export { messageOf, redactText, redactUrl } from "./http/redact.ts";
export { missingRight, ownError } from "./errors/rights.ts";
export { isSecretName, type NamePlace } from "./http/secret_names.ts";
export { isSqliteBusy, openSqlite, type SqliteFile, type SqliteOptions, type SqliteStep } from "./sqlite.ts";
