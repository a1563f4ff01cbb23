import type { Locale } from "../transport/mod.ts";
import type { Args } from "./options/args.ts";
import type { Flags } from "./options/flags.ts";
import type { Settings } from "./settings/read_settings.ts";
import type { Io } from "./terminal/io.ts";
import type { Style } from "./terminal/style.ts";
import type { Bilingual } from "./texts/texts.ts";

/** What every command is given beside its own arguments. */
export interface CommandContext {
  /** Streams, terminal, environment, signals. */
  readonly io: Io;
  /** Colours for messages. */
  readonly style: Style;
  /** Language of everything meant for people. */
  readonly locale: Locale;
  /** The settings that hold: options, environment, files, defaults. */
  readonly settings: Settings;
  /** Name of the command that runs. */
  readonly command: string;
  /** Every command with its name, for who tells of them. */
  loadCommands(): Promise<readonly (Command & { readonly name: string; readonly summary: Bilingual })[]>;
}

/**
 * What may stand where an operand is due, for completion: names of files, of folders or of lists of the site, keys of
 * settings, or such a key and its `value`.
 */
export type Operands = "file" | "folder" | "list" | "setting" | "value";

/** One command: a file in cli/commands/ that exports it; name, group and summary are its row in cli/commands/commands.ts. */
export interface Command<F extends Flags = Flags> {
  /** How it is called, after `civikit`. */
  readonly usage: string;
  /** Explanations and examples below the list of options; lines are joined and broken anew for the terminal. */
  readonly help: Bilingual;
  /** Its options, the common ones left out. */
  readonly flags: F;
  /** Whether it runs with settings that are wrong, too, because it shows or mends them. Default: false. */
  readonly isForgiving?: boolean;
  /** Words its first operand may be, where it says what to do. */
  readonly actions?: readonly string[];
  /** The action that is meant where none is given: one that only shows, and needs no word. */
  readonly usualAction?: string;
  /** What its operands are, where they can be completed; of a command with actions, for each of them. */
  readonly operands?: Operands | Readonly<Record<string, Operands>>;
  /** How many operands it takes at most. Default: any number. */
  readonly mostOperands?: number;
  /** Does it; resolves with the exit code. */
  run(args: Args<F>, context: CommandContext): Promise<number>;
}
