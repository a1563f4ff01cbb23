import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { isInside, isRecord } from "../../transport/internal.ts";
import { prettyJson, readJsonObject, writeWhole } from "../disk/json_file.ts";
import type { MoveStep } from "../moves/entry.ts";

/** A model in the trash, with what lay beside it. */
export interface TrashedItem {
  /** Names it. */
  readonly id: string;
  /** Names it as well, shorter; four of its letters and digits do where they begin no other one. */
  readonly shortId: string;
  /** Where it was: its full path. */
  readonly path: string;
  /** Its size with what lay beside it, in bytes. */
  readonly bytes: number;
  /** When it was put there, in milliseconds since the epoch. */
  readonly trashedMs: number;
  /** Its SHA-256, upper case; null where nobody knew it. */
  readonly sha256: string | null;
  /** Why it was put there, in a word or two: `duplicate`, `update`, `removed`. */
  readonly why: string;
  /** Where everything was that belongs to it, itself first: full paths. */
  readonly files: readonly string[];
}

/** The same, with where it is. */
export interface KeptItem extends TrashedItem {
  /** Its folder in the trash. */
  readonly folder: string;
  /** The way of each file into the trash; the model first. */
  readonly steps: readonly MoveStep[];
}

const recordName = "item.json";

// without their endings: programs that look into every folder take them for no models
const nameIn = (number: number) => String(number);

/** What is to be put into `folder`, which lies in a trash folder. */
export function newItem(
  folder: string,
  files: readonly Omit<MoveStep, "to">[],
  { why, sha256, trashedMs }: Pick<TrashedItem, "why" | "sha256" | "trashedMs">,
): KeptItem {
  const steps = files.map((file, number) => ({ ...file, to: join(folder, nameIn(number)) }));
  return itemOf(folder, steps, { why, sha256, trashedMs });
}

function itemOf(
  folder: string,
  steps: readonly MoveStep[],
  about: Pick<TrashedItem, "why" | "sha256" | "trashedMs">,
): KeptItem {
  const files = steps.map(({ from }) => from);
  const bytes = steps.reduce((sum, step) => sum + step.bytes, 0);
  const id = basename(folder);
  return { id, shortId: id.slice(id.lastIndexOf("-") + 1), path: files[0]!, bytes, ...about, files, folder, steps };
}

/** The folder that paths are kept relative to: a disk may be plugged in elsewhere the next time. */
const baseOf = (folder: string) => dirname(dirname(folder));

/** Writes down what is to go into the trash, before it goes. */
export function writeItem({ folder, steps, why, sha256, trashedMs }: KeptItem): void {
  const base = baseOf(folder);
  const files = steps.map(({ from, to: _, ...rest }) => ({
    from: relative(base, from).split(sep).join("/"),
    ...rest,
  }));
  writeWhole(join(folder, recordName), prettyJson({ version: 1, trashedMs, why, sha256, files }));
}

/** Reads what was written down; undefined where that is nothing. */
export function readItem(folder: string): KeptItem | undefined {
  try {
    const { version, trashedMs, why, sha256, files } = readJsonObject(join(folder, recordName)) ?? {};
    if (version !== 1 || !Array.isArray(files) || files.length === 0 || !files.every(isRecord)) return undefined;
    const base = baseOf(folder);
    const steps = files.map((file, number): MoveStep => ({
      ...file as unknown as MoveStep,
      from: join(base, String(file.from)),
      to: join(folder, nameIn(number)),
    }));
    // a folder may come from elsewhere, and its trash with it
    if (!steps.every(({ from }) => isInside(base, from))) return undefined;
    const hash = typeof sha256 === "string" ? sha256 : null;
    return itemOf(folder, steps, { why: String(why), sha256: hash, trashedMs: Number(trashedMs) });
  } catch {
    return undefined;
  }
}

/** Everything that is written down in a trash folder, finished or not, the newest first. */
export function readItems(trash: string): KeptItem[] {
  if (!existsSync(trash)) return [];
  const names = readdirSync(trash).filter((name) => /^\d{8}T\d+Z-[\da-f]+$/.test(name));
  return names.sort().reverse().flatMap((name) => readItem(join(trash, name)) ?? []);
}
