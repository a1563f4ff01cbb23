import { CivikitError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { type ModelDetails, readDetails } from "../layout/placer.ts";
import { asksModel } from "../layout/template.ts";
import { isGeneral } from "../library/is_general.ts";
import type { ModelLookup } from "../library/ask_models.ts";
import type { Model } from "../resources/models.ts";
import { readModelInfo } from "../sidecars/model_info.ts";
import { isRecord } from "../../transport/internal.ts";
import type { FileToOrganize } from "./plan_organize.ts";

const batchSize = 100;

/** What the sidecar of a file tells of its model: what this package and others write there. */
function besideDetails(path: string): ModelDetails | undefined {
  try {
    const info = readModelInfo(path);
    if (info === undefined) return undefined;
    const { creator, model } = info.raw;
    const source = info.shape === "model" ? info.raw : isRecord(model) ? model : {};
    const found = readDetails({
      creator: ((isRecord(creator) ? creator : source.creator) ?? null) as Model["creator"] & object,
      tags: (Array.isArray(source.tags) ? source.tags : []) as Model["tags"] & object,
    });
    return found.creator !== null && found.tags.length > 0 ? found : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Who made the models of files, and what they are sorted by, as far as the layout asks for it: from the sidecars, else from
 * the site, 100 models a question. Models that nobody tells about are missing.
 *
 * @param api Whom to ask; null: nobody.
 * @param files The files.
 * @param layout A profile's name or a template.
 * @returns By model id; and what went wrong.
 * @throws The signal's reason when it aborts.
 */
export async function modelDetails(
  api: ModelLookup | null,
  files: readonly FileToOrganize[],
  layout: string,
  { signal }: CallOptions = {},
): Promise<{ details: Map<number, ModelDetails>; failures: CivikitError[] }> {
  const details = new Map<number, ModelDetails>();
  const failures: CivikitError[] = [];
  if (!asksModel(layout)) return { details, failures };
  const wanted = new Set<number>();
  for (const { path, identity } of files) {
    const modelId = identity?.modelId ?? undefined;
    if (modelId === undefined || details.has(modelId)) continue;
    const found = besideDetails(path);
    if (found === undefined) wanted.add(modelId);
    else details.set(modelId, found);
  }
  const ids = [...wanted].filter((id) => !details.has(id));
  for (let at = 0; api !== null && at < ids.length; at += batchSize) {
    try {
      for (const [id, model] of await api.models.byIds(ids.slice(at, at + batchSize), { signal })) {
        details.set(id, readDetails(model));
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CivikitError)) throw error;
      failures.push(error);
      if (isGeneral(error)) break;
    }
  }
  return { details, failures };
}
