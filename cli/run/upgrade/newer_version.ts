import { CivikitError, type Transport, version } from "../../../transport/mod.ts";
import { redactUrl } from "../../../transport/internal.ts";

/** What the registry has. */
export interface PublishedVersion {
  /** The newest version that was not taken back. */
  readonly latest: string;
  /** Whether it is newer than the one that runs. */
  readonly isNewer: boolean;
}

/** The numbers of a version; one that is only a taste of the next comes before it. */
const partsOf = (text: string): readonly number[] => {
  const [numbers = "", taste] = text.split("-", 2);
  return [...numbers.split("+")[0]!.split(".").map(Number), taste === undefined ? 1 : 0];
};

/** Whether `one` is older than `other`; of two tastes of the same version neither is. */
export function isOlderVersion(one: string, other: string): boolean {
  const [a, b] = [partsOf(one), partsOf(other)];
  const at = b.findIndex((part, index) => part !== a[index]);
  return at >= 0 && (a[at] ?? 0) < b[at]!;
}

/**
 * Asks the registry for the newest civikit.
 *
 * @param registry Where JSR is.
 * @throws {CivikitError} When it cannot be reached, or answers with something else.
 */
export async function publishedVersion(
  transport: Transport,
  registry: string,
  signal: AbortSignal,
): Promise<PublishedVersion> {
  const url = `${registry}/@civikit/civikit/meta.json`;
  // what was said a while ago is not what is newest
  const headers = { accept: "application/json", "cache-control": "no-cache" };
  const response = await transport.fetch(new Request(url, { headers, signal }));
  const text = await response.text();
  let latest: unknown;
  try {
    ({ latest } = JSON.parse(text) as { latest?: unknown });
  } catch {
    // told below
  }
  if (typeof latest !== "string" || !/^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/.test(latest)) {
    const message = `reading "${redactUrl(url)}": no versions of a package`;
    throw new CivikitError(message, { code: "invalid_response" });
  }
  return { latest, isNewer: isOlderVersion(version, latest) };
}
