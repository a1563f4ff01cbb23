import type { Role } from "../layout/role.ts";

/** A model somebody wants to use, and whether it is here. */
export interface Need {
  /** Its name as it was written. */
  readonly name: string;
  /** What it is; null where nobody knows. */
  readonly role: Role | null;
  /** What the site calls such a model, such as `VAE`; null where nobody knows. */
  readonly modelType: string | null;
  /** `here`, `queued`, `missing`: it can be had, or `unknown`: nobody knows where. */
  readonly state: "here" | "queued" | "missing" | "unknown";
  /** Where it lies; null unless it is here. */
  readonly path: string | null;
  /** Where it would go below the root, with `/` between folders; null where it is here, or cannot be had. */
  readonly target: string | null;
  /** The site's names of model and version; null where they are not known. */
  readonly title: string | null;
  /** Its version on the site; null where that is not known. */
  readonly versionId: number | null;
  /** What to ask for to get it; null where it is here, or cannot be had. */
  readonly reference: string | null;
  /** What belongs to that reference: the file of the version; of an address, the SHA-256 and the name to save it under. */
  readonly options: { readonly file?: string; readonly sha256?: string; readonly output?: string };
  /** Its size in bytes; null where nobody says. */
  readonly sizeBytes: number | null;
  /**
   * What a download of it is verified with: `site`, the hashes Civitai names; `lfs` or `git`, the OID huggingface.co names;
   * `said`, the SHA-256 that was written beside its name; `none`, nothing. Null where it is not to be downloaded.
   */
  readonly proof: "site" | "lfs" | "git" | "said" | "none" | null;
  /** The name ComfyUI has for its folder; null where none was said. */
  readonly directory: string | null;
  /** Why it cannot be had, or could not be looked up; null where nothing is wrong. */
  readonly problem: string | null;
}

/** A file that is here. */
export interface Held {
  /** Where it lies. */
  readonly path: string;
  /** Its version on the site, where known. */
  readonly versionId?: number | undefined;
  /** The site's names of model and version, where known. */
  readonly title?: string | null | undefined;
}
