import { type FinishedUpdate, type HashCache, settleFolders } from "../../api/mod.ts";
import { addSidecars } from "../../hub/run/mod.ts";
import { messageOf } from "../../transport/internal.ts";
import type { CommandContext } from "../command.ts";
import { printable } from "../terminal/text.ts";
import { updateText } from "../texts/update.ts";
import type { Session } from "./session.ts";

/** What {@linkcode settle} works with. */
export interface SettleRun {
  /** Hashes. Default: in memory. */
  readonly cache?: HashCache | undefined;
  /** Whom to ask for sidecars. Default: nobody; updates that want some wait for a command that can. */
  readonly session?: Session | undefined;
  /** Stops it. Default: what stops the session. */
  readonly signal?: AbortSignal | undefined;
  /** Shows a line to the user. */
  note(text: string): void;
  /** Shows an update that was ended. Default: by `note`. */
  readonly onEnd?: ((finished: FinishedUpdate) => Promise<void> | void) | undefined;
}

/** Before a command works on folders with models: ends what a killed one left half done there. */
export async function settle(
  folders: readonly string[],
  { cache, session, signal = session?.signal, note, onEnd }: SettleRun,
  { locale }: Pick<CommandContext, "locale">,
): Promise<void> {
  const text = updateText[locale];
  const tell = (error: Error) => note(text.notFinished(printable(messageOf(error))));
  await settleFolders(folders, {
    ...{ cache, isOffline: session === undefined, signal, onTrouble: tell },
    async onEnd(finished) {
      const { path, sha256, sidecars } = finished;
      if (onEnd === undefined) note(text.finished(printable(path)));
      else await onEnd(finished);
      if (!sidecars || session === undefined) return;
      for await (const { error } of addSidecars([{ path, sha256 }], session)) if (error !== undefined) tell(error);
    },
  });
}
