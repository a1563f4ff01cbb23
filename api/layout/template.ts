import { InputError, safeFileName } from "../../transport/mod.ts";
import { longestNameBytes } from "../../transport/internal.ts";
import type { LayoutFacts } from "./facts.ts";

const names = [
  "type",
  "baseModel",
  "creator",
  "model",
  "version",
  "file",
  "modelId",
  "versionId",
  "fileId",
] as const;
type Name = typeof names[number];

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
 * path segment, whatever is in it; one that is not known becomes `unknown`.
 *
 * @throws {InputError} `invalid_config` when the template names something unknown, leads up, or does not end with
 * `{file}`.
 */
export function templatePlace(template: string): (facts: LayoutFacts) => string {
  const segments = check(template);
  return function place(facts) {
    const values: Record<Name, string | number | null | undefined> = {
      type: facts.modelType,
      baseModel: facts.baseModel,
      creator: facts.creator,
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
