import { existsSync, statSync } from "node:fs";
import { isRecord, renameDurably } from "../../transport/internal.ts";
import { isCode } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { type JsonObject, prettyJson, readJsonObject, writeWhole } from "../disk/json_file.ts";
import { mergeJson } from "../disk/merge_json.ts";
import { besideModel } from "./beside_model.ts";
import { sidecarPath } from "./names.ts";

/** What its user knows of a model file. */
export interface Usage {
  /** Plain text; empty: none. */
  notes: string;
  /** Words to find it by. */
  tags: string[];
  /** Words that call it up in a prompt. */
  triggerWords: string[];
  /** Strength to use it with; null: none is said. */
  weight: number | null;
}

/** What changes of a {@linkcode Usage}; what is not named stays. */
export interface UsageChange extends CallOptions {
  /** New notes in place of the old ones; empty takes them away. */
  notes?: string | undefined;
  /** Tags to put there. */
  addTags?: readonly string[] | undefined;
  /** Tags to take away; upper or lower case. */
  removeTags?: readonly string[] | undefined;
  /** New trigger words in place of the old ones; an empty list goes back to what others say. */
  triggerWords?: readonly string[] | undefined;
}

/** Ending of the file in which {@linkcode setUsage} keeps it: of no other program. */
const usageEnding = ".civikit.json";

/** A sidecar beyond this is none. */
const mostBytes = 4 * 1024 ** 2;

const isText = (value: unknown): value is string => typeof value === "string";
const textsOf = (value: unknown): string[] | undefined =>
  Array.isArray(value) ? value.filter(isText).map((text) => text.trim()).filter(Boolean) : undefined;

/** A sidecar of anybody; what cannot be read says nothing. */
function said(path: string): JsonObject {
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    return size === 0 || size > mostBytes ? {} : readJsonObject(path) ?? {};
  } catch {
    return {};
  }
}

/** The link that `--sidecars` puts where a user has not written yet. */
const isOwnLink = (notes: string) =>
  /^https:\/\/civitai\.com\/(?:models\/\d+\?modelVersionId=|model-versions\/)\d+$/.test(notes);

/**
 * What its user knows of a model file: what {@linkcode setUsage} kept, else what is in the sidecars of other programs: the
 * `.json` of A1111, Forge and SD.Next (`notes`, `activation text`, `preferred weight`), Lora-Manager's `.metadata.json`
 * (`notes`, `tags`), and trigger words of a `.civitai.info`. Those are read and never written. What cannot be read says
 * nothing.
 *
 * @param path The model file.
 * @param siteWords Trigger words as the site has them, for where none of these files says any. Default: none.
 * @example
 * ```ts
 * import { readUsage } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync(), path = `${folder}/lantern.safetensors`;
 * Deno.writeTextFileSync(`${folder}/lantern.json`, `{ "activation text": "paper lantern, glow", "notes": "at 0.8" }`);
 * console.log(readUsage(path)); // { notes: "at 0.8", tags: [], triggerWords: [ "paper lantern", "glow" ], weight: null }
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function readUsage(path: string, siteWords: readonly string[] = []): Usage {
  const own = said(sidecarPath(path, usageEnding));
  const webui = said(sidecarPath(path, ".json"));
  const manager = said(sidecarPath(path, ".metadata.json"));
  const info = said(sidecarPath(path, ".civitai.info"));
  const webuiNotes = isText(webui.notes) && !isOwnLink(webui.notes.trim()) ? webui.notes : "";
  const managerNotes = isText(manager.notes) ? manager.notes : "";
  const activation = isText(webui["activation text"]) ? webui["activation text"].split(",") : [];
  const words = textsOf(own.triggerWords) ?? [];
  const weight = webui["preferred weight"];
  return {
    notes: isText(own.notes) ? own.notes : webuiNotes || managerNotes,
    tags: textsOf(own.tags) ?? textsOf(manager.tags) ?? [],
    triggerWords: [words, textsOf(activation)!, textsOf(info.trainedWords) ?? []].find(({ length }) => length > 0) ??
      textsOf(siteWords)!,
    weight: typeof weight === "number" && Number.isFinite(weight) && weight !== 0 ? weight : null,
  };
}

/**
 * Changes what is known of a model file, in `NAME.civikit.json` beside it: no other program reads or writes that, so none
 * is in the way. Two at once both come through. Tags that another program had are taken over with the first change.
 *
 * @param path The model file.
 * @param change See {@linkcode UsageChange}.
 * @returns What is known now.
 * @throws {InputError} `invalid_file` when what is there is no JSON; it stays as it is.
 * @throws {DiskError} When it cannot be written; `target_locked` (`moves_running`) while files there move.
 * @example
 * ```ts
 * import { setUsage } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync(), path = `${folder}/lantern.safetensors`;
 * const { notes, tags } = await setUsage(path, { notes: "best at 0.8", addTags: ["style"] });
 * console.log(notes, tags); // best at 0.8 [ "style" ]
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function setUsage(
  path: string,
  { notes, addTags = [], removeTags = [], triggerWords, signal }: UsageChange,
): Promise<Usage> {
  const before = readUsage(path);
  const gone = new Set(removeTags.map((tag) => tag.trim().toLowerCase()));
  const added = textsOf([...addTags])!;
  const sidecar = sidecarPath(path, usageEnding);
  const wasThere = existsSync(sidecar);
  const change = (existing: JsonObject = {}): JsonObject => {
    const next: JsonObject = { version: 1, ...existing };
    if (notes !== undefined) next.notes = notes;
    if (triggerWords !== undefined) next.triggerWords = textsOf([...triggerWords]);
    if (added.length > 0 || gone.size > 0) {
      const tags = new Map<string, string>();
      for (const tag of [...textsOf(existing.tags) ?? before.tags, ...added]) {
        if (!gone.has(tag.toLowerCase()) && !tags.has(tag.toLowerCase())) tags.set(tag.toLowerCase(), tag);
      }
      next.tags = [...tags.values()];
    }
    return next;
  };
  await besideModel(path, () => mergeJson(sidecar, change, { signal }), () => wasThere ? [] : [sidecar]);
  return readUsage(path);
}

/** Takes what is known of a model over to the one that comes in its place, where nothing is known of that. */
export function carryUsage(from: string, to: string): void {
  const [source, target] = [sidecarPath(from, usageEnding), sidecarPath(to, usageEnding)];
  if (source === target || !existsSync(source) || existsSync(target)) return;
  try {
    const known = readJsonObject(source);
    // words of one version may not be those of the next
    const { triggerWords: _, ...rest } = known ?? {};
    if (isRecord(known)) writeWhole(target, prettyJson(rest), { replace: false });
  } catch (error) {
    // somebody was quicker, or there is nothing that could be taken over
    if (!isCode(error, "target_exists") && !isCode(error, "invalid_file")) throw error;
  }
}

/** Gives what is known of a model the new name of that; what is there under it already stays. */
export function moveUsage(from: string, to: string): void {
  const [source, target] = [sidecarPath(from, usageEnding), sidecarPath(to, usageEnding)];
  if (source !== target && existsSync(source) && !existsSync(target)) renameDurably(source, target, { replace: false });
}
