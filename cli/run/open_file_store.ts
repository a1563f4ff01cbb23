import type { FetchFiles } from "../../api/mod.ts";
import type { FileStore } from "../../fleet/mirror/mod.ts";
import { messageOf } from "../../transport/internal.ts";
import type { CommandContext } from "../command.ts";
import type { Io } from "../terminal/io.ts";
import { failureFields } from "../terminal/json_line.ts";
import { printable } from "../terminal/text.ts";
import { mirrorText } from "../texts/mirror.ts";
import { s3Signer } from "./s3_signer.ts";
import { stackSettings } from "./stack_settings.ts";

/** What works with object stores, loaded by those alone who use one; the cast hides it from Deno's graph. */
export async function loadMirror(): Promise<typeof import("../../fleet/mirror/mod.ts")> {
  return await import("../../fleet/mirror/mod.ts" as string) as typeof import("../../fleet/mirror/mod.ts");
}

/**
 * The store at `s3://bucket/prefix`, by the settings and the credentials of the environment.
 *
 * @throws {InputError} When place, endpoint or credentials cannot be.
 */
export async function openFileStore(
  place: string,
  { io, settings }: Pick<CommandContext, "settings"> & { readonly io: Pick<Io, "env"> },
  note: (text: string) => void,
): Promise<FileStore> {
  const { value } = settings;
  const fleet = await loadMirror();
  const { bucket, prefix } = fleet.parseS3Place(place);
  const region = value("s3.region");
  const { headersMs: _api, apiMs: _a, imageMs: _i, headers: _h, ...transport } =
    stackSettings(settings, io, note).transport ?? {};
  return fleet.s3Store({
    ...{ bucket, prefix: prefix.replace(/\/$/, ""), region, transport },
    endpoint: value("s3.endpoint") ?? `https://s3.${region}.amazonaws.com`,
    addressing: value("s3.addressing"),
    credentials: s3Signer(io.env),
  });
}

/** The mirror that is read before the site. */
export interface Mirror extends Disposable {
  /** What fetches from there first, and what it cannot give by `fetch`. */
  first(fetch: FetchFiles): FetchFiles;
}

/** The mirror of `--mirror` or the settings; undefined where none is wanted. What it cannot give is told, and fetched. */
export async function openMirror(
  context: CommandContext,
  note: (text: string) => void,
  tell: (event: object, text: string) => void,
): Promise<Mirror | undefined> {
  const wanted = context.settings.value("install.mirror");
  if (wanted === undefined) return undefined;
  const store = await openFileStore(wanted, context, note);
  const { mirrorFirst } = await loadMirror();
  const { place } = store;
  const text = mirrorText[context.locale];
  return {
    first: (fetch) =>
      mirrorFirst(store, fetch, {
        onFound(found, files) {
          if (files > 0) tell({ event: "mirror", place, found, wanted: files }, text.found(found, files, place));
        },
        onTrouble({ name, error }) {
          const why = printable(messageOf(error));
          // it fails nothing
          const { exitCode: _none, ...fields } = failureFields(error);
          tell(
            { event: "mirror", place, name: name ?? null, ...fields },
            name === undefined ? text.away(place, why) : text.notFrom(printable(name), place, why),
          );
        },
      }),
    [Symbol.dispose]: store.close,
  };
}
