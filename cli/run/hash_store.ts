import { type HashCache, hashCache } from "../../api/mod.ts";
import { messageOf } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import type { Args } from "../options/args.ts";
import type { hashFlags } from "../options/shared_flags.ts";
import type { CommandContext } from "../command.ts";
import { hashesPath } from "../settings/places.ts";
import { isGranted, keeping } from "../settings/rights.ts";
import { printable } from "../terminal/text.ts";
import { runText } from "../texts/run.ts";

/**
 * The hashes of earlier runs. Where the usual place cannot be used, they are kept for this run only, and the user is told;
 * a place the user named has to work.
 */
export function openHashes(
  { flags }: Pick<Args<typeof hashFlags>, "flags">,
  { io, locale }: CommandContext,
  note: (text: string) => void,
): HashCache {
  const given = flags.hashes;
  const path = given ?? hashesPath(io.env);
  if (path === undefined) return hashCache(":memory:");
  const onTrouble = (error: CivikitError) => note(runText[locale].hashesNotKept(printable(messageOf(error))));
  // opening it would stop at a question on a terminal; that the right is missing has been said
  if (given === undefined && !isGranted(keeping(path))) return hashCache(":memory:");
  try {
    return hashCache(path, {
      onTrouble,
      onSetAside: (aside) => note(runText[locale].hashesDamaged(printable(aside))),
    });
  } catch (error) {
    if (!(error instanceof CivikitError) || given !== undefined) throw error;
    onTrouble(error);
    return hashCache(":memory:");
  }
}
