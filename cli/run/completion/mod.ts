import { bashCompletion } from "./bash.ts";
import { completionPlaces, type EntriesOptions, type Places } from "./entries.ts";
import { fishCompletion } from "./fish.ts";
import { powershellCompletion } from "./powershell.ts";
import { zshCompletion } from "./zsh.ts";

/** A shell that can complete. */
export type Shell = "bash" | "zsh" | "fish" | "powershell";

const scripts: Readonly<Record<Shell, (places: readonly Places[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
  powershell: powershellCompletion,
};

/** The shells there is a completion for. */
export const shells: readonly Shell[] = ["bash", "zsh", "fish", "powershell"];

/** The script that teaches a shell every command line of civikit; it starts no program when it is used. */
export function completionScript(shell: Shell, options: EntriesOptions): string {
  return scripts[shell](completionPlaces(options));
}
