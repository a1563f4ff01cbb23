import { isRecord } from "../../transport/internal.ts";
import type { Role } from "../layout/role.ts";
import { looseJson } from "./loose_json.ts";
import { readParameters } from "./parameters.ts";

/** A model a picture was made with or a graph is made for, as far as that was written down. */
export interface UsedModel {
  /** Its name as it was written; of a file, with or without its ending. */
  readonly name: string;
  /** What it is; undefined where nothing says so. */
  readonly role?: Role | undefined;
  /** Any hash the site knows, 8 to 64 hexadecimal digits. */
  readonly hash?: string | undefined;
  /** Its version on the site. */
  readonly versionId?: number | undefined;
  /** Where its file is said to be. */
  readonly url?: string | undefined;
  /** The name ComfyUI has for its folder, such as `loras`. */
  readonly directory?: string | undefined;
}

const mostModels = 500;
const deepest = 12;
const hashForm = /^[\da-f]{8,64}$/i;
const fileForm = /\.(?:safetensors|sft|ckpt|pth|pt|gguf|bin)$/i;

const ofDirectory: Readonly<Record<string, Role>> = {
  ...{ checkpoints: "checkpoint", diffusion_models: "diffusion", unet: "diffusion", loras: "lora", vae: "vae" },
  ...{ text_encoders: "textEncoder", clip: "textEncoder", clip_vision: "clipVision", controlnet: "controlnet" },
  ...{ embeddings: "embedding", hypernetworks: "hypernetwork", upscale_models: "upscaler" },
};

const ofResource: Readonly<Record<string, Role>> = {
  ...{ checkpoint: "checkpoint", model: "checkpoint", lora: "lora", lycoris: "lora", locon: "lora", dora: "lora" },
  ...{ embed: "embedding", embedding: "embedding", textualinversion: "embedding", vae: "vae", upscaler: "upscaler" },
};

const textOf = (value: unknown): string | undefined => typeof value === "string" && value !== "" ? value : undefined;
const hashOf = (value: unknown): string | undefined => {
  const text = textOf(value)?.trim().replace(/^0x/i, "");
  return text !== undefined && hashForm.test(text) ? text : undefined;
};
/** What two spellings of one name have in common: `loras/Lantern.safetensors` and `Lantern`. */
export const plainName = (name: string): string => name.split(/[\\/]/).at(-1)!.replace(fileForm, "").toLowerCase();

/** `a: 1234abcd, b: 5678ef01`, as A1111 writes hashes of LoRAs and embeddings. */
function hashList(text: string | undefined, role: Role): UsedModel[] {
  return (text ?? "").split(",").flatMap((pair) => {
    const [, name, hash] = /^\s*(\S.*?)\s*:\s*([\da-f]{8,64})\s*$/i.exec(pair) ?? [];
    return name === undefined ? [] : [{ name, role, hash }];
  });
}

function resources(text: string | undefined): UsedModel[] {
  const list = text === undefined ? undefined : looseJson(text);
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).flatMap(({ type, modelName, modelVersionName, modelVersionId, hash }) => {
    const versionId = Number(modelVersionId);
    const isVersion = Number.isSafeInteger(versionId) && versionId > 0;
    if (!isVersion && hashOf(hash) === undefined) return [];
    const names = [textOf(modelName), textOf(modelVersionName)].filter((name) => name !== undefined);
    return [{
      name: names.join(" · ") || String(isVersion ? versionId : hash),
      role: ofResource[String(type ?? "").toLowerCase()],
      ...(isVersion && { versionId }),
      ...(hashOf(hash) !== undefined && { hash: hashOf(hash) }),
    }];
  });
}

/** `{"model": "1234abcd", "lora:a": "5678ef01", "embed:b": "..."}`, as Forge and others sum them up. */
function hashMap(text: string | undefined, model: string | undefined): UsedModel[] {
  const map = text === undefined ? undefined : looseJson(text);
  if (!isRecord(map)) return [];
  return Object.entries(map).flatMap(([key, value]) => {
    const [kind = "", ...rest] = key.split(":");
    const hash = hashOf(value);
    const name = rest.join(":") || (kind === "model" ? model : undefined) || kind;
    return hash === undefined ? [] : [{ name, role: ofResource[kind.toLowerCase()], hash }];
  });
}

