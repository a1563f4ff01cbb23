import type { Identity } from "./identity.ts";

/** What a file tells of itself; nothing of it is proof. */
export interface SelfTold {
  /** `modelspec.title`, `ss_output_name` or `general.name`. */
  title: string | null;
  /** `modelspec.architecture`, `ss_base_model_version` or `general.architecture`. */
  base: string | null;
}

/**
 * What a file is taken for before anybody has read the whole of it: its exact size and the first digits of a hash over a
 * sample, or over the tensors as its own head tells it, fit one file of the site.
 */
export interface Presumption {
  /** What it is taken for; null when nothing fits, or more than one does. */
  identity: Identity | null;
  /** The SHA-256 it has if that is true, upper case; null when the site names none. */
  sha256: string | null;
  /** What it was told by: a sample of 64 KiB, the tensors' hash in its head, or a SHA-256 that lies beside it. */
  by: "AutoV1" | "AutoV3" | "sidecar" | null;
  /** The files it may be, where more than one fits: nobody chooses between them. */
  candidates: Identity[];
  /** What it tells of itself. */
  told: SelfTold;
}
