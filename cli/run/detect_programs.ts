import { join } from "node:path";
import { messageOf } from "../../transport/internal.ts";
import type { CommandContext } from "../command.ts";
import { UsageError } from "../options/usage_error.ts";
import type { SettingsStore } from "../settings/settings_store.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { detectText } from "../texts/detect.ts";
import { readExtraPaths } from "./extra_model_paths.ts";
import { findPrograms, type FoundProgram } from "./find_programs.ts";

/** What downloads may be set to. */
interface Choice extends FoundProgram {
  /** Folders for types of models, below the root; they go before the layout. */
  readonly folders: Readonly<Record<string, string>>;
}

/** What {@linkcode detectPrograms} works with. */
export interface DetectOptions {
  /** Which of the programs is taken; undefined to list them. */
  readonly use: number | undefined;
  /** The settings file. */
  readonly store: SettingsStore;
  /** Environment and language. */
  readonly context: CommandContext;
  /** Where it is told. */
  readonly out: Output;
}

/** A program, before it the folders ComfyUI was told to put new files into, after it the other ones it was told of. */
async function choicesOf(program: FoundProgram, { context: { io, locale }, out }: DetectOptions): Promise<Choice[]> {
  const own = { ...program, folders: {} };
  if (program.layout !== "comfyui") return [own];
  const path = join(program.root, "extra_model_paths.yaml");
  try {
    const extra = await readExtraPaths(path, io.env);
    const choices = extra.filter(({ folders }) => Object.keys(folders).length > 0).map(
      ({ name, isDefault, root, folders }) => ({
        isDefault,
        choice: { name: `${program.name} (${name})`, layout: "comfyui", root, folders },
      }),
    );
    const those = (wanted: boolean) => choices.filter(({ isDefault }) => isDefault === wanted).map((one) => one.choice);
    return [...those(true), own, ...those(false)];
  } catch (error) {
    out.note(detectText[locale].unread(printable(path), printable(messageOf(error))));
    return [own];
  }
}

/**
 * Lists the programs that use models, or sets root, layout and folders for one of them.
 *
 * @throws {UsageError} When there is no such program.
 */
export async function detectPrograms(options: DetectOptions): Promise<void> {
  const { use, store, context: { io, locale }, out } = options;
  const text = detectText[locale];
  const choices = (await Promise.all(findPrograms(io.env).map((program) => choicesOf(program, options)))).flat();
  if (use === undefined) {
    for (const [index, choice] of choices.entries()) out.emit({ number: index + 1, ...choice });
    if (choices.length === 0) return out.note(text.nothing);
    const rows = choices.map((
      { name, root, layout },
      index,
    ) => [`${index + 1}`, printable(name), printable(root), layout]);
    out.table([text.heads, ...rows], { isWhole: true });
    return out.note(text.use);
  }
  const choice = choices[use - 1];
  if (choices.length === 0) throw new UsageError(text.nothing);
  if (choice === undefined) throw new UsageError(text.noSuch(use, choices.length));
  const { name, root, layout, folders } = choice;
  store.unset("folders");
  store.merge({ root, layout, ...(Object.keys(folders).length > 0 && { folders }) });
  out.emit({ event: "set", ...choice, path: store.path }, text.set(printable(name), printable(root)));
}
