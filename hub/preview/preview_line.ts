import type { ResolveWarning } from "../../api/mod.ts";
import type { JobOptions } from "../queue/job.ts";
import type { Problem } from "../routes/problem.ts";

/** What is known of a wish before it is put into the queue. */
export interface PreviewLine {
  /** What would be put into the queue, or what was written instead of it. */
  readonly reference: string;
  /** What belongs to it. */
  readonly options?: JobOptions;
  /** In which line it was written, from 1; undefined where there are none. */
  readonly line?: number | undefined;
  /** In which file it was written; undefined for the box. */
  readonly file?: string | undefined;
  /** What a picture or a workflow calls it. */
  readonly calledThere?: string;
  /** Whether nothing more is going to be found out. */
  readonly isLookedUp: boolean;
  /** Whether it can be put into the queue. */
  readonly canAdd: boolean;
  /** The file's name. */
  readonly name?: string;
  /** The model's name and the version's. */
  readonly title?: string;
  /** What the model is, such as `LORA`. */
  readonly type?: string;
  /** What it was made for. */
  readonly baseModel?: string | null;
  /** Its size in bytes. */
  readonly sizeBytes?: number | undefined;
  /** Where it would go. */
  readonly path?: string;
  /** Room there, in bytes. */
  readonly freeBytes?: number | undefined;
  /** Where it lies already. */
  readonly have?: string | undefined;
  /** Whether the queue has it, and is not done with it. */
  readonly isQueued?: boolean;
  /** Whether only its name is known, so that nobody can say which file is meant. */
  readonly isNameOnly?: boolean;
  /** Whether the site has it in no list; it may know it all the same. */
  readonly isUnlisted?: boolean;
  /** Until when it is sold; null for ever or not known, undefined where it is free. */
  readonly earlyAccess?: string | null;
  /** What to know before it is used. */
  readonly warnings?: readonly ResolveWarning[];
  /** Why it cannot be put into the queue, or could not be looked up. */
  readonly problem?: Problem;
}

/** What another day does not change. */
const lasting: ReadonlySet<string> = new Set(["not_found", "gone", "downloads_disabled", "no_such_file"]);

/** Whether whoever takes everything means this line, too: not what is there, is coming, or is nowhere to be had. */
export const isTaken = ({ canAdd, have, isQueued, problem }: PreviewLine): boolean =>
  canAdd && have === undefined && isQueued !== true && !lasting.has(problem?.code ?? "");
