import { CivikitError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { Civitai } from "../civitai.ts";
import type { Model } from "../resources/models.ts";
import type { ResolvedFile } from "../references/resolved_file.ts";
import { layoutFacts } from "./facts.ts";
import { layout, type LayoutOptions } from "./layout.ts";
import { asksModel } from "./template.ts";

/** What only a model's own page tells. */
export interface ModelDetails {
  /** Who made it. */
  readonly creator: string | null;
  /** What it is sorted by. */
  readonly tags: readonly string[];
}

const unknown: ModelDetails = { creator: null, tags: [] };

/**
 * Places the files of one model by the layout `name`; asks who made the model, and its tags, where the layout wants to
 * know.
 *
 * @throws {InputError} `invalid_config` when there is no such layout.
 */
export async function placer(
  name: string,
  modelId: number | null,
  api: Pick<Civitai, "models">,
  { signal, folders = {} }: CallOptions & Pick<LayoutOptions, "folders">,
): Promise<(file: ResolvedFile) => string> {
  const { place } = layout(name, { folders });
  const { creator, tags } = asksModel(name) ? await detailsOf(modelId, api, signal) : unknown;
  return (file) => place(layoutFacts(file, creator, tags));
}

const namesOf = (tags: Model["tags"]) => (tags ?? []).map((tag) => typeof tag === "string" ? tag : tag.name);

/** What the site's answer about a model says of it; all of it may be missing. */
export function readDetails({ creator, tags }: Pick<Model, "creator" | "tags">): ModelDetails {
  const name = creator?.username;
  return { creator: name === undefined || name === null ? null : String(name), tags: namesOf(tags) };
}

async function detailsOf(
  modelId: number | null,
  api: Pick<Civitai, "models">,
  signal: AbortSignal | undefined,
): Promise<ModelDetails> {
  if (modelId === null) return unknown;
  try {
    return readDetails(await api.models.get(modelId, { signal }));
  } catch (error) {
    // versions outlive their model's page
    if (error instanceof CivikitError && error.code === "not_found") return unknown;
    throw error;
  }
}
