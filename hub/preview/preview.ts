import type { UsedModel } from "../../api/mod.ts";
import type { CivikitError } from "../../transport/mod.ts";
import type { PreviewLine } from "./preview_line.ts";
import type { Wish } from "./wishes.ts";

/** What would be put into the queue; its lines are filled in as they are looked up. */
export interface Preview {
  /** Names it. */
  readonly id: string;
  /** Its lines, in the order they were written; what pictures and workflows name comes last. */
  readonly lines: readonly PreviewLine[];
  /** Whether nothing more is looked up. */
  readonly isDone: boolean;
}

/** Where previews begin. */
export interface PreviewSource {
  /** References. */
  readonly wishes: readonly Wish[];
  /** What pictures and workflows name. */
  readonly used: readonly { readonly file: string; readonly models: readonly UsedModel[] }[];
  /** Files that could not be read. */
  readonly unread: readonly { readonly file: string; readonly error: CivikitError }[];
}

/** What is looked at before it is put into the queue, by several at once. */
export interface Previews {
  /** Begins one; resolves when everything is looked up, or a second and a half later. */
  start(source: PreviewSource): Promise<Preview>;
  /** One that was begun; undefined when it is too old, or of a service before. */
  get(id: string): Preview | undefined;
  /** Takes down that these lines are in the queue now. */
  note(id: string, indexes: readonly number[]): void;
  /** Lets go of one. */
  drop(id: string): void;
  /** Lets go of all. */
  close(): void;
}
