import { CivikitError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { Civitai } from "../civitai.ts";
import type { ResolvedFile } from "../references/resolved_file.ts";
import { layoutFacts } from "./facts.ts";
import { layout, type LayoutOptions } from "./layout.ts";

/**
 * Places the files of one model by the layout `name`; asks who made the model, where the layout wants to know.
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
  const creator = name.includes("{creator}") ? await creatorOf(modelId, api, signal) : null;
  return (file) => place(layoutFacts(file, creator));
}

async function creatorOf(
  modelId: number | null,
  api: Pick<Civitai, "models">,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  if (modelId === null) return null;
  try {
    const { creator } = await api.models.get(modelId, { signal });
    return creator?.username === undefined || creator.username === null ? null : String(creator.username);
  } catch (error) {
    // versions outlive their model's page
    if (error instanceof CivikitError && error.code === "not_found") return null;
    throw error;
  }
}
