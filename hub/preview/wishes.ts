import { generationOfTexts } from "../api/pictures/generation.ts";
import { imageTexts } from "../api/pictures/image_texts.ts";
import { isRecord } from "../transport/internal.ts";
import { InputError } from "../transport/mod.ts";

/** The references in a text: one a line, or several with spaces or commas between; lines that start with `#` are left out. */
export function wishesIn(text: string): string[] {
  const lines = text.split(/\r\n?|\n/).map((line) => line.trim()).filter((line) =>
    line !== "" && !line.startsWith("#")
  );
  return [...new Set(lines.flatMap((line) => line.split(/[\s,]+/)).filter(Boolean))];
}

const modelPage = /^https:\/\/(?:www\.)?civitai\.(?:com|red)\/(?:models|api\/download\/models)\/\d/;
const longestDepth = 12;

/** References anywhere in JSON: AIRs, pages and downloads of the site, version ids where they are called that. */
function wishesInJson(value: unknown, depth = 0): string[] {
  if (depth > longestDepth) return [];
  if (typeof value === "string") {
    return /^urn:air:|^air:/i.test(value) || modelPage.test(value) ? [value] : [];
  }
  if (Array.isArray(value)) return value.flatMap((one) => wishesInJson(one, depth + 1));
  if (!isRecord(value)) return [];
  const id = value["modelVersionId"] ?? value["versionId"];
  const own = Number.isSafeInteger(id) && Number(id) > 0 ? [`version:${id}`] : [];
  return [...own, ...Object.values(value).flatMap((one) => wishesInJson(one, depth + 1))];
}

/**
 * The references in a file: a list (`.txt`), JSON with AIRs, pages or version ids (a workflow, a list of wishes), or a
 * picture that tells which versions it was made with.
 *
 * @throws {InputError} Naming the file, and why nothing was found in it.
 */
export function wishesInFile(name: string, bytes: Uint8Array): string[] {
  const bad = (state: string) =>
    new InputError(`reading ${JSON.stringify(name)}: ${state}`, { code: "invalid_file", input: name });
  if (/\.(?:png|jpe?g|webp)$/i.test(name)) {
    const generation = generationOfTexts(imageTexts(bytes));
    const { modelVersionIds = [], comfy } = generation ?? {};
    const found = [...modelVersionIds.map((id) => `version:${id}`), ...wishesInJson(comfy)];
    if (found.length === 0) throw bad("it names no version of the site it was made with");
    return [...new Set(found)];
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw bad("not UTF-8, and no picture");
  }
  if (!/\.json$/i.test(name)) return wishesIn(text);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw bad("no JSON");
  }
  const isList = Array.isArray(json) && json.every((one) => typeof one === "string" || typeof one === "number");
  const found = isList ? (json as unknown[]).map(String) : wishesInJson(json);
  if (found.length === 0) throw bad("it names no model: no AIR, no address of the site, no version id");
  return [...new Set(found)];
}
