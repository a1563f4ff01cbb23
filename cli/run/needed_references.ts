import { dirname, resolve } from "node:path";
import { folderShelf, needsOf } from "../../api/mod.ts";
import type { WrittenReference } from "../../hub/run/mod.ts";
import type { CommandContext } from "../command.ts";
import type { Args } from "../options/args.ts";
import { downloadPlace } from "../options/download_place.ts";
import type { hashFlags } from "../options/shared_flags.ts";
import { jsonLine } from "../terminal/json_line.ts";
import { openHashes } from "./hash_store.ts";
import type { WrittenSource } from "../options/model_source.ts";
import { readAllNamed } from "./named_models.ts";
import type { Session } from "./session.ts";
import { commandText, showNeeds } from "./show_needs.ts";

/** Who is told. */
interface Told {
  note(text: string): void;
  fail(error: unknown, subject: string): void;
  /** Takes down the exit code of what was told. */
  count(code: number): void;
}

/** The options of a download that matter here. */
type NeedsArgs = Args<typeof hashFlags> & {
  readonly flags: {
    readonly yes: boolean;
    readonly json: boolean;
    readonly dryRun: boolean;
    readonly queue: boolean;
    readonly force: boolean;
    readonly sidecars: boolean;
  };
};

/**
 * What pictures, graphs and infotexts need and whoever runs this wants to have, outside of a project: references with the
 * folder, name and hash that belong to each.
 */
export async function neededReferences(
  sources: readonly WrittenSource[],
  { api, transport, signal }: Pick<Session, "api" | "transport" | "signal">,
  args: NeedsArgs,
  context: CommandContext,
  { note, fail, count }: Told,
): Promise<WrittenReference[]> {
  const { settings } = context;
  const { yes, json, dryRun: isDry, queue, force, sidecars } = args.flags;
  const { dir, layout, folders } = downloadPlace(settings);
  const root = resolve(dir);
  const used = await readAllNamed(sources, { api, transport, signal }, fail);
  using cache = openHashes(args, context, note);
  const find = folderShelf(root, { cache, signal });
  const needs = await needsOf(used, { api, transport, find, signal, layout, folders });
  const typed = (key: "download.directory" | "root" | "layout") =>
    settings.source(key) === "flag" ? settings.value(key) : undefined;
  const command = commandText("download", sources.map(({ text }) => text), {
    ...{ dir: typed("download.directory"), root: typed("root"), layout: typed("layout"), queue, force, sidecars },
    yes: true,
  });
  const emit = (event: object, text: string) => json ? jsonLine(context.io, event) : note(text);
  const rest = await showNeeds(needs, { yes, isDry, json, root, signal, command, emit, count }, context);
  return rest.map(({ reference, target, versionId, options: { file, output, sha256 } }) => ({
    text: reference!,
    own: {
      ...(file !== undefined && { file }),
      ...(sha256 !== undefined && { hashes: { SHA256: sha256.toUpperCase() } }),
      // of a file elsewhere nobody but who looked it up knows the folder
      ...(versionId === null && { dir: resolve(root, dirname(target!)), ...(output !== undefined && { output }) }),
    },
  }));
}
