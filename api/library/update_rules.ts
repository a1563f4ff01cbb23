import { InputError } from "../../transport/mod.ts";

/**
 * What a user does not want to hear of, and what they do although it is not usual. In a project they stand in its manifest,
 * for folders in the settings.
 */
export interface UpdateRules {
  /** `version:2002`, `model:1001`, or `base:Pony` (upper or lower case): what is no update. Default: nothing. */
  ignore?: readonly string[] | undefined;
  /** `model:1001`, or `all`: models whose versions for other base models are updates. Default: none. */
  otherBase?: readonly string[] | undefined;
}

/** What rules come to. */
export interface ReadRules {
  /** Whether versions of the model are no update. */
  ignoresModel(modelId: number): boolean;
  /** Whether the version is none. */
  ignoresVersion(versionId: number): boolean;
  /** Whether versions for this base model are none. */
  ignoresBase(baseModel: string | null): boolean;
  /** Whether the model's versions for other base models are updates. */
  allowsOtherBase(modelId: number): boolean;
}

const forms = {
  ignore: {
    form: /^(?:version:[1-9]\d{0,14}|model:[1-9]\d{0,14}|base:.*\S.*)$/,
    due: "version:ID, model:ID or base:NAME",
  },
  otherBase: { form: /^(?:model:[1-9]\d{0,14}|all)$/, due: "model:ID or all" },
} as const;

/** What is wrong with one rule, in words; undefined when nothing is. */
function wrongRule(kind: keyof UpdateRules, text: string): string | undefined {
  return forms[kind].form.test(text) ? undefined : `not ${forms[kind].due}`;
}

/**
 * Makes rules that can be asked.
 *
 * @throws {InputError} `invalid_config` when one of them cannot be meant.
 */
export function readRules({ ignore = [], otherBase = [] }: UpdateRules = {}): ReadRules {
  for (const [kind, texts] of [["ignore", ignore], ["otherBase", otherBase]] as const) {
    for (const text of texts) {
      const state = wrongRule(kind, text);
      if (state === undefined) continue;
      throw new InputError(`reading the rule ${JSON.stringify(text)} for updates: ${state}`, {
        code: "invalid_config",
        input: text,
      });
    }
  }
  const ignored = new Set(ignore.map((text) => text.toLowerCase()));
  const others = new Set(otherBase);
  return {
    ignoresModel: (id) => ignored.has(`model:${id}`),
    ignoresVersion: (id) => ignored.has(`version:${id}`),
    ignoresBase: (name) => name !== null && ignored.has(`base:${name.toLowerCase()}`),
    allowsOtherBase: (id) => others.has("all") || others.has(`model:${id}`),
  };
}

/** By which rule a version is no update; undefined: by none. */
export function ignoredBy(
  rules: ReadRules,
  { modelId, versionId, baseModel }: { modelId: number; versionId: number; baseModel: string | null },
): "ignored_model" | "ignored_version" | "ignored_base" | undefined {
  if (rules.ignoresModel(modelId)) return "ignored_model";
  if (rules.ignoresVersion(versionId)) return "ignored_version";
  return rules.ignoresBase(baseModel) ? "ignored_base" : undefined;
}

/**
 * Rules with some more, and without others; each once, upper or lower case.
 *
 * @param rules Those that there are.
 * @param add Those to put there.
 * @param remove Those to take away.
 * @example
 * ```ts
 * import { withRules } from "@civikit/civikit/api";
 *
 * console.log(withRules({ ignore: ["model:7"] }, { ignore: ["version:8"] })); // { ignore: [ "model:7", "version:8" ], otherBase: [] }
 * ```
 */
export function withRules(
  rules: UpdateRules,
  add: UpdateRules,
  remove: UpdateRules = {},
): { ignore: string[]; otherBase: string[] } {
  const changed = (kind: keyof UpdateRules) => {
    const gone = new Set(remove[kind]?.map((text) => text.toLowerCase()));
    return [...new Set([...rules[kind] ?? [], ...add[kind] ?? []])].filter((text) => !gone.has(text.toLowerCase()));
  };
  return { ignore: changed("ignore"), otherBase: changed("otherBase") };
}
