import type { Site } from "../client/site.ts";
import { parseReference } from "../references/reference.ts";
import type { UpdateRules } from "./update_rules.ts";

/**
 * A rule as it is kept, of what somebody typed: a version id, `model:<id>` or any other reference of the two, `base:<name>`;
 * for `otherBase` a model, or `all`.
 *
 * @param kind Which rule.
 * @param typed What was typed.
 * @param site Whose addresses count. Default: those of Civitai.
 * @returns Undefined when nothing can be meant.
 * @example
 * ```ts
 * import { parseRule } from "@civikit/civikit/api";
 *
 * console.log(parseRule("ignore", "2002"), parseRule("otherBase", "model:1001")); // version:2002 model:1001
 * ```
 */
export function parseRule(kind: keyof UpdateRules, typed: string, site?: Partial<Site>): string | undefined {
  const text = typed.trim();
  if (kind === "otherBase" && text.toLowerCase() === "all") return "all";
  const [, base] = /^base:(.*\S.*)$/i.exec(text) ?? [];
  if (kind === "ignore" && base !== undefined) return `base:${base.trim()}`;
  try {
    const reference = parseReference(text, site);
    if (reference.kind === "model") return `model:${reference.modelId}`;
    if (reference.kind === "version" && kind === "ignore") return `version:${reference.versionId}`;
  } catch {
    // nothing that could be meant
  }
  return undefined;
}
