/**
 * Signed links that expire, as storage hosts hand them out: a resolving path answers 307 to `/signed/…?sig=n`, and after
 * so many bytes or requests that link answers 403 (or 401, 404, 410) until someone resolves again.
 *
 * @module
 */
import type { OriginFile, Scene } from "./faults.ts";

/** How long a link lives. */
export interface LinkOptions {
  /** Path of the file it leads to, on the same origin. */
  readonly to: string;
  /** Body bytes one link is good for; a body that reaches the limit is cut there. Default: no limit. */
  readonly bytes?: number;
  /** Requests one link is good for. Default: no limit. */
  readonly requests?: number;
  /** What an expired link answers (default 403). */
  readonly status?: 401 | 403 | 404 | 410;
  /** Only this many links are ever limited, so that a client that resolves again gets through. Default: all. */
  readonly times?: number;
}

/** One link that was handed out. */
export interface Link {
  /** Takes up to `wanted` bytes from what is left; 0 when nothing is. */
  take(wanted: number): number;
  /** Bytes left. */
  left(): number;
  /** Counts a request; false when the link has expired. */
  visit(): boolean;
}

/** A link with a budget. */
export function link({ bytes = Infinity, requests = Infinity }: { bytes?: number; requests?: number } = {}): Link {
  let bytesLeft = bytes;
  let requestsLeft = requests;
  return {
    take(wanted) {
      const taken = Math.min(wanted, bytesLeft);
      bytesLeft -= taken;
      return taken;
    },
    left: () => bytesLeft,
    visit: () => bytesLeft > 0 && requestsLeft-- > 0,
  };
}

type LinkReply =
  | { status: number; headers: Record<string, string>; body: string }
  | { file: OriginFile; link: Link };

/** Answers the resolving paths of `table` and the signed paths they lead to; undefined for any other path. */
export function links(
  table: Readonly<Record<string, LinkOptions>>,
  find: (path: string) => OriginFile | undefined,
): (scene: Scene) => LinkReply | undefined {
  const given = new Map<string, { link: Link; options: LinkOptions }>();

  function resolve(path: string, options: LinkOptions): LinkReply {
    const before = [...given.values()].filter((one) => one.options === options).length;
    const sig = `${path.length}-${given.size + 1}`;
    given.set(sig, { link: before < (options.times ?? Infinity) ? link(options) : link(), options });
    const location = `/signed${options.to}?sig=${sig}&expires=86400`;
    return { status: 307, headers: { Location: location, "Cache-Control": "no-store, max-age=0" }, body: "" };
  }

  return function answer({ path, query }) {
    const options = table[path];
    if (options) return resolve(path, options);
    if (!path.startsWith("/signed/")) return undefined;
    const known = given.get(query.get("sig") ?? "");
    const file = known && known.options.to === path.slice("/signed".length) ? find(known.options.to) : undefined;
    if (!known || !file || !known.link.visit()) {
      const headers = { "Content-Type": "application/xml" };
      const body = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
      return { status: known?.options.status ?? 403, headers, body };
    }
    return { file, link: known.link };
  };
}
