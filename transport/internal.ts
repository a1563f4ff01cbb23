/**
 * What the folders of this package share and nobody outside needs: deno.json does not export it.
 *
 * @module
 */
export { Ask } from "./ask.ts";
export { readAtMost, readTextAtMost } from "./body/read_at_most.ts";
export { closest } from "./errors/closest.ts";
export { sleep, systemClock } from "./clock.ts";
export { type DigestFollower, followDigest } from "./download/digest.ts";
export { ensureFolder, freeBytes, wrapDiskError } from "./download/disk.ts";
export { errnoOf } from "./download/errno.ts";
export { renameDurably, syncFolder } from "./download/rename.ts";
export { peekJournal, urlDigest } from "./download/journal.ts";
export { isInside, outermost } from "./download/inside.ts";
export { parseSize, sizeText } from "./download/parse_size.ts";
export { isLocked, lockPart, type PartLock } from "./download/lock.ts";
export { longestNameBytes, suffixedName } from "./download/name_length.ts";
export {
  checkPlain,
  isAbandonedClaim,
  openFresh,
  openPlain,
  readPlainText,
  syncHandle,
} from "./download/plain_file.ts";
export { nameInUrl, resolveInside } from "./download/safe_name.ts";
export { formatBytes, formatSpeed } from "./download/speed.ts";
export { isOwnPart, unfinishedBytes } from "./download/unfinished.ts";
export { isSameHash } from "./download/verify.ts";
export { errorIs, statusIs } from "./errors/error_traits.ts";
export { missingRight, ownError } from "./errors/rights.ts";
export { readBaseUrl } from "./http/base_url.ts";
export {
  askedSpan,
  formatContentRange,
  formatRange,
  isPlain,
  parseContentRange,
  strongDate,
  strongTag,
} from "./http/byte_range.ts";
export { civitaiHosts, trustedHosts } from "./http/civitai_hosts.ts";
export { hostOf } from "./http/host.ts";
export { parseHttpDate } from "./http/http_date.ts";
export { parseRetryAfter } from "./http/retry_after.ts";
export { codeOfStatus, isNullBodyStatus, readText } from "./http/http_status.ts";
export { cutSecrets, redacted, rememberHeader, rememberPath, rememberSecret } from "./http/known_secrets.ts";
export { isLoopback } from "./http/loopback.ts";
export { nearestOf, type Reach, reachOf } from "./http/reach.ts";
export { messageOf, redactText, redactUrl, shownInput } from "./http/redact.ts";
export { isSecretName, type NamePlace } from "./http/secret_names.ts";
export { isRecord } from "./http/is_record.ts";
export { noOthers, wholeWithin, within } from "./errors/option.ts";
export { type FieldRecord, type Fields, PlainFields } from "./fields.ts";
export { fetchOf, layerOf, middlewareOf, type Send, sendOf } from "./lane.ts";
export { isHeard, newContext } from "./transport.ts";
export { remembered } from "./http/remembered.ts";
export { wrapBodyError } from "./socket/network_error.ts";
export { ownSocket } from "./socket/own_socket.ts";
export { isRedirect, nextHop } from "./socket/redirect.ts";
export { releaseAll } from "./socket/abort.ts";
export { environmentProxyFor, parseProxy, proxiesOf, proxyFor } from "./socket/proxy.ts";
export type { SqliteStep } from "./sqlite/layout.ts";
export { withFolder } from "./sqlite/files.ts";
export { lookAtSqlite } from "./sqlite/look.ts";
export { openSqlite, type SqliteFile, type SqliteOptions } from "./sqlite/open_sqlite.ts";
export { isSqliteBusy } from "./sqlite/trouble.ts";
