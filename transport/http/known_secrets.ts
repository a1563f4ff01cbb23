const mostKnown = 100;
const secrets = new Set<string>();
let pattern: RegExp | undefined;

/** What takes a secret's place wherever it is cut out. */
export const redacted = "[redacted]";

/** Long enough, or with a digit in it: anything weaker would tear holes into ordinary words. */
function isTelling(secret: string): boolean {
  return secret !== redacted && (secret.length >= 16 || (secret.length >= 8 && /\d/.test(secret)));
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

function patternOf(all: Iterable<string>): RegExp {
  const spellings = [...all].flatMap((secret) => {
    const json = inJson(secret);
    const query = encodeURIComponent(secret);
    // twice, where an answer quotes an answer, and a redirect names a URL in a URL
    return [secret, encodeURI(secret), query, encodeURIComponent(query), json, inJson(json)];
  });
  // the longest first: a secret may begin like another
  const ordered = [...new Set(spellings)].sort((a, b) => b.length - a.length);
  return new RegExp(ordered.map((text) => text.replace(/[$()*+.?[\\\]^{|}/-]/g, "\\$&")).join("|"), "gi");
}

/**
 * Makes a secret known to the whole process, so that {@linkcode cutSecrets} and all redaction cut it out of everything,
 * whoever repeats it: a server in its answer, a redirect in its path. The last hundred are kept. One of fewer than 16
 * characters is known only when it has at least 8, a digit among them; anything weaker could be part of ordinary words,
 * and is cut only where its place or its name gives it away.
 *
 * @param secret As it is sent, such as the API key.
 */
export function rememberSecret(secret: string): void {
  if (!isTelling(secret)) return;
  if (secrets.delete(secret)) return void secrets.add(secret); // the last to be sent is the last to be forgotten
  const [oldest] = secrets;
  if (secrets.size >= mostKnown && oldest !== undefined) secrets.delete(oldest);
  secrets.add(secret);
  pattern = undefined;
}

/** Makes the parts of a path known that are long enough to be secrets: whoever knows them may use the address. */
export function rememberPath({ pathname }: URL): void {
  for (const part of pathname.split("/")) rememberSecret(part);
}

/** Makes the secrets in a header known: all of its value, the word after `Bearer` or `Basic`, the values of cookies. */
export function rememberHeader(name: string, value: string): void {
  // another one for each request, and worth nothing without it: a hundred of them would drive out the keys
  if (value.startsWith("AWS4-HMAC-SHA256 ")) return;
  const parts = /cookie/i.test(name)
    ? value.split(";").map((pair) => pair.slice(pair.indexOf("=") + 1))
    : [value, ...(/authorization/i.test(name) ? [value.slice(value.indexOf(" ") + 1)] : [])];
  for (const part of parts) rememberSecret(part.trim());
}

/** `text` without the secrets this process knows by heart, as they are or encoded for a URL or JSON. */
export function cutSecrets(text: string): string {
  if (secrets.size === 0) return text;
  pattern ??= patternOf(secrets);
  return text.replace(pattern, redacted);
}
