import { isRecord } from "../../transport/internal.ts";
import type { Role } from "../layout/role.ts";
import { usedModelsOfGraph } from "./graph_models.ts";
import { looseJson } from "./loose_json.ts";
import { airFacts, fileForm, hashOf, merged, roleOfWord, textOf, type UsedModel, versionOf } from "./model_list.ts";
import { readParameters } from "./parameters.ts";

export type { UsedModel };

/** JSON in a text, or what is read already. */
const readOf = (value: unknown): unknown => typeof value === "string" ? looseJson(value) : value;

/** `a: 1234abcd, b: 5678ef01`, as A1111 writes hashes of LoRAs and embeddings; the site has them as a record. */
function hashList(value: unknown, role: Role): UsedModel[] {
  const pairs = isRecord(value) ? Object.entries(value).map(([name, hash]) => `${name}: ${hash}`) : textOf(value);
  const list = typeof pairs === "string" ? pairs.split(",") : pairs ?? [];
  return list.flatMap((pair) => {
    const [, name, hash] = /^\s*(\S.*?)\s*:\s*([\da-f]{8,64})\s*$/i.exec(pair) ?? [];
    return name === undefined ? [] : [{ name, role, hash }];
  });
}

/** The lists of the site: `{ type, modelName, modelVersionId }`, `{ air }`, `{ type, name, hash }`. */
function resources(value: unknown): UsedModel[] {
  const list = readOf(value);
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).flatMap((one) => {
    const air = airFacts(one["air"] ?? one["urn"] ?? one["name"]);
    const versionId = versionOf(one["modelVersionId"] ?? one["versionId"]) ?? air?.versionId;
    const hash = hashOf(one["hash"]);
    if (versionId === undefined && hash === undefined) return [];
    const own = air === undefined ? one["name"] : undefined;
    const names = [textOf(one["modelName"] ?? own), textOf(one["modelVersionName"] ?? one["versionName"])];
    return [{
      name: names.filter((name) => name !== undefined).join(" · ") || String(versionId ?? hash),
      role: roleOfWord(one["type"]) ?? air?.role,
      ...(versionId !== undefined && { versionId }),
      ...(hash !== undefined && { hash }),
    }];
  });
}

/** Every list of resources in what the site calls metadata: its own, and those of tools it took over. */
function metadataResources(value: unknown): UsedModel[] {
  const metadata = readOf(value);
  if (!isRecord(metadata)) return [];
  return [metadata["resources"], metadata["civitaiResources"], metadata["additionalResources"]].flatMap(resources);
}

/** `{"model": "1234abcd", "lora:a": "5678ef01", "embed:b": "..."}`, as Forge and others sum them up. */
function hashMap(value: unknown, model: string | undefined): UsedModel[] {
  const map = readOf(value);
  if (!isRecord(map)) return [];
  return Object.entries(map).flatMap(([key, value]) => {
    const [kind = "", ...rest] = key.split(":");
    const hash = hashOf(value);
    const name = rest.join(":") || (kind === "model" ? model : undefined) || kind;
    return hash === undefined ? [] : [{ name, role: roleOfWord(kind), hash }];
  });
}

/** The fields of an infotext, and of the metadata the site sends, which has the same names. */
function fromFields(raw: Readonly<Record<string, unknown>>): UsedModel[] {
  const model = textOf(raw["Model"]);
  const modelHash = hashOf(raw["Model hash"]);
  const vae = textOf(raw["VAE"]);
  const vaeHash = hashOf(raw["VAE hash"]);
  const prompts = [raw["prompt"], raw["negativePrompt"]].map((text) => textOf(text) ?? "").join("\n");
  const called = [...prompts.matchAll(/<(?:lora|lyco):([^:<>\n]+)(?::[^<>\n]*)?>/g)];
  return [
    ...(model !== undefined || modelHash !== undefined
      ? [{ name: model ?? modelHash!, role: "checkpoint" as const, hash: modelHash }]
      : []),
    ...(vae !== undefined && vaeHash !== undefined ? [{ name: vae, role: "vae" as const, hash: vaeHash }] : []),
    ...hashList(raw["Lora hashes"], "lora"),
    ...hashList(raw["TI hashes"] ?? raw["TI"], "embedding"),
    ...hashMap(raw["Hashes"] ?? raw["hashes"], model),
    ...resources(raw["Civitai resources"] ?? raw["civitaiResources"]),
    ...metadataResources(raw["Civitai metadata"]),
    ...called.map(([, name]) => ({ name: name!, role: "lora" as const })),
  ];
}

