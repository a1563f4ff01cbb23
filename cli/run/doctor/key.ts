import { civitai } from "../../../api/mod.ts";
import { auth, compose, fetchTransport, HttpError, status } from "../../../transport/mod.ts";
import type { FoundKey, Keys } from "../../settings/keys.ts";
import { adviceOn, type Finding, stateOf } from "./finding.ts";
import type { Probe } from "./probe.ts";

/** Whether the site says that it does not take the key. */
const isRefusal = (error: unknown) => error instanceof HttpError && (error.status === 401 || error.status === 403);

/** What {@linkcode keyFinding} goes by. */
export interface KeyOptions {
  /** Where the API is. */
  readonly baseUrl: string;
  /** Certificates of authorities to trust besides the usual ones, in PEM. */
  readonly caCerts: readonly string[];
  /** Ends it early. */
  readonly signal: AbortSignal;
}

/** Whether there is a key, and whether the API takes it; `api` tells if there is a way to ask. */
export async function keyFinding(keys: Keys, api: Probe, options: KeyOptions): Promise<Finding> {
  const { baseUrl, caCerts, signal } = options;
  const { host, proxy } = api.target;
  let found: FoundKey | undefined;
  try {
    found = keys.find(host);
  } catch (error) {
    const state = stateOf(error);
    return { check: "key", level: "error", detail: () => state, next: adviceOn(error) };
  }
  if (found === undefined) {
    return { check: "key", level: "ok", detail: (text) => text.keyNone, next: (text) => text.keyNoneNext };
  }
  const { key, source } = found;
  const unasked: Finding = {
    check: "key",
    level: "warning",
    detail: (text) => text.keyUnasked(source, host),
    next: (text) => text.keyUnaskedNext,
  };
  if (!("ms" in api.http) || api.portal !== undefined) return unasked;
  using socket = fetchTransport({ proxy: proxy ?? false, caCerts, headersMs: 10_000 });
  const transport = compose(socket, status(), auth({ key, hosts: [host] }));
  try {
    await civitai(transport, { baseUrl }).me({ signal });
    return { check: "key", level: "ok", detail: (text) => text.keyAccepted(source, host) };
  } catch (error) {
    signal.throwIfAborted();
    if (!isRefusal(error)) return unasked;
    return { check: "key", level: "error", detail: (text) => text.keyRefused(source, host), next: adviceOn(error) };
  }
}
