/**
 * Every way a call can fail, as a stable name. Names never change meaning; new ones may be added. The texts shown to
 * people live in one catalogue, keyed by these codes (see {@linkcode hint}).
 */
export type ErrorCode =
  // the server's answer
  | "bad_request"
  | "unauthorized"
  | "login_required"
  | "downloads_disabled"
  | "early_access"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "gone"
  | "precondition_failed"
  | "range_not_satisfiable"
  | "rate_limited"
  | "too_many_pages"
  | "region_blocked"
  | "client_error"
  | "internal_server_error"
  | "bad_gateway"
  | "service_unavailable"
  | "gateway_timeout"
  | "cloudflare_error"
  | "cloudflare_timeout"
  | "server_error"
  // the network
  | "dns_failed"
  | "connect_failed"
  | "tls_failed"
  | "connection_reset"
  | "network_error"
  | "header_timeout"
  | "idle_timeout"
  | "total_timeout"
  | "circuit_open"
  // redirects
  | "redirect_invalid"
  | "redirect_insecure"
  | "redirect_loop"
  | "too_many_redirects"
  // content
  | "unexpected_content"
  | "protocol_violation"
  | "content_changed"
  | "body_incomplete"
  | "no_progress"
  | "page_loop"
  // verification
  | "hash_mismatch"
  | "size_mismatch"
  // the disk and the machine
  | "no_space"
  | "permission_denied"
  | "folder_missing"
  | "invalid_path"
  | "target_locked"
  | "target_exists"
  | "part_mismatch"
  | "rename_failed"
  | "disk_error"
  | "too_many_files"
  | "out_of_memory"
  // what the caller asked for
  | "invalid_argument"
  | "invalid_url"
  | "insecure_url"
  | "invalid_air"
  | "invalid_config"
  | "invalid_response"
  | "no_such_file"
  // files of ours or of other tools on the disk
  | "invalid_file"
  | "newer_format"
  | "aborted"
  // our own
  | "internal_error";

/**
 * What a code leaves open, as a stable name: which right is missing, what was not found, what is wrong with the key. Names
 * never change meaning; new ones may be added. Each has a hint of its own (see {@linkcode hint}).
 */
export type ErrorReason =
  // unauthorized, login_required
  | "key_missing"
  | "key_refused"
  | "key_withheld"
  | "s3_credentials"
  | "clock_skew"
  // invalid_config: the Redis of a fleet
  | "redis_credentials"
  | "redis_evicts"
  | "redis_unfit"
  // forbidden
  | "bucket_denied"
  // unauthorized, forbidden: another host's file is private
  | "host_token"
  // not_found
  | "model_missing"
  | "version_missing"
  | "user_missing"
  | "image_missing"
  | "url_missing"
  | "bucket_missing"
  // permission_denied: what Deno was not allowed
  | "net_right"
  | "read_right"
  | "write_right"
  | "env_right"
  | "sys_right"
  | "run_right"
  | "ffi_right"
  | "import_right"
  // insecure_url, redirect_insecure
  | "near_address"
  // folder_missing, invalid_path
  | "file_missing"
  | "list_missing"
  | "is_folder"
  | "not_a_folder"
  | "root_outside"
  | "own_link"
  // invalid_argument
  | "unknown_word"
  | "unknown_layout"
  | "port_in_use"
  | "project_missing"
  | "list_empty"
  | "key_reused"
  // hash_mismatch
  | "file_damaged"
  // invalid_file
  | "model_damaged"
  | "database_foreign"
  | "backup_damaged"
  | "no_model_named"
  // invalid_config
  | "bucket_region"
  // target_exists
  | "unit_edited"
  | "backup_exists"
  | "place_taken"
  // target_locked
  | "database_locked"
  | "service_running"
  | "moves_running"
  | "moves_unfinished"
  // no_such_file
  | "not_in_trash"
  // part_mismatch
  | "file_changed"
  // invalid_path
  | "name_encoding";