/**
 * The models of the text A1111, Forge, SD.Next and the site write into pictures: its checkpoint and VAE, the hashes of LoRAs
 * and embeddings, Civitai's own lists (version ids and AIRs), and LoRAs the prompt calls.
 *
 * @example
 * ```ts
 * import { usedModels } from "@civikit/civikit/api";
 *
 * const text = 'a lantern <lora:paper:1>\nSteps: 20, Sampler: Euler, Model hash: 1234abcd56, Model: base, Lora hashes: "paper: 0011223344ff"';
 * console.log(usedModels(text).map(({ name, hash }) => `${name} ${hash}`)); // [ "base 1234abcd56", "paper 0011223344ff" ]
 * ```
 */
export function usedModels(text: string): UsedModel[] {
  return merged(fromFields(readParameters(text)));
}

/** Lists of names the site takes out of graphs. */
const nameLists: Readonly<Record<string, Role>> = {
  ...{ models: "checkpoint", vaes: "vae", upscalers: "upscaler", controlNets: "controlnet" },
};

function namesIn(fields: Readonly<Record<string, unknown>>): UsedModel[] {
  const named = Object.entries(nameLists).flatMap(([key, role]) => {
    const list = fields[key];
    return Array.isArray(list) ? list.map((name) => ({ name: textOf(name), role })) : [];
  });
  const more = fields["additionalResources"];
  const resources = Array.isArray(more) ? more.filter(isRecord) : [];
  return [
    ...named,
    ...resources.map(({ name, type }) => ({ name: textOf(name), role: roleOfWord(type) })),
  ].flatMap(({ name, role }) => name !== undefined && fileForm.test(name) ? [{ name, role }] : []);
}

/** A graph as the site sends it: with `undefined` where there is none, which no reader of JSON takes. */
const graphsOf = (comfy: unknown): unknown =>
  readOf(typeof comfy === "string" ? comfy.replace(/:\s*undefined\b/g, ": null") : comfy);

/**
 * The models of an image of the gallery, from the metadata the site sends and the versions it names beside them.
 *
 * @param image An image from `images.get()`, or from a list asked for `withMeta`.
 * @example
 * ```ts
 * import { usedModelsOfImage } from "@civikit/civikit/api";
 *
 * const meta = { resources: [{ type: "lora", name: "paper", hash: "0011223344" }] };
 * console.log(usedModelsOfImage({ meta, modelVersionIds: [2002] }).map(({ name }) => name)); // [ "paper", "2002" ]
 * ```
 */
export function usedModelsOfImage(
  { meta, modelVersionIds }: {
    meta?: Record<string, unknown> | null;
    modelVersionIds?: readonly number[] | null;
  },
): UsedModel[] {
  const inner = isRecord(meta?.["meta"]) ? meta["meta"] : meta;
  const fields = isRecord(inner) ? inner : {};
  const comfy = graphsOf(fields["comfy"]);
  return merged([
    ...fromFields(fields),
    ...metadataResources(fields),
    ...(isRecord(comfy) ? [readOf(comfy["prompt"]), readOf(comfy["workflow"])].flatMap(usedModelsOfGraph) : []),
    ...namesIn(fields),
    ...(modelVersionIds ?? []).map((versionId) => ({ name: String(versionId), versionId })),
  ]);
}
