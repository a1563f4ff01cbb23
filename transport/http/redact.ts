import { DiskError, VerificationError } from "../errors/errors.ts";
import { cutSecrets, redacted } from "./known_secrets.ts";
import { remembered } from "./remembered.ts";
import { isSecretName } from "./secret_names.ts";

const shortestLongValue = 64;
const jwt = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g;
const fileEnding = /\.[a-z][a-z\d]{1,11}$/i;

/** Letters and digits in a wild order, as keys have them; hexadecimal digits are names of contents more often. */
function looksRandom(text: string): boolean {
  if (text.length < 24 || !/^[\w~+=-]+$/.test(text) || /^[\da-f-]+$/i.test(text) || !/\d.*\d/.test(text)) return false;
  // a capital before small letters begins a word, which is no change of kind
  const changes = text.match(/[a-z](?=[A-Z\d])|\d(?=[A-Za-z])|[A-Z](?=\d)/g) ?? [];
  return changes.length * 3 >= text.length;
}

function looksLikeKey(text: string): boolean {
  if (text.length < 8 || !/^[\w~+=-]+$/.test(text)) return false;
  return /\d/.test(text) ? /[a-z]/i.test(text) : text.length >= 24;
}

/** A segment of a path without the secrets in it; `before` is the one before it. */
function redactSegment(segment: string, before: string): string {
  const [, name, sign] = /^([\w.-]+)([=:])./.exec(segment) ?? [];
  if (name !== undefined && isSecretName(name, sign === "=" ? "query" : "field")) return `${name}${sign}${redacted}`;
  const isFollowing = looksLikeKey(segment) && isSecretName(before);
  return isFollowing || looksRandom(segment.replace(/^bot\d+:/, "")) ? redacted : segment;
}

/** What any secret in a path has in it; most paths have none of it, and are not looked at more closely. */
const suspicious = /[=:]|[\w~+-]{8}/;

function redactPath(path: string): string {
  if (!suspicious.test(path)) return path;
  let before = "";
  return path.replace(jwt, redacted).replace(/[^/;]+/g, (segment) => {
    const shown = redactSegment(segment, before);
    before = segment;
    return shown;
  });
}

/**
 * A URL fit for logs, errors and events: no user info, no fragment, no credential in the path, and no query string at
 * all when any part of it could be a credential or a signature (a telling name, a random value, or one of 64 characters
 * and more). What has no host, such as `model:5`, stays as it was written.
 *
 * @example
 * ```ts
 * console.log(redactUrl("https://me:pw@b2.example/f.bin?X-Amz-Signature=ab12")); // https://b2.example/f.bin?[redacted]
 * console.log(redactUrl("https://civitai.com/api/v1/models?limit=3")); // unchanged
 * ```
 */
export function redactUrl(url: string | URL): string {
  const text = String(url);
  const shown = shownUrl(text);
  // what is known by heart is cut out at each showing: it grows
  if (shown !== undefined) return cutSecrets(shown);
  const { protocol } = URL.parse(text) ?? {};
  if (protocol === undefined) return redactText(text);
  return protocol === "data:" || protocol === "blob:" ? `${protocol}…` : redactPhrases(cutSecrets(text));
}

/** A URL with a host or a path on this machine, without what looks like a secret; several layers show that of one call. */
const shownUrl = remembered(256, (text) => {
  const url = URL.parse(text);
  if (url === null || (url.host === "" && url.protocol !== "file:")) return undefined;
  return `${url.protocol}//${url.host}${redactPath(url.pathname)}${redactQuery(url.search)}`;
});

function redactQuery(search: string): string {
  if (search === "") return "";
  for (const [name, value] of new URLSearchParams(search)) {
    if (value.length >= shortestLongValue || isSecretName(name, "query") || looksRandom(value) || value.match(jwt)) {
      return `?${redacted}`;
    }
  }
  return search;
}

