import { isAbsolute, resolve, sep } from "node:path";
import { DiskError } from "../errors/errors.ts";
import { cutName, longestNameBytes, trimName } from "./name_length.ts";

/** Settings of {@linkcode safeFileName}. */
export interface SafeFileNameOptions {
  /** The name when nothing usable is left; made safe as well. Default `download`. */
  fallback?: string;
  /** Longest result in UTF-8 bytes. Default 229, so that every ending of ours still fits into the usual 255. */
  maxBytes?: number;
}

// deno-lint-ignore no-control-regex
const terminalSequence = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?/g;
// controls, invisible and direction-changing characters, line and paragraph separators, half surrogate pairs
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const forbiddenOnWindows = /[<>:"|?*]/g;
const reservedOnWindows = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|$)/i;
const ours = /\.(?:part(?:\.(?:json|lock|old)(?:\.(?:bad|tmp|\d+))?)?|quarantine(?:\.json)?)$/i;
function clean(name: string, maxBytes: number): string {
  const visible = name.replace(terminalSequence, "").replace(unseen, "").normalize("NFC");
  const base = visible.split(/[/\\]/).at(-1)!.replace(forbiddenOnWindows, "_");
  let safe = cutName(trimName(base), maxBytes);
  if (reservedOnWindows.test(safe)) safe = cutName(`_${safe}`, maxBytes);
  return ours.test(safe) ? `${cutName(safe, maxBytes - 1)}_` : safe;
}

/**
 * A file name from elsewhere, made fit to be one on every system: the last path segment only, in Unicode NFC, without
 * controls, escape codes, invisible or direction-changing characters, characters and words Windows reserves, outer dots
 * and spaces, or an ending that this package keeps for its own part files. Long names are cut between characters and
 * keep their extension. Other scripts, brackets and spaces stay.
 *
 * @throws {RangeError} when `maxBytes` is not a whole number from 32 to 255.
 * @example
 * ```ts
 * import { safeFileName } from "@civikit/civikit/transport";
 *
 * console.log(safeFileName("../../etc/passwd")); // passwd
 * console.log(safeFileName("con.txt")); // _con.txt
 * console.log(safeFileName("水墨 [v2].safetensors")); // unchanged
 * console.log(safeFileName("..", { fallback: "1387174.safetensors" })); // 1387174.safetensors
 * ```
 */
export function safeFileName(
  name: string,
  { fallback = "download", maxBytes = longestNameBytes }: SafeFileNameOptions = {},
): string {
  if (!Number.isInteger(maxBytes) || maxBytes < 32 || maxBytes > 255) {
    throw new RangeError(`making a file name safe: maxBytes "${maxBytes}": not a whole number from 32 to 255`);
  }
  return clean(name, maxBytes) || clean(fallback, maxBytes) || "download";
}

/**
 * The path of `relative` under `root`, whose words lead nowhere else: no absolute path, no way up. Links below `root` are
 * followed: people keep folders of models on other disks.
 *
 * @returns The full path; nothing is created.
 * @throws {DiskError} `invalid_path` when it would leave `root`, or is `root` itself.
 * @example
 * ```ts
 * console.log(resolveInside("/models", "Lora/SDXL/style.safetensors"));
 * ```
 */
export function resolveInside(root: string, relative: string): string {
  const base = resolve(root);
  const refuse = (state: string) =>
    new DiskError(`resolving ${JSON.stringify(relative)} inside ${JSON.stringify(base)}: ${state}`, {
      code: "invalid_path",
      path: base,
    });
  if (relative.includes("\0")) throw refuse("contains a NUL");
  if (isAbsolute(relative) || /^[a-z]:|^[/\\]/i.test(relative)) throw refuse("not a relative path");
  if (relative.split(/[/\\]/).includes("..")) throw refuse("leads up");
  const path = resolve(base, relative);
  if (!path.startsWith(base.endsWith(sep) ? base : base + sep) || path === base) throw refuse("not inside");
  return path;
}

/**
 * The file name a Content-Disposition suggests, made safe: `filename*` where it is well-formed, else `filename`
 * (RFC 6266 section 4.3, RFC 8187). Undefined when there is none, or nothing of it is usable.
 *
 * @example
 * ```ts
 * console.log(contentDispositionName(`attachment; filename="a.bin"; filename*=UTF-8''%E6%B0%B4.bin`)); // 水.bin
 * ```
 */
export function contentDispositionName(header: string | null): string | undefined {
  const parameters = new Map<string, string>();
  for (const [, name, quoted, bare] of `;${header ?? ""}`.matchAll(parameter)) {
    const key = name!.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, "$1") ?? bare!.trim());
  }
  const extended = decodeExtended(parameters.get("filename*"));
  return (extended && clean(extended, longestNameBytes)) ||
    clean(decodeRaw(parameters.get("filename") ?? ""), longestNameBytes) || undefined;
}

const parameter = /;\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g;

/** `charset'language'percent-encoded` (RFC 8187 section 3.2.1). */
function decodeExtended(value: string | undefined): string | undefined {
  const [, charset, encoded] = /^(utf-8|iso-8859-1)'[\w-]*'((?:%[\da-f]{2}|[\w!#$&+.^`|~-])+)$/i.exec(value ?? "") ??
    [];
  if (charset === undefined || encoded === undefined) return undefined;
  const octets = encoded.replace(/%(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  if (charset.toLowerCase() !== "utf-8") return octets;
  try {
    return decodeUtf8(octets);
  } catch {
    return undefined;
  }
}

/** Headers arrive as one character per byte; many servers send UTF-8 in them all the same. */
function decodeRaw(value: string): string {
  try {
    return decodeUtf8(value);
  } catch {
    return value;
  }
}

function decodeUtf8(octets: string): string {
  // deno-lint-ignore no-control-regex
  if (/[^\x00-\xff]/.test(octets)) return octets;
  return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(octets, (octet) => octet.charCodeAt(0)));
}

/** The name a URL ends with, made safe. */
export function nameInUrl(url: string): string {
  const last = new URL(url).pathname.split("/").at(-1) ?? "";
  try {
    return safeFileName(decodeURIComponent(last));
  } catch {
    return safeFileName(last);
  }
}
