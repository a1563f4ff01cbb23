/** Base models whose files work together, under the names programs give them. */
export interface Family {
  /** Its folder in InvokeAI. */
  readonly invokeai: string;
  /** As A1111, Forge and SD.Next call it; `Unknown` to them where it came later. */
  readonly webui: "SD1" | "SD2" | "SDXL" | "Unknown";
}

const families: readonly (readonly [RegExp, Family])[] = [
  [/refiner/i, { invokeai: "sdxl-refiner", webui: "SDXL" }],
  [/^sdxl|^pony$|^illustrious|^noobai/i, { invokeai: "sdxl", webui: "SDXL" }],
  [/^sd 1/i, { invokeai: "sd-1", webui: "SD1" }],
  [/^sd 2/i, { invokeai: "sd-2", webui: "SD2" }],
  [/^sd 3/i, { invokeai: "sd-3", webui: "Unknown" }],
  [/^flux\.?1/i, { invokeai: "flux", webui: "Unknown" }],
];

const unknown: Family = { invokeai: "any", webui: "Unknown" };

/** A base model of each family, and one of none. */
export const familyBases: readonly string[] = [
  ...["SDXL 1.0", "SD 1.5", "SD 2.1", "SD 3.5", "Flux.1 D", "SDXL Refiner", "Other"],
];

/** The family of a base model, such as `SDXL 1.0`. */
export function familyOf(baseModel: string | null | undefined): Family {
  return families.find(([pattern]) => pattern.test(baseModel ?? ""))?.[1] ?? unknown;
}
