import { CivikitError, type ErrorCode } from "../transport/mod.ts";
import { ownError } from "../transport/internal.ts";
import { ExitCode } from "./exit_codes.ts";

export { ExitCode };

const { other, usage, auth, notFound, network, rateLimited, verification, disk, interrupted } = ExitCode;

const byCode: Readonly<Record<ErrorCode, number>> = {
  bad_request: usage,
  unauthorized: auth,
  login_required: auth,
  downloads_disabled: auth,
  early_access: auth,
  forbidden: auth,
  not_found: notFound,
  method_not_allowed: network,
  gone: notFound,
  precondition_failed: network,
  range_not_satisfiable: network,
  rate_limited: rateLimited,
  too_many_pages: rateLimited,
  region_blocked: auth,
  client_error: network,
  internal_server_error: network,
  bad_gateway: network,
  service_unavailable: network,
  gateway_timeout: network,
  cloudflare_error: network,
  cloudflare_timeout: network,
  server_error: network,
  dns_failed: network,
  connect_failed: network,
  tls_failed: network,
  connection_reset: network,
  network_error: network,
  header_timeout: network,
  idle_timeout: network,
  total_timeout: network,
  circuit_open: network,
  redirect_invalid: network,
  redirect_insecure: network,
  redirect_loop: network,
  too_many_redirects: network,
  unexpected_content: network,
  protocol_violation: network,
  content_changed: network,
  body_incomplete: network,
  no_progress: network,
  page_loop: network,
  hash_mismatch: verification,
  size_mismatch: verification,
  no_space: disk,
  permission_denied: disk,
  folder_missing: disk,
  invalid_path: disk,
  target_locked: disk,
  target_exists: disk,
  part_mismatch: disk,
  rename_failed: disk,
  disk_error: disk,
  too_many_files: other,
  out_of_memory: other,
  invalid_argument: usage,
  invalid_url: usage,
  insecure_url: usage,
  invalid_air: usage,
  invalid_config: usage,
  invalid_response: network,
  no_such_file: notFound,
  invalid_file: other,
  newer_format: other,
  aborted: interrupted,
  internal_error: other,
};

/** The exit code for one failure; 1 for anything that is not civikit's own. */
export function exitCode(error: unknown): number {
  const own = ownError(error);
  return own instanceof CivikitError ? byCode[own.code] : other;
}

/** The exit code for a batch: 0 without failures, the code all failures share, else 1. */
export function sharedExitCode(codes: Iterable<number>): number {
  const [first = ExitCode.ok, ...rest] = new Set(codes);
  return rest.length === 0 ? first : other;
}
