import * as v from "valibot";
import { InputError } from "../../transport/mod.ts";
import { layout } from "../layout/layout.ts";
import { readRules, type UpdateRules } from "../library/update_rules.ts";
import { type JsonObject, prettyJson, readJsonObject } from "../disk/json_file.ts";
import { checkedFile } from "./checked_file.ts";

/** One thing that is wanted. Keys not named here are kept. */
export interface Wanted {
  /**
   * Its AIR: with a version it stays at that version, without one it follows the model. Or the https address of a file
   * elsewhere, which stays what it was when it was locked.
   */
  air: string;
  /** Which file of the version, by id or name (default: the main one). Of an address: the name to save it under. */
  file?: number | string | undefined;
  /** Every file of the version. */
  all?: boolean | undefined;
  /** Without a version in `air`: only versions for this base model, such as `SDXL 1.0`. */
  baseModel?: string | undefined;
  /** Its folder below the root, in place of the layout's. */
  folder?: string | undefined;
  /** Of an address: what it is, such as `VAE`, so that the layout knows its folder. */
  type?: string | undefined;
  /** Of an address: the SHA-256 it must have. */
  sha256?: string | undefined;
}

/** What is wanted: `civikit.models.json`. Keys not named here are kept. */
export interface Manifest {
  /** The form of the file. */
  version: 1;
  /** Where files go: a layout's name or template. */
  layout: string;
  /** Folder the layout begins in, relative to the manifest. */
  root: string;
  /** What is wanted. */
  models: Wanted[];
  /** What is no update, and what is one besides. */
  updates?: UpdateRules | undefined;
}

const text = v.pipe(v.string(), v.nonEmpty());
const schema = v.looseObject({
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  layout: v.exactOptional(text),
  root: v.exactOptional(text),
  updates: v.exactOptional(v.looseObject({
    ignore: v.exactOptional(v.array(text)),
    otherBase: v.exactOptional(v.array(text)),
  })),
  models: v.array(v.union([
    text,
    v.looseObject({
      air: text,
      file: v.exactOptional(v.union([text, v.number()])),
      all: v.exactOptional(v.boolean()),
      baseModel: v.exactOptional(text),
      folder: v.exactOptional(text),
      type: v.exactOptional(text),
      sha256: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/i))),
    }),
  ])),
});

/** A manifest that wants nothing yet. */
export function emptyManifest(): Manifest {
  return { version: 1, layout: "flat", root: "models", models: [] };
}

/**
 * Reads a manifest; undefined when there is none.
 *
 * @throws {InputError} `invalid_file` with the place, when it cannot be meant; `invalid_config` for an unknown layout.
 * @throws {CivikitError} `newer_format` when a newer civikit wrote it.
 */
export function readManifest(path: string): Manifest | undefined {
  const value = readJsonObject(path);
  return value === undefined ? undefined : checkedManifest(path, value);
}

function checkedManifest(path: string, value: JsonObject): Manifest {
  const { models, ...rest } = checkedFile(path, value, schema, "version", 1);
  const manifest = {
    ...emptyManifest(),
    ...rest,
    version: 1 as const,
    models: models.map((one) => typeof one === "string" ? { air: one } : one as Wanted),
  };
  layout(manifest.layout);
  readRules(manifest.updates);
  return manifest;
}

/**
 * The manifest as text. What wants nothing special is one line.
 *
 * @throws {InputError} `invalid_file` or `invalid_config` when it could not be read back from `path`.
 */
export function manifestText(path: string, manifest: Manifest): string {
  const models = manifest.models.map((wanted) => Object.keys(wanted).length === 1 ? wanted.air : wanted);
  const text = prettyJson({ ...manifest, models });
  checkedManifest(path, JSON.parse(text));
  return text;
}

/** What an entry is called in the lock file: its AIR, and what is special about it. Entries of one name want the same. */
export function wantedKey({ air, file, all, baseModel, folder, type, sha256 }: Wanted): string {
  const special = { file, all, baseModel, folder, type, sha256 };
  const words = Object.entries(special).filter(([, value]) => value !== undefined && value !== false);
  return [air, ...words.map(([name, value]) => `${name}=${value}`)].join("#");
}

/** An error about what is wanted or was typed. */
export function badWanted(input: string, state: string): InputError {
  return new InputError(`${JSON.stringify(input)}: ${state}`, { code: "invalid_argument", input });
}
