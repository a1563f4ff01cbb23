import { remembered } from "./remembered.ts";

const secretWords = new Set([
  ..."token secret secrets password passwd pwd passphrase passcode credential credentials signature".split(" "),
  ..."authorization cookie cookies apikey accesskey jwt hmac otp bearer sid".split(" "),
]);
/** Words that also mean something harmless: alone, a sentence may well use them. */
const ambiguousWords = new Set("key auth pass session sig".split(" "));
/** What signed URLs call their parts; elsewhere these are a status, a hash or a date. */
const queryWords = new Set("hm hdnt hdnts hdnea hdntl verify md5 k code exp expires expiry policy ticket".split(" "));
/** Names written in one piece: `accesstoken`, `PHPSESSID`. */
const gluedEnd =
  /(?:token|secret|password|passwd|(?:api|access|secret|private)key(?:id)?|signature|credentials?|sess(?:ion)?id)$/;
/** `token_count` and `keySize` tell about a secret and are none. */
const describingWords = new Set("count length limit size kind name type".split(" "));

function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z\d])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$3 $2")
    .toLowerCase().split(/[^a-z\d]+/).filter((word) => word !== "");
}

/** Where a name stands: in a URL's query, as the name of a field, or in a sentence. */
export type NamePlace = "field" | "query" | "sentence";

function judge(name: string, place: NamePlace): boolean {
  const words = wordsOf(name);
  if (describingWords.has(words.at(-1) ?? "")) return false;
  return words.some((word) => {
    const bare = word.replace(/\d+$/, "");
    if (secretWords.has(bare) || gluedEnd.test(bare)) return true;
    if (place === "query" && (queryWords.has(word) || queryWords.has(bare))) return true;
    return ambiguousWords.has(bare) && (place !== "sentence" || words.length > 1);
  });
}

/** The same few names come with every request. */
const verdicts: Readonly<Record<NamePlace, (name: string) => boolean>> = {
  field: remembered(1000, (name) => judge(name, "field")),
  query: remembered(1000, (name) => judge(name, "query")),
  sentence: remembered(1000, (name) => judge(name, "sentence")),
};

/**
 * Tells whether what bears this name is a secret: the one answer for redaction, the cache's keys and logs. Names are read
 * as words, so `apiKey`, `api_key` and `X-Api-Key` are names of secrets, `keyword`, `author` and `max_tokens` are not.
 *
 * @param name The name of a header, a field, a parameter, or a variable.
 * @param place Where it stands. In a query the short names that signed URLs use count too (`hm`, `code`, `expires`); in
 * a sentence a word that also means something harmless (`key`, `pass`) counts only beside another one. Default `field`.
 */
export function isSecretName(name: string, place: NamePlace = "field"): boolean {
  return verdicts[place](name);
}
