import type { ModelFacts } from "../../api/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import type { Locale } from "../../transport/mod.ts";
import { damageWords } from "./damage_words.ts";
import { permissionWords } from "./permission_words.ts";

/** How what is said of a model's state is put. */
export interface FactWords {
  /** The site does not know it. */
  readonly unknown: string;
  /** Nobody asked. */
  readonly unasked: string;
  /** What it is comes from a sidecar. */
  readonly bySidecar: string;
  /** The site has it no more. */
  gone(date: string): string;
  /** Somebody else has it. */
  second(name: string): string;
  /** How many tensors there are. */
  tensors(count: number): string;
}

const shownKeys =
  /^(?:modelspec\.(?:title|author|license|description|date)|ss_output_name|general\.(?:name|license|file_type|size_label))$/;

/**
 * What is known of a model file as rows of a name, the same for commands and pages, and a text; what is not known has none.
 *
 * @param copy Who else has it; null: nobody that is known.
 */
export function factRows(
  facts: ModelFacts,
  words: FactWords,
  locale: Locale,
  copy: string | null = null,
): [string, string][] {
  const { identity, source, goneAt, usage, head, permissions } = facts;
  const list = (values: readonly string[]) => values.join(", ");
  const state = [
    ...(identity === null ? [words.unknown] : identity === undefined ? [words.unasked] : []),
    ...(goneAt === null ? [] : [words.gone(goneAt.slice(0, 10))]),
    ...(source === "sidecar" ? [words.bySidecar] : []),
    ...(copy === null ? [] : [words.second(copy)]),
  ];
  const rows: [string, string][] = [
    ["file", facts.path],
    ["size", formatBytes(facts.bytes)],
    ["SHA256", facts.sha256 ?? ""],
    ["proof", facts.provedAt?.slice(0, 10) ?? ""],
    ["model", identity ? `${identity.modelName} (${identity.modelId ?? "?"})` : ""],
    ["version", identity ? `${identity.versionName} (${identity.versionId})` : ""],
    ["type", identity?.modelType ?? ""],
    ["base model", identity?.baseModel ?? ""],
    ["state", list(state)],
    ["trigger words", list(usage.triggerWords)],
    ["weight", usage.weight === null ? "" : String(usage.weight)],
    ["notes", usage.notes],
    ["tags", list(usage.tags)],
    ["permissions", list(permissionWords(permissions, locale))],
    [
      "format",
      head === null ? "" : list([head.format, words.tensors(head.tensorCount), ...(head.base ? [head.base] : [])]),
    ],
    ...Object.entries(head?.metadata ?? {}).filter(([key]) => shownKeys.test(key)),
    ["training tags", list((head?.trainingTags ?? []).map(({ tag, count }) => `${tag} (${count})`))],
    ["problem", damageWords(facts.problem ?? "", locale)],
    ["sidecars", list(facts.sidecars)],
  ];
  return rows.filter(([, value]) => value !== "");
}
