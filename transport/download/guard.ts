import { ContentError } from "../errors/errors.ts";
import { redactUrl } from "../http/redact.ts";

/** Endings of names under which text of this kind may well be what was asked for. */
const textual: Readonly<Record<string, RegExp>> = {
  html: /\.x?html?$/i,
  json: /\.(?:json|jsonl|ipynb|txt)$/i,
  xml: /\.(?:xml|svg|txt)$/i,
};

/** How many bytes of a file {@linkcode guardStart} looks at. */
export const judgedBytes = 512;

/** What files begin with; a dot stands for any byte. */
function begins(start: string, ...signs: string[]): boolean {
  return signs.some((sign) =>
    [...sign].every((letter, at) => letter === "." ? at < start.length : letter === start[at])
  );
}

const isZip = (start: string) => begins(start, "PK\x03\x04", "PK\x05\x06", "PK\x07\x08");
const isPickle = (start: string) => begins(start, "\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05");
const isTar = (start: string) => start.startsWith("ustar", 257);
const boxes = ["ftyp", "moov", "mdat", "wide", "free", "skip"].map((name) => `....${name}`);
const pictures = [
  "\x89PNG",
  "\xff\xd8\xff",
  "GIF8",
  "RIFF",
  "BM",
  "II*\0",
  "MM\0*",
  "\xff\x0a",
  "\0\0\0\x0cj",
  "\0\0\0\x0cJXL ",
];
const sounds = [
  "\x1aE\xdf\xa3",
  "OggS",
  "ID3",
  "fLaC",
  "\xff\xfb",
  "\xff\xfa",
  "\xff\xf3",
  "\xff\xf2",
  "\xff\xf1",
  "\xff\xf9",
];

/** Files that are never text, by ending, and what their first bytes look like where that is certain. */
const binary: readonly (readonly [RegExp, ((start: string, size: number) => boolean)?])[] = [
  [/\.(?:safetensors|sft)$/i, isSafetensors],
  [/\.gguf$/i, (start) => begins(start, "GGUF")],
  [
    /\.(?:pt|pth|ckpt)$/i,
    (start, size) => isZip(start) || isPickle(start) || isTar(start) || isSafetensors(start, size),
  ],
  [/\.zip$/i, isZip],
  [/\.7z$/i, (start) => begins(start, "7z\xbc\xaf\x27\x1c")],
  [/\.rar$/i, (start) => begins(start, "Rar!\x1a\x07")],
  [/\.t?gz$/i, (start) => begins(start, "\x1f\x8b")],
  // a storage for pictures hands out whatever format suits the client, whatever the name says
  [
    /\.(?:png|jpe?g|webp|gif|avif|bmp|tiff?|mp4|m4v|mov|webm|mkv|mp3|wav|ogg|flac)$/i,
    (start) => begins(start, ...boxes, ...pictures, ...sounds),
  ],
  [/\.onnx$/i],
];

/** A header of JSON that fits into the file, after its length. The format's own reader takes at most 100 MB of it. */
function isSafetensors(start: string, size: number): boolean {
  let length = 0;
  for (let at = 7; at >= 0; at--) length = length * 256 + start.charCodeAt(at);
  return start[8] === "{" && length >= 2 && length <= 100_000_000 && 8 + length <= size;
}

