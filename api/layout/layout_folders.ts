import { familyBases } from "../resources/base_models.ts";
import type { LayoutFacts } from "./facts.ts";
import { layout, type LayoutOptions } from "./layout.ts";
import { type Role, typesOf } from "./role.ts";

/** Two files that have nothing in common but what they are: what they share of their way is there for all. */
function examples(modelType: string, bases: readonly [string, string]): readonly [LayoutFacts, LayoutFacts] {
  const one = (letter: string, number: number, baseModel: string): LayoutFacts => ({
    ...{ modelType, baseModel, creator: letter, model: letter, version: letter, fileName: "x.safetensors" },
    ...{ modelId: number, versionId: number, fileId: number, tags: [letter] },
  });
  return [one("a", 1, bases[0]), one("b", 2, bases[1])];
}

function shared(one: string, other: string): string {
  const [these, those] = [one.split("/").slice(0, -1), other.split("/").slice(0, -1)];
  const end = these.findIndex((part, index) => part !== those[index]);
  return these.slice(0, end < 0 ? these.length : end).join("/");
}

/**
 * The folders below the root in which a layout puts files of a role, the usual one first; everything below them counts, so
 * that of a template it is what stands before the first name that differs. An empty text is the root itself.
 *
 * @param name As `layout()` takes it.
 * @param options As `layout()` takes them.
 * @throws {InputError} `invalid_config` as `layout()` does.
 * @example
 * ```ts
 * import { layoutFolders } from "@civikit/civikit/api";
 *
 * console.log(layoutFolders("comfyui")("lora")); // [ "models/loras" ]
 * console.log(layoutFolders("models/{type}/{baseModel}/{file}")("checkpoint")); // [ "models/Checkpoint" ]
 * ```
 */
export function layoutFolders(name: string, options: LayoutOptions = {}): (role: Role) => readonly string[] {
  const { name: known, place } = layout(name, options);
  // InvokeAI alone has the family before the kind
  const bases = known === "invokeai"
    ? familyBases.map((base) => [base, base] as const)
    : [["SD 1.5", "SDXL 1.0"] as const];
  return (role) => {
    const all = typesOf(role).flatMap((type) => {
      return bases.map((pair) => {
        const [one, other] = examples(type, pair);
        return shared(place(one), place(other));
      });
    });
    return [...new Set(all)];
  };
}
