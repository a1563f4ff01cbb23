import type { Locale } from "../transport/mod.ts";
import type { Args } from "./options/args.ts";
import type { Flags } from "./options/flags.ts";
import type { Settings } from "./settings/read_settings.ts";
import type { Io } from "./terminal/io.ts";
import type { Style } from "./terminal/style.ts";

/** What every command is given beside its own arguments. */
export interface CommandContext {
  /** Streams, terminal, environment, signals. */
  readonly io: Io;
  /** Colours for messages. */
  readonly style: Style;
  /** Language of the hints. */
  readonly locale: Locale;
  /** The settings that hold: options, environment, files, defaults. */
  readonly settings: Settings;
  /** Name of the command that runs. */
  readonly command: string;
}

/** One command: a file in cli/commands/ that exports it, and a line in cli/commands/commands.ts. */
export interface Command<F extends Flags = Flags> {
  /** What the user types. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** How it is called, after `civikit`. */
  readonly usage: string;
  /** Explanations and examples below the list of options. */
  readonly help: string;
  /** Its options, the common ones left out. */
  readonly flags: F;
  /** Whether it runs with settings that are wrong, too, because it shows or mends them. Default: false. */
  readonly isForgiving?: boolean;
  /** How many operands it takes at most. Default: any number. */
  readonly mostOperands?: number;
  /** Does it; resolves with the exit code. */
  run(args: Args<F>, context: CommandContext): Promise<number>;
}
