import type { Role } from "../../api/layout/role.ts";
import type { ResolvedFile, ResolveWarning } from "../../api/mod.ts";
import type { Digests, Promised, Transport } from "../../transport/mod.ts";

/** One file that will be downloaded. */
export interface PlannedFile {
  /** Its place in the run, from 0. */
  readonly index: number;
  /** What was asked for. */
  readonly reference: string;
  /** The file's name below the folder, which no other file of the run has. */
  readonly name: string;
  /** The folder it goes to; in it no other file of the run has its name. */
  readonly dir: string;
  /** Where it goes. */
  readonly path: string;
  /** Its size in bytes, where known. */
  readonly totalBytes: number | undefined;
  /** Where it comes from. */
  readonly url: string;
  /** To try in order when `url` answers 404. */
  readonly fallbackUrls: readonly string[];
  /** The size it must have; undefined where it is unknown or may be rounded. */
  readonly sizeBytes: number | undefined;
  /** What it is verified with. */
  readonly hashes: Digests;
  /** Asks the API again what is promised; undefined where there is no API to ask. */
  readonly refresh: (() => Promise<Promised>) | undefined;
  /** Names the file once the server has; undefined where its name is known. */
  readonly chooseName?: ((suggested: string | undefined) => string) | undefined;
  /** What to know before it is used. */
  readonly warnings: readonly ResolveWarning[];
  /** Its version; undefined where it is not on Civitai. */
  readonly versionId?: number | undefined;
  /** Until when only buyers get it (null: for good); null or undefined when everybody does. */
  readonly earlyAccess?: ResolvedFile["earlyAccess"] | undefined;
  /** What it is to programs that load it; undefined where it is not on Civitai. */
  readonly role?: Role | undefined;
  /** What one needs to use it; undefined where it is not on Civitai. */
  readonly model?: PlannedModel | undefined;
}

/** What the site says about the model a file belongs to. */
export interface PlannedModel {
  /** What it was made for, such as `SDXL 1.0`; null when unknown. */
  readonly baseModel: string | null;
  /** The words that call it up in a prompt. */
  readonly trainedWords: readonly string[];
}

/** What someone wants to have, and where it was written. */
export interface WrittenReference {
  /** As it was written. */
  readonly text: string;
  /** The list and the line it stands in; undefined where it was typed. */
  readonly place?: string | undefined;
  /** What holds for it alone, before what holds for all. */
  readonly own?: OwnOptions | undefined;
}

/** What may hold for a single reference: folder, name, the file of a version, and the hash whoever asks vouches for. */
export type OwnOptions = Partial<Pick<PlanFilesOptions, "dir" | "output" | "hashes" | "file">>;

/** What {@linkcode planFiles} goes by. */
export interface PlanFilesOptions {
  /** Folder of the results. */
  readonly dir: string;
  /** Folders below it: a layout's name or a template. Default: none. */
  readonly layout?: string | undefined;
  /** Folders below it for single types of models, before those of the layout. Default: none. */
  readonly folders?: Readonly<Record<string, string>> | undefined;
  /** Name of the one result. Default: as the site or the server names it. */
  readonly output?: string | undefined;
  /** File id or name within a version. Default: the primary one. */
  readonly file?: string | undefined;
  /** Every file of a version. Default: false. */
  readonly all?: boolean;
  /** Bare numbers are model ids, not version ids. Default: false. */
  readonly isModel?: boolean;
  /** Hashes whoever asks vouches for. Default: those the site publishes. */
  readonly hashes?: Digests;
  /** References looked up at once. Default: 3. */
  readonly concurrency?: number;
  /** Asks huggingface.co what a file there is; without it, nothing is known of files that are not on Civitai. */
  readonly transport?: Transport | undefined;
  /** Ends the lookups. */
  readonly signal: AbortSignal;
}

/** A reference that never became a file. */
export interface PlanFailure {
  /** What was asked for. */
  readonly reference: WrittenReference;
  /** Why. */
  readonly error: unknown;
}

/** What a run will do. */
export interface Plan {
  /** Files, in the order they were asked for; no two have one path. */
  readonly files: readonly PlannedFile[];
  /** References that never became files. */
  readonly failures: readonly PlanFailure[];
}
