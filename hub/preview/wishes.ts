import { isParameters } from "../../api/pictures/parameters.ts";
import { looseJson } from "../../api/pictures/loose_json.ts";
import { modelsIn, sniffMedia, type UsedModel } from "../../api/mod.ts";

/** One thing that is wished for, as it was written. */
export interface Wish {
  /** What: a reference, if it is one. */
  readonly text: string;
  /** In which line of the box or the list, from 1; undefined where there are none. */
  readonly line?: number | undefined;
  /** The file it stood in; undefined for the box. */
  readonly file?: string | undefined;
}

/** Everything that is wished for in one place. */
export interface Wishes {
  /** References. */
  readonly wishes: readonly Wish[];
  /** Models a picture was made with or a workflow is made for, by name, hash or version. */
  readonly used: readonly UsedModel[];
}

const once = (wishes: readonly Wish[]): Wish[] =>
  [...new Map(wishes.toReversed().map((one) => [one.text, one])).values()].toReversed();

/** The references in a text: one a line, or several with spaces or commas between; lines that start with `#` are left out. */
export function wishesIn(text: string, file?: string): Wish[] {
  const lines = text.split(/\r\n?|\n/).map((words, index) => ({ words: words.trim(), line: index + 1 }));
  const written = lines.filter(({ words }) => words !== "" && !words.startsWith("#"));
  return once(
    written.flatMap(({ words, line }) =>
      words.split(/[\s,]+/).filter(Boolean).map((text) => ({ text, line, ...(file !== undefined && { file }) }))
    ),
  );
}

/**
 * What a file wishes for: a list (`.txt`), JSON with AIRs, pages or version ids (a workflow, a list of wishes), or what an
 * image generator wrote into or beside a picture.
 *
 * @throws {InputError} Naming the file, and why nothing was found in it.
 */
export function wishesInFile(file: string, bytes: Uint8Array): Wishes {
  const list = listIn(file, bytes);
  if (list !== undefined) return { wishes: list, used: [] };
  const { used, references } = modelsIn(bytes, file);
  return { wishes: once(references.map((text) => ({ text, file }))), used };
}

/** The references of a list; undefined for a picture, a graph or an infotext. */
function listIn(file: string, bytes: Uint8Array): Wish[] | undefined {
  const isPicture = sniffMedia(bytes) !== undefined || /\.(?:png|jpe?g|webp|avif)$/i.test(file);
  const text = isPicture ? undefined : utf8Of(bytes);
  if (text === undefined || isParameters(text)) return undefined;
  if (!/^\s*[[{]/.test(text)) {
    const wishes = wishesIn(text, file);
    return wishes.length === 0 ? undefined : wishes;
  }
  const json = looseJson(text);
  const isList = Array.isArray(json) && json.length > 0 &&
    json.every((one) => typeof one === "string" || typeof one === "number");
  return isList ? once(json.map((one, index) => ({ text: String(one), line: index + 1, file }))) : undefined;
}

function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
