import type { Role } from "../layout/role.ts";
import { parseAir } from "../references/air.ts";
import { isId } from "../client/input.ts";

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

/** More models than any honest picture names. */
export const mostModels = 500;
const hashForm = /^[\da-f]{8,64}$/i;

/** Names of files that hold weights. */
export const fileForm: RegExp = /\.(?:safetensors|sft|ckpt|pth|pt|gguf|bin)$/i;

const ofResource: Readonly<Record<string, Role>> = {
  ...{ checkpoint: "checkpoint", model: "checkpoint", lora: "lora", lycoris: "lora", locon: "lora", dora: "lora" },
  ...{ embed: "embedding", embedding: "embedding", textualinversion: "embedding", vae: "vae", upscaler: "upscaler" },
  ...{ controlnet: "controlnet", hypernet: "hypernetwork", hypernetwork: "hypernetwork", unet: "diffusion" },
  ...{ motionmodule: "motion", clip: "textEncoder", textencoder: "textEncoder", clipvision: "clipVision" },
};

/** What a word of a list of resources, or of an AIR, means. */
export const roleOfWord = (word: unknown): Role | undefined => ofResource[String(word ?? "").toLowerCase()];

/** A text that is not empty. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** A hash the site could know, without what some programs write before it. */
export function hashOf(value: unknown): string | undefined {
  const text = textOf(value)?.trim().replace(/^(?:0x|sha-?256:)/i, "");
  return text !== undefined && hashForm.test(text) ? text : undefined;
}

/** The id of a version, from a number or its digits. */
export function versionOf(value: unknown): number | undefined {
  const id = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof id === "number" && isId(id) ? id : undefined;
}

/** What an AIR says: version and role; undefined for what is none, or names no version of the site. */
export function airFacts(value: unknown): { versionId: number; role: Role | undefined } | undefined {
  const text = textOf(value);
  if (text === undefined || !/^(?:urn:)?air:/i.test(text)) return undefined;
  try {
    const { versionId, type } = parseAir(text);
    return versionId === undefined ? undefined : { versionId, role: roleOfWord(type) };
  } catch {
    return undefined; // of another source, or a slip of the pen
  }
}

/** What two spellings of one name have in common: `loras/Lantern.safetensors` and `Lantern`. */
export const plainName = (name: string): string => name.split(/[\\/]/).at(-1)!.replace(fileForm, "").toLowerCase();

const isSaid = (model: UsedModel) => Object.fromEntries(Object.entries(model).filter(([, one]) => one !== undefined));

/** One of each: what is said twice is put together, what is named by more comes first. */
export function merged(models: Iterable<UsedModel>): UsedModel[] {
  const found: UsedModel[] = [];
  const known = new Map<string, number[]>();
  for (const model of models) {
    const { hash, versionId, name, role } = model;
    const keys = [
      ...(hash === undefined ? [] : [`hash ${hash.toLowerCase()}`]),
      ...(versionId === undefined ? [] : [`version ${versionId}`]),
      `name ${plainName(name)}`,
    ];
    const isSame = (at: number, key: string) =>
      !key.startsWith("name ") || (found[at]!.role ?? role) === (role ?? found[at]!.role);
    let at = keys.flatMap((key) => (known.get(key) ?? []).filter((one) => isSame(one, key)))[0];
    if (at !== undefined) found[at] = { ...model, ...isSaid(found[at]!) } as UsedModel;
    else if (found.length === mostModels) continue;
    else at = found.push(model) - 1;
    for (const key of keys) {
      const places = known.get(key) ?? [];
      if (!places.includes(at)) known.set(key, [...places, at]);
    }
  }
  return found;
}
