import { InputError, safeFileName } from "../../transport/mod.ts";
import { longestNameBytes } from "../../transport/internal.ts";
import type { LayoutFacts } from "./facts.ts";

const names = [
  "type",
  "baseModel",
  "base",
  "creator",
  "tag",
  "model",
  "version",
  "file",
  "modelId",
  "versionId",
  "fileId",
] as const;
type Name = typeof names[number];

/** What kind of thing a model makes, as Civitai sorts models by tags; the order is that of ComfyUI-Lora-Manager. */
const usualTags: readonly string[] = [
  ...["character", "concept", "clothing", "realistic", "anime", "toon", "furry", "style", "poses", "background"],
  ...["tool", "vehicle", "buildings", "objects", "assets", "animal", "action"],
];

/** The first of `wanted` that a model has, else the first it has. */
function tagOf(tags: readonly string[], wanted: readonly string[]): string | undefined {
  const own = new Set(tags.map((tag) => tag.toLowerCase()));
  return wanted.find((tag) => own.has(tag.toLowerCase())) ?? tags[0];
}

/** Whether a layout asks for what only a model's own page tells: who made it, and its tags. */
export function asksModel(name: string): boolean {
  return /\{(?:creator|tag)\}/.test(name);
}

const hole = /\{([^{}]*)\}/g;
const longestSegment = 120;

function refuse(template: string, reason: string): InputError {
  return new InputError(`reading the layout ${JSON.stringify(template)}: ${reason}`, {
    code: "invalid_config",
    reason: "unknown_layout",
    input: template,
  });
}

function check(template: string): string[] {
  const segments = template.split("/");
  for (const [, name] of template.matchAll(hole)) {
    if (!(names as readonly string[]).includes(name!)) {
      throw refuse(template, `"{${name}}" is unknown; there are ${names.map((known) => `{${known}}`).join(", ")}`);
    }
  }
  if (/[{}]/.test(template.replace(hole, ""))) throw refuse(template, "a brace is left over");
  if (segments.some((segment) => /^\.*$/.test(segment.trim())) || template.includes("\\")) {
    throw refuse(template, "folders are separated by single slashes, and it names no folder above");
  }
  if (!/\{file\}$/.test(segments.at(-1)!)) throw refuse(template, "it has to end with {file}");
  return segments;
}

/**
 * A path from a template such as `{type}/{baseModel}/{creator}/{model}/{version}/{file}`. Every value becomes part of one
 * path segment, whatever is in it; one that is not known becomes `unknown`. `{base}` is `{baseModel}`; `{tag}` the first of
 * `tags` that the model has, else its own first.
 *
 * @throws {InputError} `invalid_config` when the template names something unknown, leads up, or does not end with
 * `{file}`.
 */
export function templatePlace(
  template: string,
  tags: readonly string[] = usualTags,
): (facts: LayoutFacts) => string {
  const segments = check(template);
  return function place(facts) {
    const values: Record<Name, string | number | null | undefined> = {
      type: facts.modelType,
      baseModel: facts.baseModel,
      base: facts.baseModel,
      creator: facts.creator,
      tag: tagOf(facts.tags ?? [], tags),
      model: facts.model,
      version: facts.version,
      file: safeFileName(facts.fileName),
      modelId: facts.modelId,
      versionId: facts.versionId,
      fileId: facts.fileId,
    };
    return segments.map((segment, index) => {
      const text = segment.replace(hole, (_, name: Name) => {
        const value = String(values[name] ?? "").trim();
        return name === "file" ? value : value.replace(/[/\\]/g, "_") || "unknown";
      });
      const isLast = index === segments.length - 1;
      return safeFileName(text, { fallback: "unknown", maxBytes: isLast ? longestNameBytes : longestSegment });
    }).join("/");
  };
}
