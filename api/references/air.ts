import { badInput, idRule, isId, readId } from "../client/input.ts";

/**
 * An AIR, the site's resource name: `urn:air:{ecosystem}:{type}:civitai:{model}[@{version}][+{file}][.{format}]`.
 * Words are in lower case.
 */
export interface Air {
  /** The family of base models, such as `sdxl`. */
  ecosystem?: string;
  /** The kind of resource, such as `checkpoint`; only with an ecosystem. */
  type?: string;
  /** Who keeps it: only Civitai can be asked. */
  source: "civitai";
  /** The model's id. */
  modelId: number;
  /** The version's id. */
  versionId?: number;
  /** The file's id. */
  fileId?: number;
  /** The file's format, such as `safetensor`. */
  format?: string;
}

const longestAir = 256;
const label = /^[\w\-/]+$/;
// The site's own pattern lets the version swallow a format that follows it, so the file id may come after the format.
const resource = /^([^@+.]*)(?:@([^+.]*))?(?:\.([\w-]+))?(?:\+([^.]*))?(?:\.([\w-]+))?$/;

/**
 * Reads an AIR. `urn:` and `air:`, ecosystem and type may be missing; case does not matter.
 *
 * @param text The AIR.
 * @throws {InputError} `invalid_air`, with what is wrong, when it is malformed or names another source than Civitai.
 * @example
 * ```ts
 * import { parseAir } from "@civikit/civikit/api";
 *
 * const { modelId, versionId } = parseAir("urn:air:sdxl:checkpoint:civitai:827184@2514310");
 * console.log(modelId, versionId); // 827184 2514310
 * ```
 */
export function parseAir(text: string): Air {
  const bad = (reason: string) => badInput(text, `${reason}; an AIR looks like ${example}`, "invalid_air");
  if (text.length > longestAir) throw bad(`longer than ${longestAir} characters`);

  const parts = text.trim().toLowerCase().replace(/^urn:/, "").replace(/^air:/, "").split(":");
  const tail = parts.pop()!;
  const source = parts.pop();
  const [ecosystem, type, ...more] = parts;
  if (source === undefined) throw bad("the source before the id is missing");
  if (more.length > 0) throw bad("too many parts between colons");
  for (const [name, value] of Object.entries({ ecosystem, type, source })) {
    if (value !== undefined && !label.test(value)) throw bad(`${name} ${JSON.stringify(value)} is not a word`);
  }
  if (source !== "civitai") throw bad(`source ${JSON.stringify(source)} cannot be resolved, only "civitai" can`);

  const match = resource.exec(tail);
  if (!match) throw bad(`${JSON.stringify(tail)} is not an id, version, file and format`);
  const [, model, version, format, file, lateFormat] = match;
  if (format !== undefined && lateFormat !== undefined) throw bad("it names two formats");

  const id = (what: string, digits: string) => {
    const value = /^\d+$/.test(digits) ? readId(digits) : undefined;
    if (value === undefined) throw bad(`${what} id ${JSON.stringify(digits)}: ${idRule}`);
    return value;
  };
  const air: Air = { source, modelId: id("model", model!) };
  if (ecosystem !== undefined) air.ecosystem = ecosystem;
  if (type !== undefined) air.type = type;
  if (version !== undefined) air.versionId = id("version", version);
  if (file !== undefined) air.fileId = id("file", file);
  const chosen = format ?? lateFormat;
  if (chosen !== undefined) air.format = chosen;
  return air;
}

const example = "urn:air:sdxl:checkpoint:civitai:827184@2514310";

/**
 * Writes an AIR in full; what {@linkcode parseAir} reads back is the same.
 *
 * @param air The AIR.
 * @throws {InputError} `invalid_air` when a part of it cannot stand in an AIR.
 * @example
 * ```ts
 * import { formatAir } from "@civikit/civikit/api";
 *
 * const air = { ecosystem: "flux1", type: "lora", source: "civitai", modelId: 1231067, versionId: 1387174 } as const;
 * console.log(formatAir(air)); // urn:air:flux1:lora:civitai:1231067@1387174
 * ```
 */
export function formatAir(air: Air): string {
  const { ecosystem, type, source, modelId, versionId, fileId, format } = air;
  const given = JSON.stringify(air);
  for (const [name, value] of Object.entries({ modelId, versionId, fileId })) {
    if (value !== undefined && !isId(value)) throw badInput(given, `${name}: ${idRule}`, "invalid_air");
  }
  for (const [name, value] of Object.entries({ ecosystem, type, format })) {
    if (value === undefined) continue;
    if (!label.test(value) || (name === "format" && value.includes("/"))) {
      throw badInput(given, `${name} ${JSON.stringify(value)} is not a word`, "invalid_air");
    }
  }
  if (type !== undefined && ecosystem === undefined) throw badInput(given, "a type needs an ecosystem", "invalid_air");

  const head = ["urn", "air", ecosystem, type, source].filter((part) => part !== undefined).join(":");
  const version = versionId === undefined ? "" : `@${versionId}`;
  const file = fileId === undefined ? "" : `+${fileId}`;
  return `${head}:${modelId}${version}${file}${format === undefined ? "" : `.${format}`}`.toLowerCase();
}