/** One of each: what is said twice is put together, what is named by more comes first. */
function merged(models: readonly UsedModel[]): UsedModel[] {
  const found: UsedModel[] = [];
  for (const model of models) {
    const at = found.findIndex((one) =>
      (model.hash !== undefined && one.hash?.toLowerCase() === model.hash.toLowerCase()) ||
      (model.versionId !== undefined && one.versionId === model.versionId) ||
      (plainName(one.name) === plainName(model.name) && (one.role ?? model.role) === (model.role ?? one.role))
    );
    if (at < 0) found.push(model);
    else {found[at] = {
        ...model,
        ...Object.fromEntries(Object.entries(found[at]!).filter(([, one]) => one !== undefined)),
      } as UsedModel;}
  }
  return found.slice(0, mostModels);
}

/**
 * The models of the text A1111, Forge, SD.Next and the site write into pictures: its checkpoint and VAE, the hashes of LoRAs
 * and embeddings, Civitai's own list, and LoRAs the prompt calls.
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
  const raw = readParameters(text);
  const model = textOf(raw["Model"]);
  const vae = textOf(raw["VAE"]);
  const called = [...(raw["prompt"] ?? "").matchAll(/<(?:lora|lyco):([^:<>]+)(?::[^<>]*)?>/g)];
  return merged([
    ...(model !== undefined || hashOf(raw["Model hash"]) !== undefined
      ? [{ name: model ?? raw["Model hash"]!, role: "checkpoint" as const, hash: hashOf(raw["Model hash"]) }]
      : []),
    ...(vae !== undefined && hashOf(raw["VAE hash"]) !== undefined
      ? [{ name: vae, role: "vae" as const, hash: hashOf(raw["VAE hash"]) }]
      : []),
    ...hashList(raw["Lora hashes"], "lora"),
    ...hashList(raw["TI hashes"], "embedding"),
    ...hashMap(raw["Hashes"], model),
    ...resources(raw["Civitai resources"]),
    ...called.map(([, name]) => ({ name: name!, role: "lora" as const })),
  ]);
}

/** What a node says of its models (docs.comfy.org, properties.models). */
function nodeModels(value: unknown): UsedModel[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).flatMap(({ name, url, directory, hash }) => {
    const file = textOf(name);
    if (file === undefined) return [];
    const folder = textOf(directory);
    return [{
      name: file,
      role: folder === undefined ? undefined : ofDirectory[folder],
      ...{ hash: hashOf(hash), url: textOf(url), directory: folder },
    }];
  });
}

/**
 * The models of ComfyUI's graph, in either of its forms: what its nodes say of their models, also within subgraphs, and the
 * model files their inputs name.
 *
 * @example
 * ```ts
 * import { usedModelsOfGraph } from "@civikit/civikit/api";
 *
 * const models = [{ name: "paper.safetensors", url: "https://civitai.com/api/download/models/2002", directory: "loras" }];
 * console.log(usedModelsOfGraph({ nodes: [{ properties: { models } }] })[0]?.role); // lora
 * ```
 */
export function usedModelsOfGraph(graph: unknown): UsedModel[] {
  const said: UsedModel[] = [];
  const named: UsedModel[] = [];
  function walk(value: unknown, depth: number): void {
    if (depth > deepest || said.length + named.length > 4 * mostModels) return;
    if (typeof value === "string") {
      if (fileForm.test(value) && value.length < 400 && !value.includes("\n")) named.push({ name: value });
    } else if (Array.isArray(value)) {
      for (const one of value) walk(one, depth + 1);
    } else if (isRecord(value)) {
      const { properties, ...rest } = value;
      if (isRecord(properties)) said.push(...nodeModels(properties["models"]));
      for (const one of Object.values(rest)) walk(one, depth + 1);
    }
  }
  walk(graph, 0);
  return merged([...said, ...named]);
}
