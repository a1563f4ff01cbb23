/** Longer ones are nobody's settings. */
const longestText = 1024 * 1024;
/** Fields that show that settings, not a sentence, stand before them. */
const telling = /\b(?:Sampler|Schedule type|CFG scale|Seed|Size|Model hash|Model|Clip skip|Denoising strength):/g;
const negativeMark = "Negative prompt:";

/** One `Name: value`, and from where to where it lies. */
interface Field {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** Where the quotes or brackets of its value close; `start` where it has none. */
  readonly closed: number;
}

const isSeparator = (letter: string | undefined) => letter === "," || letter === "\n" || letter === undefined;

/**
 * Reads `A: 1, B: "x, y", C: [{"a": 1, "b": 2}]` from `start` on: fields end at a comma or a line end. Quotes and
 * brackets count only where a value begins with one, and they close at its end; a backslash counts inside quotes alone.
 */
function* fieldsOf(text: string, start: number, work: { left: number }): Generator<Field, undefined, undefined> {
  function skip(at: number, isOver: (letter: string | undefined) => boolean): number {
    while (at < text.length && !isOver(text[at])) at++;
    return at;
  }

  /** Where the value that begins at `from` with a quote or bracket ends; undefined when it does not close. */
  function closing(from: number): number | undefined {
    if (!/["[{]/.test(text[from] ?? "")) return undefined;
    let depth = 0;
    let isQuoted = false;
    for (let at = from; at < text.length && work.left > 0; at++, work.left--) {
      const letter = text[at]!;
      if (isQuoted) {
        if (letter === "\\") at++;
        else if (letter === '"') isQuoted = false;
      } else if (letter === '"') isQuoted = true;
      else if (letter === "[" || letter === "{") depth++;
      else if (letter === "]" || letter === "}") depth--;
      if (isQuoted || depth > 0) continue;
      const after = skip(at + 1, (next) => next !== " ");
      return isSeparator(text[after]) ? after : undefined;
    }
    return undefined;
  }

  for (let at = start; at < text.length;) {
    const colon = skip(at, (letter) => letter === ":" || isSeparator(letter));
    const from = skip(colon + 1, (letter) => letter !== " ");
    const closed = text[colon] === ":" ? closing(from) : undefined;
    const end = closed ?? skip(colon, isSeparator);
    if (text[colon] === ":") {
      const name = text.slice(at, colon).trim();
      const value = text.slice(colon + 1, end).trim();
      yield { name, value, start: at, end, closed: closed ?? at };
    }
    at = end + 1;
  }
}

/** What stands before `at`, spaces left out: the start, a line end, or a mark between sentences. */
function borderBefore(text: string, at: number): "line" | "mark" | undefined {
  for (at--; at >= 0 && /[ \t\n]/.test(text[at]!); at--) if (text[at] === "\n") return "line";
  return at < 0 ? "line" : /[,.;]/.test(text[at]!) ? "mark" : undefined;
}

/**
 * Where the settings begin: at the last `Steps:` that is followed by more of them and is no part of another's value. A
 * prompt may speak of steps, too, and programs that join lines leave no line end before it.
 */
function settingsAt(text: string): number | undefined {
  const lastTelling = [...text.matchAll(telling)].at(-1)?.index ?? -1;
  const work = { left: 8 * text.length };
  let found: number | undefined;
  let fields: ReturnType<typeof fieldsOf> | undefined;
  let field: Field | undefined;
  for (const { 0: { length }, index } of text.matchAll(/\bSteps:[ \t]*\d+/g)) {
    const isFollowed = isSeparator(text[index + length]) && index < lastTelling;
    if (borderBefore(text, index) === undefined || found !== undefined && !isFollowed) continue;
    while (fields !== undefined && (field === undefined || field.end <= index)) {
      const next = fields.next();
      if (next.done) fields = undefined;
      else field = next.value;
    }
    if (field !== undefined && field.start < index && index < field.closed) continue;
    found = index;
    fields = fieldsOf(text, found, work);
    field = undefined;
  }
  return found;
}

/** Where the first `Negative prompt:` of the words is: one at the start of a line before one behind a mark. */
function negativeAt(words: string): number | undefined {
  let marked: number | undefined;
  for (let at = words.indexOf(negativeMark); at !== -1; at = words.indexOf(negativeMark, at + 1)) {
    const border = borderBefore(words, at);
    if (border === "line") return at;
    if (border === "mark") marked ??= at;
  }
  return marked;
}

/** Words without what joined them to the next part. */
function wordsUntil(text: string, end: number): string {
  const isJoined = end < text.length && borderBefore(text, end) === "mark";
  while (isJoined && end > 0 && /[\s,.;]/.test(text[end - 1]!)) end--;
  return text.slice(0, end).trim();
}

function unquoted(value: string): string {
  if (!/^".*"$/s.test(value)) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value.slice(1, -1);
  }
}

const withPlainLines = (text: string) => text.slice(0, longestText).replaceAll("\r\n", "\n");

/** Tells whether a text is of the kind that {@linkcode readParameters} reads. */
export function isParameters(written: string): boolean {
  const text = withPlainLines(written);
  return settingsAt(text) !== undefined || text.startsWith(negativeMark) || text.includes(`\n${negativeMark}`);
}

/**
 * Reads the text A1111, Forge, SD.Next and the site itself write into pictures: the prompt, `Negative prompt:`, and last
 * the settings, which begin with `Steps:`. Names stay as they are written.
 */
export function readParameters(written: string): Record<string, string> {
  const text = withPlainLines(written);
  const start = settingsAt(text) ?? text.length;
  const words = text.slice(0, start);
  const negative = negativeAt(words);
  const found = new Map([["prompt", wordsUntil(text, negative ?? start)]]);
  if (negative !== undefined) {
    const from = negative + negativeMark.length;
    found.set("negativePrompt", wordsUntil(text.slice(from), start - from));
  }
  for (const { name, value } of fieldsOf(text, start, { left: 8 * text.length })) {
    if (name !== "" && !found.has(name)) found.set(name, unquoted(value));
  }
  return Object.fromEntries(found);
}
