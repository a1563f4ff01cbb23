import type { ErrorCode } from "./codes.ts";
import { type CivikitError, HttpError } from "./errors.ts";

/** What a failure means for those who want to go on in spite of it. */
export type Trait =
  /** May pass by itself: the same request is worth another attempt after a pause. */
  | "passing"
  /** The server's own trouble, whatever was asked. */
  | "failing"
  /** Nobody is there to answer: a stored answer may stand in. */
  | "absent"
  /** No way to the host: who has not a byte yet wants to know at once. */
  | "unreachable"
  /** An answer broke off: the whole is worth another request at once. */
  | "broken"
  /** «Not so many at once», where other connections are being served. */
  | "crowded"
  /** A link that led to bytes before has expired: the original URL leads to a new one. */
  | "expired"
  /** Bytes came that cannot be what was asked for; others may. */
  | "misleading"
  /** Ends a body under way: its reader, not a layer below, decides how to go on. */
  | "fatal"
  /** The request was not sent, or its answer not followed: it says nothing about the host. */
  | "withheld"
  /** Another attempt changes nothing. */
  | "final";

const down: readonly Trait[] = ["passing", "failing", "absent"];
const busy: readonly Trait[] = [...down, "crowded"];

const byStatus: Readonly<Record<number, readonly Trait[]>> = {
  400: ["expired"],
  401: ["expired"],
  403: ["expired", "crowded"],
  404: ["expired"],
  408: ["passing"],
  410: ["expired"],
  425: ["passing"],
  429: ["passing", "crowded"],
  500: busy,
  502: busy,
  503: busy,
  504: busy,
  520: down,
  521: down,
  522: down,
  523: down,
  524: down,
  525: down,
  526: down,
  527: down,
  530: ["failing", "absent"],
};

const byCode: Readonly<Partial<Record<ErrorCode, readonly Trait[]>>> = {
  dns_failed: ["passing", "unreachable"],
  connect_failed: ["passing", "unreachable", "crowded"],
  connection_reset: ["passing", "broken"],
  network_error: ["passing", "broken"],
  header_timeout: ["passing"],
  total_timeout: ["final"],
  tls_failed: ["final"],
  permission_denied: ["final"],
  redirect_insecure: ["final", "withheld"],
  redirect_invalid: ["final", "withheld"],
  redirect_loop: ["final", "withheld"],
  too_many_redirects: ["final", "withheld"],
  circuit_open: ["unreachable", "fatal", "withheld"],
  body_incomplete: ["broken", "misleading"],
  protocol_violation: ["misleading"],
  content_changed: ["misleading", "fatal"],
  no_progress: ["final"],
  too_many_pages: ["final"],
};

/** Tells whether a status has a trait. */
export function statusIs(trait: Trait, status: number): boolean {
  return (byStatus[status] ?? (status >= 500 ? ["failing"] : [])).includes(trait);
}

/** Tells whether an error has a trait: by its code, and where it is an answer by its status. */
export function errorIs(trait: Trait, error: CivikitError): boolean {
  return byCode[error.code]?.includes(trait) === true || error instanceof HttpError && statusIs(trait, error.status);
}
