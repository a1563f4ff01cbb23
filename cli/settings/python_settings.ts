import { unread } from "./old_settings.ts";

/** One word of a Python file: a name, a number, a string with its text, an operator, the end of a line. */
interface Token {
  readonly kind: "name" | "number" | "string" | "op" | "line";
  readonly text: string;
}

const forms = [
  ["skip", /[^\S\n]+|#[^\n]*|\\\r?\n/y],
  ["line", /\n|;/y],
  ["string", /[rRbBuUfF]{0,2}("""|'''|"|')/y],
  ["number", /0[xX][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y],
  ["name", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["op", /\*\*|->|:=|[=!<>]=|[^\s]/uy],
] as const;

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};

/** The string that begins at `at` with `opening`: its text, and where it ends. An f-string is no plain value. */
function readString(source: string, at: number, opening: string): { token: Token; end: number } {
  const quote = /"""|'''|"|'/.exec(opening)![0];
  const prefix = opening.slice(0, -quote.length).toLowerCase();
  let text = "";
  let end = at + opening.length;
  while (end < source.length && !source.startsWith(quote, end)) {
    const isEscape = source[end] === "\\" && !prefix.includes("r");
    text += isEscape ? escapes[source[end + 1] ?? ""] ?? source.slice(end, end + 2) : source[end];
    end += isEscape ? 2 : 1;
  }
  return { token: { kind: prefix.includes("f") ? "op" : "string", text }, end: end + quote.length };
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length;) {
    const found = forms.flatMap(([kind, form]) => {
      form.lastIndex = at;
      const match = form.exec(source);
      return match ? [{ kind, text: match[0] }] : [];
    })[0]!;
    if (found.kind === "string") {
      const { token, end } = readString(source, at, found.text);
      tokens.push(token);
      at = end;
      continue;
    }
    if (found.kind !== "skip") tokens.push({ kind: found.kind, text: found.text });
    at += found.text.length;
  }
  return tokens;
}

const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([["True", true], ["False", false], [
  "None",
  null,
]]);

/** Where a value ends: brackets left out, at a comma, a closing bracket, or the end of a line. */
function valueOf(tokens: readonly Token[], from: number): unknown {
  const value: Token[] = [];
  for (const token of tokens.slice(from)) {
    if (token.kind === "line" || [",", "}", ")", "]"].includes(token.text) && token.kind === "op") break;
    value.push(token);
  }
  const [first] = value;
  if (value.length === 1 && first!.kind === "string") return first!.text;
  if (value.length === 1 && words.has(first!.text)) return words.get(first!.text);
  const sign = first?.text === "-" ? -1 : 1;
  const factors = sign < 0 ? value.slice(1) : value;
  const isProduct = factors.length % 2 === 1 &&
    factors.every(({ kind, text }, at) => at % 2 === 0 ? kind === "number" : text === "*");
  if (!isProduct) return unread;
  return sign *
    factors.filter((_, at) => at % 2 === 0).reduce((all, { text }) => all * Number(text.replaceAll("_", "")), 1);
}

/** How many tokens a type note takes: `: int` between a name and its `=`. */
function noteLength(tokens: readonly Token[], at: number): number {
  const until = tokens.slice(at).findIndex(({ kind, text }) =>
    kind === "line" || text === "=" || text === "," || text === "}"
  );
  return tokens[at + until]?.text === "=" ? until : 0;
}

/**
 * The settings in a Python file, read without running anything: assignments (`http_timeout = 30`, `HTTP_TIMEOUT: int = 30`,
 * `config.http_timeout = 30`), dictionaries (`{"http_timeout": 30}`) and calls (`Config(http_timeout=30)`), with plain
 * values and products of numbers. Whatever else stands behind a key comes as {@linkcode unread}. The last one counts.
 */
export function pythonSettings(source: string): ReadonlyMap<string, unknown> {
  const tokens = tokensOf(source);
  const found = new Map<string, unknown>();
  const set = (name: string, value: unknown): void => void found.set(name.toLowerCase(), value);
  tokens.forEach(({ kind, text }, at) => {
    const next = tokens[at + 1];
    if (next?.kind !== "op" || (kind !== "name" && kind !== "string")) return;
    const opensBlock = ["{", "(", "["].includes(tokens[at + 2]?.text ?? "") && tokens[at + 2]?.kind === "op";
    if (kind === "string" && next.text === ":" && !opensBlock) set(text, valueOf(tokens, at + 2));
    if (kind === "string" && next.text === "]" && tokens[at + 2]?.text === "=") set(text, valueOf(tokens, at + 3));
    const isNote = tokens[at - 1]?.kind === "op" && tokens[at - 1]?.text === ":";
    if (kind !== "name" || isNote) return;
    const note = next.text === ":" ? noteLength(tokens, at + 1) : 0;
    const equals = at + 1 + note;
    if (tokens[equals]?.kind !== "op" || tokens[equals]?.text !== "=") return;
    const value = tokens[equals + 1];
    const isBlock = value?.kind === "op" && ["{", "("].includes(value.text);
    // a call such as Config(http_timeout=30) holds settings of its own
    const isCall = value?.kind === "name" && tokens[equals + 2]?.text === "(" && tokens[equals + 4]?.text === "=";
    if (!isBlock && !isCall) set(text, valueOf(tokens, equals + 1));
  });
  return found;
}
