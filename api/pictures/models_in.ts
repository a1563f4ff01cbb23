import { isRecord } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import { airFacts, merged, type UsedModel } from "./model_list.ts";
import { generationOfTexts } from "./generation.ts";
import { usedModelsOfGraph } from "./graph_models.ts";
import { imageTexts } from "./image_texts.ts";
import { looseJson } from "./loose_json.ts";
import { isParameters } from "./parameters.ts";
import { sniffMedia } from "./sniff_media.ts";
import { usedModels, usedModelsOfImage } from "./used_models.ts";

/** What a picture, a graph or an infotext names. */
export interface NamedModels {
  /** Models by name, hash, version or address. */
  readonly used: readonly UsedModel[];
  /** References that stand in JSON beside them: AIRs, pages and downloads of the site, `version:ID`. */
  readonly references: readonly string[];
}

/** A graph with a thousand nodes has half a megabyte. */
const longestJson = 16 * 1024 * 1024;
const deepest = 12;
const mostReferences = 500;
const modelPage = /^https:\/\/(?:www\.)?civitai\.(?:com|red)\/(?:models|api\/download\/models)\/\d/;

/** References anywhere in JSON: AIRs, pages and downloads of the site, version ids where they are called that. */
function referencesIn(json: unknown): string[] {
  const found = new Set<string>();
  function walk(value: unknown, depth: number): void {
    if (depth > deepest || found.size >= mostReferences) return;
    if (typeof value === "string") {
      if ((/^(?:urn:)?air:/i.test(value) || modelPage.test(value)) && value.length < 400) found.add(value);
    } else if (Array.isArray(value)) { for (const one of value) walk(one, depth + 1); }
    else if (isRecord(value)) {
      const id = value["modelVersionId"] ?? value["versionId"];
      if (Number.isSafeInteger(id) && Number(id) > 0) found.add(`version:${id}`);
      for (const one of Object.values(value)) walk(one, depth + 1);
    }
  }
  walk(json, 0);
  return [...found];
}

/** What stands in a graph, whose own list of models says more than the same address alone. */
function inGraph(graph: unknown): NamedModels {
  const used = usedModelsOfGraph(graph);
  const addresses = new Set(used.map(({ url }) => url));
  return { used, references: referencesIn(graph).filter((text) => !addresses.has(text)) };
}

function inPicture(bytes: Uint8Array): NamedModels {
  const texts = imageTexts(bytes);
  const { comfy } = generationOfTexts(texts) ?? {};
  const graphs = [comfy?.prompt, comfy?.workflow].map((graph) => inGraph(graph ?? null));
  const written = Object.values(texts).filter(isParameters).flatMap(usedModels);
  const used = merged([...written, ...graphs.flatMap((graph) => graph.used)]);
  const known = new Set(used.map(({ versionId }) => versionId));
  const isNew = (text: string) => {
    const id = airFacts(text)?.versionId ?? Number(/^version:(\d+)$/.exec(text)?.[1]);
    return !known.has(id);
  };
  return { used, references: [...new Set(graphs.flatMap(({ references }) => references))].filter(isNew) };
}

/** What the site sends of an image, or the metadata alone, saved as a file. */
function inJson(json: unknown): NamedModels {
  const isImage = isRecord(json) && !("nodes" in json) &&
    ["meta", "civitaiResources", "resources", "hashes", "modelVersionIds"].some((key) => key in json);
  const found = inGraph(json);
  if (!isImage) return found;
  const image = isRecord(json["meta"]) ? json : { meta: json };
  const used = merged([...usedModelsOfImage(image), ...found.used]);
  const known = new Set(used.map(({ versionId }) => `version:${versionId}`));
  return { used, references: found.references.filter((text) => !known.has(text)) };
}

/**
 * The models that a file names: a picture (PNG, JPEG, WebP, AVIF) with what a generator wrote into it, a graph of ComfyUI in
 * either form, or an infotext. What the file is, its bytes tell, not its name.
 *
 * Any file may be handed in, whoever made it: what is decoded is bounded, and what it names is no more than a wish until
 * {@linkcode needsOf} has looked it up.
 *
 * @param bytes The whole file.
 * @param name What it is called, for messages.
 * @throws {InputError} `invalid_file` when it is nothing of the kind, or names no model.
 * @example
 * ```ts
 * import { modelsIn } from "@civikit/civikit/api";
 *
 * const graph = { "4": { class_type: "LoraLoader", inputs: { lora_name: "paper.safetensors" } } };
 * const { used } = modelsIn(new TextEncoder().encode(JSON.stringify(graph)), "workflow.json");
 * console.log(used[0]?.role); // lora
 * ```
 */
export function modelsIn(bytes: Uint8Array, name: string): NamedModels {
  const bad = (state: string, reason?: "no_model_named") =>
    new InputError(`reading ${JSON.stringify(name)}: ${state}`, { code: "invalid_file", reason, input: name });
  const some = (found: NamedModels, otherwise: string): NamedModels => {
    if (found.used.length + found.references.length > 0) return found;
    throw bad(otherwise, "no_model_named");
  };
  const media = sniffMedia(bytes);
  if (media?.kind === "image") return some(inPicture(bytes), "it names no model it was made with");
  if (media !== undefined) throw bad("no picture, graph or infotext");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw bad("not UTF-8, and no picture");
  }
  if (/^\s*[[{]/.test(text)) {
    const json = looseJson(text, longestJson);
    if (json === undefined) throw bad("no JSON, or larger or deeper than any graph");
    return some(inJson(json), "it names no model: no AIR, no address of the site, no version id, no model file");
  }
  if (!isParameters(text)) throw bad("no graph and no infotext", "no_model_named");
  return some({ used: usedModels(text), references: [] }, "the infotext names no model");
}
