import { isRecord } from "../../transport/internal.ts";
import { isId } from "../client/input.ts";
import { readComfy } from "./comfy.ts";
import { looseJson } from "./loose_json.ts";
import { isParameters, readParameters } from "./parameters.ts";

/** How a picture was made, whoever wrote it down. Nothing is made up: what is not known is missing. */
export interface Generation {
  /** What was asked for. */
  prompt?: string;
  /** What was not wanted. */
  negativePrompt?: string;
  /** Seed, as text: it can be larger than a number holds. */
  seed?: string;
  /** Steps of the sampler. */
  steps?: number;
  /** The sampler's name. */
  sampler?: string;
  /** Strength of the prompt. */
  cfgScale?: number;
  /** Layers of CLIP left out. */
  clipSkip?: number;
  /** Pixels. */
  width?: number;
  /** Pixels. */
  height?: number;
  /** The checkpoint's name. */
  model?: string;
  /** The checkpoint's hash, usually AutoV2. */
  modelHash?: string;
  /** Versions of the site it was made with. */
  modelVersionIds?: number[];
  /** ComfyUI's graphs; `text` where they are no valid JSON. */
  comfy?: { prompt?: unknown; workflow?: unknown; text?: string };
  /** Everything as it was found. */
  raw: Record<string, unknown>;
}

/** Spellings of one name count as one: `CFG scale`, `cfgScale` and `cfg_scale`. */
const plainName = (name: string) => name.toLowerCase().replace(/[\s_-]/g, "");

function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
}

function versionIds(resources: unknown): number[] | undefined {
  if (!Array.isArray(resources)) return undefined;
  const ids = resources.map((resource) => isRecord(resource) ? numberOf(resource["modelVersionId"]) : undefined);
  const known = ids.filter((id): id is number => id !== undefined && isId(id));
  return known.length === 0 ? undefined : [...new Set(known)];
}

/** JSON in a text, where it is JSON. */
function unpacked(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  return looseJson(value) ?? value;
}

function fromNames(raw: Record<string, unknown>): Generation {
  const named = new Map(Object.entries(raw).map(([name, value]) => [plainName(name), value]));
  const size = /^(\d+)\s*x\s*(\d+)$/i.exec(textOf(named.get("size")) ?? "");
  const comfy = unpacked(named.get("comfy"));
  const graph = isRecord(comfy) ? readComfy(comfy) : typeof comfy === "string" ? { comfy: { text: comfy } } : {};
  const own = {
    prompt: textOf(named.get("prompt")),
    negativePrompt: textOf(named.get("negativeprompt")),
    seed: textOf(named.get("seed")),
    steps: numberOf(named.get("steps")),
    sampler: textOf(named.get("sampler")),
    cfgScale: numberOf(named.get("cfgscale")),
    clipSkip: numberOf(named.get("clipskip")),
    width: numberOf(named.get("width")) ?? numberOf(size?.[1]),
    height: numberOf(named.get("height")) ?? numberOf(size?.[2]),
    model: textOf(named.get("model")),
    modelHash: textOf(named.get("modelhash")),
    modelVersionIds: versionIds(unpacked(named.get("civitairesources"))),
  };
  const known = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return { ...graph, ...known, raw };
}

/**
 * How an image was made, from the `meta` the site sends: flat or wrapped as `{ id, meta }`, numbers or text.
 *
 * @param image An image from any list, asked for `withMeta`.
 * @returns Null when the site sends none.
 * @example
 * ```ts
 * import { generationOf } from "@civikit/civikit/api";
 *
 * const meta = { id: 9, meta: { prompt: "a lantern", "Clip skip": "2", seed: "18446744073709551615" } };
 * console.log(generationOf({ meta })?.clipSkip, generationOf({ meta })?.seed); // 2 18446744073709551615
 * ```
 */
export function generationOf({ meta }: { meta?: Record<string, unknown> | null }): Generation | null {
  if (!isRecord(meta)) return null;
  const isWrapped = "meta" in meta && Object.keys(meta).every((key) => key === "id" || key === "meta");
  const inner = isWrapped ? meta["meta"] : meta;
  return isRecord(inner) ? fromNames(inner) : null;
}

/**
 * How a picture was made, from the texts in its file: A1111's parameters (PNG, JPEG, WebP), ComfyUI's graphs (PNG, WebP).
 *
 * @param texts What {@linkcode imageTexts} found.
 * @returns Null when there is nothing of the kind.
 * @example
 * ```ts
 * import { generationOfTexts } from "@civikit/civikit/api";
 *
 * const parameters = "a lantern\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Seed: 7, Size: 512x768";
 * console.log(generationOfTexts({ parameters })?.sampler); // Euler a
 * ```
 */
export function generationOfTexts(texts: Record<string, string>): Generation | null {
  const { parameters, UserComment: comment, Comment: plain, ImageDescription: description } = texts;
  const written = [parameters, comment, plain, description].find((text) => text !== undefined && isParameters(text));
  // ComfyUI: chunks of PNG, or `prompt:{…}` and `workflow:{…}` in the EXIF of WebP
  const tagged = [texts["Make"], texts["Model"], description].map((text) => /^(\w+):(\{.*)$/s.exec(text ?? ""));
  const graphs: Record<string, unknown> = Object.fromEntries(
    tagged.filter((match) => match !== null).map(([, name, graph]) => [name!.toLowerCase(), graph]),
  );
  for (const name of ["prompt", "workflow"]) if (texts[name] !== undefined) graphs[name] = texts[name];
  for (const text of [comment, plain]) {
    const inner = unpacked(text);
    if (isRecord(inner)) Object.assign(graphs, "prompt" in inner || "workflow" in inner ? inner : {});
  }
  const hasGraph = Object.keys(graphs).length > 0;
  if (written === undefined && !hasGraph) return null;
  const graph = hasGraph ? readComfy(graphs) : {};
  return written === undefined
    ? { ...graph, raw: { ...texts } }
    : { ...graph, ...fromNames(readParameters(written)), ...(hasGraph && { comfy: graph.comfy ?? {} }) };
}
