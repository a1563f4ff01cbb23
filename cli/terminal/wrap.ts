/** What may not begin a line of Chinese, and what may not end one. */
const closing = "，。、；：！？）」』";
const opening = "（「『";
const wide = "\\u2e80-\\u9fff\\uf900-\\uffef";
const wideOnes = new RegExp(`[${wide}]`, "gu");

/**
 * The columns a text of our own takes: Latin, Chinese, punctuation. Names from elsewhere, which may hold anything, are for
 * `unicodeWidth()`, which the help would spend half its time on loading.
 */
export function ownWidth(text: string): number {
  return text.length + (text.match(wideOnes)?.length ?? 0);
}

/** The pieces a line may be broken between: words, and single characters of Chinese. */
const pieces = new RegExp(
  `\\s+|[${opening}]*(?:[^\\s${wide}]+|[^\\s${opening}])[${closing}]*|[${opening}]+`,
  "gu",
);

/** `text` in the pieces that lines may be broken between, blanks among them. */
export function textPieces(text: string): readonly string[] {
  return text.match(pieces) ?? [];
}

/** `text` in lines of at most `columns`; a word that is wider stands alone. */
export function brokenLines(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of textPieces(text)) {
    if (line !== "" && ownWidth((line + piece).trimEnd()) > columns) {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    } else line += line === "" ? piece.trimStart() : piece;
  }
  if (line.trim() !== "") lines.push(line.trimEnd());
  return lines;
}

/** A term of a list and what is said of it. */
export interface Row {
  /** Spaces before it. */
  readonly indent: number;
  /** What stands left. */
  readonly term: string;
  /** Column where the rest begins. */
  readonly hang: number;
  /** What is said of it. */
  readonly text: string;
}

/** Room that is too narrow to read in. */
const leastText = 24;

/** A row in lines of at most `columns`: beside its term where there is room, else below it. */
export function rowLines({ indent, term, hang, text }: Row, columns: number): string[] {
  const left = " ".repeat(indent);
  const isBelow = text !== "" && (columns - hang < leastText || ownWidth(term) + indent + 1 > hang);
  if (text === "" || isBelow) {
    const [first = "", ...more] = brokenLines(term, columns - indent);
    const below = " ".repeat(indent + 4);
    return [
      left + first,
      ...more.flatMap((part) => brokenLines(part, columns - indent - 4)).map((part) => below + part),
      ...brokenLines(text, columns - indent - 4).map((part) => below + part),
    ];
  }
  const head = left + term + " ".repeat(hang - indent - ownWidth(term));
  return brokenLines(text, columns - hang).map((part, at) => (at === 0 ? head : " ".repeat(hang)) + part);
}

/** A part of a text: a paragraph, or a row of a list. */
export type TextBlock = { readonly paragraph: string } | Row;

const endsWide = new RegExp(`[${wide}]$`, "u");

/** Two parts of a sentence that stood on two lines. */
function joined(one: string, other: string): string {
  return endsWide.test(one) ? one + other : `${one} ${other}`;
}

/** Takes a text apart: paragraphs, and rows whose second column goes on in the lines below. */
export function textBlocks(text: string): TextBlock[] {
  const blocks: TextBlock[] = [];
  for (const line of text.split("\n")) {
    const last = blocks.at(-1);
    const [, spaces, term, gap, rest = ""] = /^( +)(\S.*?)(?:( {2,})(\S.*))?$/.exec(line) ?? [];
    if (spaces !== undefined) {
      const indent = spaces.length;
      if (last && "term" in last && indent > last.indent && (indent >= last.hang || last.text !== "")) {
        blocks[blocks.length - 1] = { ...last, text: joined(last.text, line.trim()) };
      } else {
        const hang = indent + ownWidth(term!) + (gap?.length ?? 0);
        blocks.push({ indent, term: term!, hang, text: rest });
      }
    } else if (last && "paragraph" in last && last.paragraph !== "" && line !== "") {
      blocks[blocks.length - 1] = { paragraph: joined(last.paragraph, line) };
    } else blocks.push({ paragraph: line });
  }
  return blocks;
}

/**
 * A text that was written for some width, broken anew for `columns`: lines of a paragraph are joined first; lines that are
 * indented are rows, whose second column stays one.
 */
export function wrapped(text: string, columns: number): string {
  return textBlocks(text).flatMap((block) => {
    if ("term" in block) return rowLines(block, columns);
    return block.paragraph === "" ? [""] : brokenLines(block.paragraph, columns);
  }).join("\n");
}