/** Tells whether bytes that may end in the middle of a letter are text. */
export function isText(bytes: Uint8Array): boolean {
  if (bytes.some((byte) => byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Tells what kind of text a Content-Type announces, if one that is hardly ever a model. */
function announced(contentType: string | null): "html" | "json" | undefined {
  const [type = ""] = (contentType ?? "").toLowerCase().split(";").map((text) => text.trim());
  if (type === "text/html" || type === "application/xhtml+xml") return "html";
  return type === "application/json" || type.endsWith("+json") ? "json" : undefined;
}

/** The error for an answer that is not the file. */
export function refusal(url: string, came: string, isPage = false): ContentError {
  return new ContentError(`downloading "${redactUrl(url)}": ${came} came instead of the file`, {
    code: isPage ? "login_required" : "unexpected_content",
    url: redactUrl(url),
  });
}

/**
 * Refuses an answer whose head shows that it is a login page or an error text and not the file (faults row 14).
 *
 * @throws {ContentError} `login_required` for a page, `unexpected_content` for JSON.
 */
export function guardHead(headers: Headers, path: string, url: string): void {
  const kind = announced(headers.get("content-type"));
  if (kind === undefined || textual[kind]!.test(path)) return;
  if (/\battachment\b/i.test(headers.get("content-disposition") ?? "")) return;
  throw refusal(url, kind === "html" ? "a web page" : "a JSON text", kind === "html");
}

/** What {@linkcode guardStart} goes by. */
export interface GuardOptions {
  /** The name the file is to get; its ending says what the bytes have to look like. */
  readonly path: string;
  /** What was asked for. */
  readonly url: string;
  /** Size of the whole file in bytes, where known. */
  readonly size: number | undefined;
  /** A hash will judge the file: then only text is refused, for the name may be wrong and the file right. */
  readonly isHashed: boolean;
}

/**
 * Refuses a file whose first bytes are those of a page, an error text or a Git LFS pointer, whatever its head said; under
 * the ending of a model, an archive or a picture also any other text, nothing at all, and what is no such file.
 *
 * @param start The first {@linkcode judgedBytes} of the file; fewer where it has no more, or where no more came.
 * @throws {ContentError} `login_required` for a page, `unexpected_content` for anything else.
 */
export function guardStart(start: Uint8Array, { path, url, size, isHashed }: GuardOptions): void {
  const bytes = start.subarray(0, judgedBytes);
  const raw = String.fromCharCode(...bytes);
  const text = raw.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (/^<(?:!doctype html|html|head|body)\b/i.test(text) && !textual.html!.test(path)) {
    throw refusal(url, "a web page", true);
  }
  if (/^\{\s*"(?:errors?|message|detail)"\s*:/.test(text) && !textual.json!.test(path)) {
    throw refusal(url, "an error text");
  }
  if (/^(?:<\?xml[^>]*>\s*)?<error\b/i.test(text) && !textual.xml!.test(path)) throw refusal(url, "an error text");
  if (text.startsWith("version https://git-lfs.github.com/spec/")) throw refusal(url, "a Git LFS pointer");
  const kind = binary.find(([ending]) => ending.test(path));
  // of a body that broke off after some bytes nothing more can be said
  if (kind === undefined || bytes.byteLength < Math.min(judgedBytes, size ?? Infinity)) return;
  if (bytes.byteLength === 0) throw refusal(url, "an empty answer");
  if (isText(bytes)) throw refusal(url, "a text");
  if (!isHashed && kind[1]?.(raw, size ?? Infinity) === false) throw refusal(url, "something that is no such file");
}

/** A sink's write without a wait. */
type Write = (bytes: Uint8Array, at: number) => void;

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const all = new Uint8Array(one.byteLength + other.byteLength);
  all.set(one);
  all.set(other, one.byteLength);
  return all;
}

/** What {@linkcode holdStart} returns. */
export interface HeldStart {
  /** Takes bytes of the file. */
  readonly write: Write;
  /** Lets go of what was held back when nothing more comes; `size` is that of the file, if this is all of it. */
  readonly end: (size?: number) => void;
}

/**
 * Holds back the first bytes of a file until there are enough for `judge`, which throws when they are not the file's;
 * then they, and all that follow, go to `write`. Bytes from further on, which come early over several connections, pass.
 */
export function holdStart(write: Write, judge: (start: Uint8Array, size?: number) => void): HeldStart {
  let held: Uint8Array<ArrayBufferLike> | undefined = new Uint8Array();

  function open(bytes: Uint8Array, size?: number): void {
    judge(bytes, size);
    held = undefined;
    if (bytes.byteLength > 0) write(bytes, 0);
  }

  return {
    write(bytes, at) {
      if (held === undefined || at > held.byteLength) return write(bytes, at);
      const all = at === 0 ? bytes : joined(held.subarray(0, at), bytes);
      if (all.byteLength >= judgedBytes) return open(all);
      held = all.slice(); // the buffer of `bytes` is used again
    },
    end(size) {
      if (held !== undefined) open(held, size);
    },
  };
}
