import {
  formatRange,
  isPlain,
  isReadable,
  parseContentRange,
  parseUnsatisfiedTotal,
  plainLength,
  strongValidator,
} from "../http/byte_range.ts";
import { withheldFrom } from "../http/response_source.ts";

/**
 * What proves that two answers are bytes of the same file: a strong ETag or a Last-Modified, and the host that gave
 * it. Storage hosts number their copies independently, so validators are never compared across hosts.
 */
export interface Validator {
  /** The text for If-Range. */
  readonly value: string;
  /** The host of the answer it came with. */
  readonly host: string;
}

/** The bytes someone wants and what is known of the file; `end` is exclusive, undefined means: to the last byte. */
export interface Wanted {
  /** First byte wanted, from 0. */
  readonly start: number;
  /** One past the last byte wanted. */
  readonly end?: number | undefined;
  /** Size of the whole file in bytes, where known. */
  readonly total?: number | undefined;
  /** Proof that the file is still the same, where there is one. */
  readonly validator?: Validator | undefined;
}

/** What a server made of a request for a part. */
export type PartAnswer =
  /** The bytes asked for, or the first of them: [start, end) of a file of `total` bytes. */
  | { readonly kind: "part"; readonly start: number; readonly end: number; readonly total: number | undefined }
  /** The whole file from byte 0; `unchanged` when it proved to be the same file. */
  | { readonly kind: "whole"; readonly total: number | undefined; readonly unchanged: boolean }
  /** Nothing lies where asked: the file has `total` bytes. */
  | { readonly kind: "beyond"; readonly total: number | undefined }
  /** The file is another one now. */
  | { readonly kind: "changed"; readonly reason: string }
  /** A 206 that cannot be used. */
  | { readonly kind: "untrusted"; readonly reason: string }
  /** Any other status. */
  | { readonly kind: "refused" };

/** The host that finally answered. */
export function hostOf(response: Response, request: Request): string {
  return new URL(response.url || request.url).host;
}

/** The validator of an answer, where it has one. */
export function validatorOf(response: Response, request: Request): Validator | undefined {
  const value = strongValidator(response.headers);
  return value === undefined ? undefined : { value, host: hostOf(response, request) };
}

/** Tells whether `headers`, from the validator's own host, contradict it. */
function contradicts(headers: Headers, { value }: Validator): boolean {
  const current = value.startsWith('"') ? headers.get("etag") : headers.get("last-modified");
  return current !== null && current.trim() !== value;
}

/**
 * Judges an answer to a request for a part from its headers alone (RFC 9110 sections 14.4, 15.3.7 and 15.5.17). The
 * body is not touched; whoever does not use it cancels it.
 */
export function readPart(response: Response, request: Request, wanted: Wanted): PartAnswer {
  const { headers, status } = response;
  const { start, end, total, validator } = wanted;
  const sameHost = validator !== undefined && validator.host === hostOf(response, request);
  if (status === 200) {
    if (!isReadable(headers, request.headers.has("range"))) {
      return { kind: "untrusted", reason: "a 200 in a coding that nobody takes off" };
    }
    if (/^multipart\/byteranges\b/i.test(headers.get("content-type") ?? "")) {
      return { kind: "untrusted", reason: "a 200 of several parts" };
    }
    const length = plainLength(headers);
    const sameSize = total === undefined || length === undefined || length === total;
    const unchanged = sameHost && sameSize && validatorOf(response, request)?.value === validator.value;
    return { kind: "whole", total: length, unchanged };
  }
  if (status === 416 && request.headers.has("range")) {
    const actual = parseUnsatisfiedTotal(headers.get("content-range"));
    if (actual !== undefined && actual === total && start < actual) {
      return { kind: "untrusted", reason: `a 416 for byte ${start} of ${actual}` };
    }
    return { kind: "beyond", total: actual };
  }
  if (status !== 206) return { kind: "refused" };
  if (!isPlain(headers)) return { kind: "untrusted", reason: "a 206 in a coding" };
  const range = parseContentRange(headers.get("content-range"));
  if (range === undefined) return { kind: "untrusted", reason: "a 206 without a usable Content-Range" };
  if (total !== undefined && range.total !== undefined && range.total !== total) {
    return { kind: "changed", reason: `its size was ${total} and is now ${range.total}` };
  }
  if (sameHost && contradicts(headers, validator)) return { kind: "changed", reason: "its validator is another one" };
  if (range.start !== start) return { kind: "untrusted", reason: `a 206 from ${range.start} where ${start} was asked` };
  if (end !== undefined && range.end > end) {
    return { kind: "untrusted", reason: `a 206 to before ${range.end} where ${end} was asked` };
  }
  const length = plainLength(headers);
  if (length !== undefined && length !== range.end - range.start) {
    return { kind: "untrusted", reason: "a 206 whose Content-Length and Content-Range differ" };
  }
  return { kind: "part", ...range };
}

/** Where a part is asked for, and which headers of the request for the whole must not go there. */
export interface Address {
  /** The URL. */
  readonly url: string;
  /** Names of headers, in lower case. */
  readonly withheld: readonly string[];
}

/**
 * The address that gave an answer to a request sent to `from`, for further parts. Where nobody knows which headers
 * reached another origin it is `from` again: then the socket decides at each redirect.
 */
export function addressOf(response: Response, from: Address): Address {
  const url = response.url || from.url;
  const dropped = withheldFrom(response);
  if (dropped === undefined && new URL(url).origin !== new URL(from.url).origin) return from;
  return { url, withheld: [...from.withheld, ...dropped ?? []] };
}

/** The request for a part of what `request` asks for, optionally at the address it was last redirected to. */
export function partRequest(
  request: Request,
  { start, end, validator }: Wanted,
  { address = { url: request.url, withheld: [] }, signal = request.signal }: {
    address?: Address;
    signal?: AbortSignal;
  } = {},
): Request {
  const headers = new Headers(request.headers);
  headers.set("range", formatRange({ start, end }));
  if (validator) headers.set("if-range", validator.value);
  else headers.delete("if-range");
  for (const name of address.withheld) headers.delete(name);
  return new Request(address.url, { headers, signal });
}

/** Requests whose reader asks for the rest itself when the body breaks off. */
const selfHealing = new WeakSet<Request>();

/** Says that whoever made `request` heals its body, so that no layer below needs to stand between it and the socket. */
export function markSelfHealing(request: Request): Request {
  selfHealing.add(request);
  return request;
}

/** Tells whether the maker of `request` heals its body. */
export function isSelfHealing(request: Request): boolean {
  return selfHealing.has(request);
}
