import { shownInput } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import type { FileSelection } from "./reference.ts";
import type { ModelFile } from "../resources/version_parts.ts";
import type { Version } from "../resources/versions.ts";

/** Which files of a version are wanted. */
export interface FileChoice extends Omit<FileSelection, "fileId"> {
  /** One file, by id or by name. */
  file?: number | string;
  /** Every file that fits, not only the main one; training data only if `type` says so, as only its owner gets it. */
  all?: boolean;
}

const sameWord = (a: string | null | undefined, b: string) => a?.toLowerCase() === b.toLowerCase();

function fits({ type, metadata }: ModelFile, wanted: FileChoice): boolean {
  const has = {
    type,
    format: metadata?.format,
    size: metadata?.size,
    fp: metadata?.fp,
    quantType: metadata?.quantType,
  };
  return (["type", "format", "size", "fp", "quantType"] as const).every((name) => {
    const word = wanted[name];
    if (word === undefined) return true;
    return sameWord(has[name], word) || (name === "format" && sameWord(has.format, word.replace(/s$/i, "")));
  });
}

function named(files: readonly ModelFile[], wanted: number | string): readonly ModelFile[] {
  const byId = files.filter(({ id }) => String(id) === String(wanted));
  if (byId.length > 0 || typeof wanted === "number") return byId;
  const exact = files.filter(({ name }) => name === wanted);
  return exact.length > 0 ? exact : files.filter(({ name }) => sameWord(name, wanted));
}

function none(version: Version, wanted: string, reason: string): InputError {
  const shown = (version.files ?? []).slice(0, 20).map(({ id, name, type }) =>
    `${id} ${JSON.stringify(name)} (${type})`
  );
  const input = shownInput(wanted);
  return new InputError(
    `choosing ${JSON.stringify(input)} from version "${version.id}": ${reason}; it has ${shown.join(", ")}`,
    {
      code: "no_such_file",
      input,
    },
  );
}

/** The version's main file: the one marked so, else the first SafeTensor, else the only one there is. */
function mainOf(files: readonly ModelFile[]): ModelFile | undefined {
  return files.find(({ primary }) => primary === true) ??
    files.find(({ metadata }) => sameWord(metadata?.format, "SafeTensor")) ??
    (files.length === 1 ? files[0] : undefined);
}

/**
 * The files of `version` that are wanted: the main one of those that fit unless `all` or `file` says otherwise.
 *
 * @throws {InputError} `no_such_file`, with what there is, when none fits or it is not clear which is meant.
 */
export function selectFiles(version: Version, choice: FileChoice): readonly ModelFile[] {
  const { file, all = false, ...filters } = choice;
  const files = version.files ?? [];
  const wanted = JSON.stringify({ ...(file !== undefined && { file }), ...filters });
  if (file !== undefined) {
    const found = named(files, file).filter((candidate) => fits(candidate, filters));
    if (found.length === 0) throw none(version, String(file), "there is no such file");
    if (found.length > 1) throw none(version, String(file), "several files have this name, choose one by its id");
    return found;
  }
  const fitting = files.filter((candidate) => fits(candidate, filters));
  const found = filters.type === undefined ? fitting.filter(({ type }) => type !== "Training Data") : fitting;
  if (found.length === 0) throw none(version, wanted, "no file fits");
  if (all) return found;
  const main = mainOf(found);
  if (main === undefined) {
    throw none(version, wanted, "several files fit and none is the main one, choose one by its id");
  }
  return [main];
}