const urlInText =
  /(?<![a-z\d+.-])[a-z][a-z\d+.-]{1,30}:\/\/(?:[^\s"'<>()[\]{}\\/]*@)?(?:\[[\da-f:.]+\])?[^\s"'<>)\]}\\]+/gi;
const params = String.raw`[\w-]+=(?:\\?"[^"\r\n]*"|[^\s,;"]+)`;
/** Digest, and whatever else has parameters with a scheme before them. */
const digest = new RegExp(String.raw`\b(Digest)\s+${params}(?:,\s*${params})*`, "gi");
const scheme = /\b(bearer|basic)\s+([\w.~+/=-]{16,})/gi;
const spoken =
  /\b((?:api|access|secret|private)[ _-]?key|token|password|passphrase|secret)(\s+(?:is\s+|was\s+)?)(?:(["'`])([\w~+=-]+)\3|([\w~+=-]+)(?![\w/~]))/gi;

/** A name and the sign after it; what follows is its value. */
const assignment =
  /(?:(\\{0,7}["'])|(?<![\w.-]))((?:(?:api|access|secret|private) )?[a-z_$][\w.-]*)\1(\s{0,9}[:=]\s{0,9})(?![=/>])/gi;
const openingQuote = /\\{0,7}["']/y;
const list = /\[[^\]\r\n]*\]/y;
const restOfLine = /[^\r\n]+/y;
const credentials = new RegExp(
  String.raw`(?:[a-z][\w-]*\s+(?=\S))?(?:${params}(?:,\s*${params})*|[^\s"'&,;}\])<>]+)`,
  "yi",
);
const word = /[^\s"'&,;}\])<>]+/y;
/** What a sentence says about a secret, in place of one. */
const statement =
  /^(?:a|absent|accepted|an|and|cannot|denied|disabled|empty|expired|false|given|has|invalid|is|it|malformed|missing|must|needed|never|no|none|not|null|of|only|optional|or|refused|rejected|required|revoked|set|should|the|there|this|to|too|true|undefined|unknown|unset|used|valid|was|what|will|wrong|yes|you|your)$/i;

/** Where the value that begins at `start` ends: [start, end) without its quotes; undefined where nothing is to be cut. */
function valueSpan(text: string, start: number, name: string, isQuoted: boolean, sign: string): Span | undefined {
  const quote = matchAt(openingQuote, text, start);
  if (quote !== undefined) {
    const from = start + quote.length;
    for (let end = text.indexOf(quote, from); end >= 0; end = text.indexOf(quote, end + 1)) {
      if (text[end - 1] !== "\\") return end === from ? undefined : [from, end];
    }
    return [from, from + (matchAt(restOfLine, text, from)?.length ?? 0)];
  }
  const array = matchAt(list, text, start);
  if (array !== undefined) return [start, start + array.length];
  if (/cookie/i.test(name)) {
    const line = matchAt(restOfLine, text, start) ?? "";
    return line.includes("=") ? [start, start + line.length] : undefined;
  }
  const value = (matchAt(/authorization/i.test(name) ? credentials : word, text, start) ?? "").replace(/\.+$/, "");
  if (value === "" || value.startsWith("{") || statement.test(value)) return undefined;
  if (isQuoted && sign !== "=" && !/^\d+$/.test(value) && !looksLikeKey(value)) return undefined;
  return [start, start + value.length];
}

type Span = readonly [start: number, end: number];

function matchAt(sticky: RegExp, text: string, index: number): string | undefined {
  sticky.lastIndex = index;
  return sticky.exec(text)?.[0];
}

function redactAssignments(text: string): string {
  let shown = "";
  let done = 0;
  assignment.lastIndex = 0;
  for (let match = assignment.exec(text); match !== null; match = assignment.exec(text)) {
    const [whole, quote, name = "", separator = ""] = match;
    const sign = separator.trim();
    const start = match.index + whole.length;
    if (!isSecretName(name, quote === undefined && sign === ":" ? "sentence" : "field")) continue;
    const span = valueSpan(text, start, name, quote !== undefined, sign);
    if (span === undefined) continue;
    shown += text.slice(done, span[0]) + redacted;
    assignment.lastIndex = done = span[1];
  }
  return shown + text.slice(done);
}

/** Everything but URLs and what is known by heart. */
function redactPhrases(text: string): string {
  return redactAssignments(text.replace(jwt, redacted))
    .replace(digest, `$1 ${redacted}`)
    .replace(scheme, (whole, name: string, value: string) => fileEnding.test(value) ? whole : `${name} ${redacted}`)
    .replace(
      spoken,
      (whole, name: string, space: string, quote = "", inner?: string, bare?: string) =>
        looksLikeKey(inner ?? bare ?? "") ? `${name}${space}${quote}${redacted}${quote}` : whole,
    );
}

/** Of a URL that cannot be read only the scheme is shown, where it could hold a secret at all. */
function redactMatch(url: string): string {
  if (URL.canParse(url)) {
    const shown = redactUrl(url);
    return shown === `${url}/` ? url : shown;
  }
  return /[@?#]/.test(url) ? `${url.slice(0, url.indexOf("://") + 3)}${redacted}` : url;
}

/**
 * Free text with URLs redacted, and without the secrets this process has sent and anything that looks like a credential:
 * what stands beside a telling name, after `Bearer`, or has the form of one. Ordinary words stay: «Basic training»,
 * «max tokens: 75».
 */
export function redactText(text: string): string {
  return redactPhrases(cutSecrets(text).replace(urlInText, redactMatch));
}

/**
 * The message of whatever was thrown, fit for people and logs. Paths in it stay as they are on the disk, or nobody would
 * find the file: they are free of guesses, not of what is known by heart.
 */
export function messageOf(error: unknown): string {
  if (error instanceof DiskError || error instanceof VerificationError) return cutSecrets(error.message);
  return redactText(error instanceof Error ? error.message : String(error));
}

/** Text from elsewhere as one short line: white space joined, unseen and direction-changing characters and secrets cut. */
export function shownInput(text: string, longest = 200): string {
  // cut before it is shortened: half a secret would not be known
  const clean = redactText(text.slice(0, longest + 4096).replace(/\s+/g, " ").replace(/[\p{Cc}\p{Cf}]/gu, "\ufffd"));
  return clean.length > longest ? `${clean.slice(0, longest)}…` : clean;
}
