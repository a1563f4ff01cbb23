import { generationOfTexts } from "../../api/pictures/generation.ts";
import { imageTexts } from "../../api/pictures/image_texts.ts";
import { isParameters } from "../../api/pictures/parameters.ts";
import { type UsedModel, usedModels, usedModelsOfGraph } from "../../api/mod.ts";
import { isRecord } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";

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

const modelPage = /^https:\/\/(?:www\.)?civitai\.(?:com|red)\/(?:models|api\/download\/models)\/\d/;
const longestDepth = 12;

/** References anywhere in JSON: AIRs, pages and downloads of the site, version ids where they are called that. */
function wishesInJson(value: unknown, depth = 0): string[] {
  if (depth > longestDepth) return [];
  if (typeof value === "string") return /^(?:urn:)?air:/i.test(value) || modelPage.test(value) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((one) => wishesInJson(one, depth + 1));
  if (!isRecord(value)) return [];
  const id = value["modelVersionId"] ?? value["versionId"];
  const own = Number.isSafeInteger(id) && Number(id) > 0 ? [`version:${id}`] : [];
  return [...own, ...Object.values(value).flatMap((one) => wishesInJson(one, depth + 1))];
}

/** What stands in a graph, whose own list of models says more than the same address alone. */
function inGraph(graph: unknown, file: string): Wishes {
  const used = usedModelsOfGraph(graph);
  const addresses = new Set(used.map(({ url }) => url));
  const references = wishesInJson(graph).filter((text) => !addresses.has(text));
  return { wishes: once(references.map((text) => ({ text, file }))), used };
}

function inPicture(bytes: Uint8Array, file: string): Wishes {
  const texts = imageTexts(bytes);
  const written = Object.values(texts).filter(isParameters);
  const { wishes, used } = inGraph(generationOfTexts(texts)?.comfy ?? null, file);
  return { wishes, used: [...written.flatMap(usedModels), ...used] };
}

/**
 * What a file wishes for: a list (`.txt`), JSON with AIRs, pages or version ids (a workflow, a list of wishes), or what an
 * image generator wrote into or beside a picture.
 *
 * @throws {InputError} Naming the file, and why nothing was found in it.
 */
export function wishesInFile(file: string, bytes: Uint8Array): Wishes {
  const bad = (state: string) =>
    new InputError(`reading ${JSON.stringify(file)}: ${state}`, { code: "invalid_file", input: file });
  const some = (found: Wishes, otherwise: string): Wishes => {
    if (found.wishes.length + found.used.length === 0) throw bad(otherwise);
    return found;
  };
  if (/\.(?:png|jpe?g|webp)$/i.test(file)) {
    return some(inPicture(bytes, file), "it names no model it was made with");
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw bad("not UTF-8, and no picture");
  }
  if (!/\.json$/i.test(file)) {
    return some(
      isParameters(text) ? { wishes: [], used: usedModels(text) } : { wishes: wishesIn(text, file), used: [] },
      "nothing is written in it",
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw bad("no JSON");
  }
  const isList = Array.isArray(json) && json.every((one) => typeof one === "string" || typeof one === "number");
  return some(
    isList
      ? {
        wishes: once((json as unknown[]).map((one, index) => ({ text: String(one), line: index + 1, file }))),
        used: [],
      }
      : inGraph(json, file),
    "it names no model: no AIR, no address of the site, no version id, no model file",
  );
}
