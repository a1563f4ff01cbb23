import { type Family, familyOf } from "../resources/base_models.ts";
import type { Version } from "../resources/versions.ts";

/** What A1111, Forge and SD.Next read from the `.json` beside a LoRA. */
export interface UserMetadata {
  /** Plain text. */
  description: string;
  /** Family of base models, as the web UIs call it. */
  "sd version": Family["webui"];
  /** Words put into the prompt with it. */
  "activation text": string;
  /** Strength to use it with; 0 leaves it to the web UI. */
  "preferred weight": number;
  /** The user's own place. */
  notes: string;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: " " };

/** HTML as plain text: line ends where paragraphs end, no tags. */
function plainText(html: string): string {
  return html.replace(/<br\s*\/?>|<\/(?:p|div|li|h\d)>/gi, "\n").replace(/<[^>]*>/g, "")
    .replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name) => entities[name]!).replace(/\n{3,}/g, "\n\n").trim();
}

/** The metadata for a new `.json`. */
export function userMetadata(
  { baseModel, description, trainedWords, modelId, id }: Version,
  modelDescription?: string | null,
): UserMetadata {
  return {
    description: plainText(description || modelDescription || ""),
    "sd version": familyOf(baseModel).webui,
    "activation text": (trainedWords ?? []).join(", "),
    "preferred weight": 0,
    notes: modelId
      ? `https://civitai.com/models/${modelId}?modelVersionId=${id}`
      : `https://civitai.com/model-versions/${id}`,
  };
}
