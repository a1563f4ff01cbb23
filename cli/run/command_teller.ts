import type { PublishedFile } from "../../hub/run/mod.ts";
import type { WorkTeller } from "../../hub/targets/mod.ts";
import type { CommandContext } from "../command.ts";

/** How long a command waits at its end for programs that are told of its files, in milliseconds. */
const lastMs = 10_000;

/** What a command tells of its files and failures. */
export interface CommandTeller extends WorkTeller, AsyncDisposable {
  /** For the run driver; undefined where nobody is to be told. */
  readonly published: ((file: PublishedFile) => void) | undefined;
}

/** Tells the programs of the settings of what a command publishes or fails at, at its end at the latest; loads nothing where there are none. */
export async function commandTeller(
  context: Pick<CommandContext, "io" | "locale" | "settings">,
  note: (text: string) => void,
): Promise<CommandTeller> {
  const { settings } = context;
  if (settings.value("targets").length === 0) {
    return { published: undefined, onJob() {}, onWatch() {}, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { openTeller } = await import("./open_teller.ts");
  const { published, onJob, onWatch, close } = await openTeller({ settings: () => settings, context, note });
  return { published, onJob, onWatch, [Symbol.asyncDispose]: () => close(lastMs) };
}
