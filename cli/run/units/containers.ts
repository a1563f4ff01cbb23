import quadlet from "../../../deploy/container/civikit.container" with { type: "text" };
import compose from "../../../deploy/container/compose.yaml" with { type: "text" };
import { put } from "./put.ts";

/** What runs containers. */
export type ContainerKind = "compose" | "quadlet";

/** The files of deploy/ that run the image, with example paths in them. */
const originals: Readonly<Record<ContainerKind, string>> = { compose: compose, quadlet: quadlet };

/** The names of all of them. */
export const containerKinds: readonly ContainerKind[] = ["compose", "quadlet"];

/** What is filled in; what is not given stays as it is. */
export interface ContainerParts {
  /** The folder of the models. */
  readonly root: string | undefined;
  /** Where the service is reached on this machine. */
  readonly port: number | undefined;
}

/** The file that runs the image, as it stands outside of the checkout: the image is fetched, not built. */
export function filledContainer(kind: ContainerKind, { root, port }: ContainerParts): string {
  let text = originals[kind];
  if (kind === "compose") {
    text = put(text, / +build:\n(?: {6}.*\n)+/, "");
    text = put(text, /\.\.\/proxy\/Caddyfile/, "./Caddyfile");
    if (root !== undefined) {
      text = put(
        text,
        /\$\{CIVIKIT_MODELS:-\.\/models\}:\/models/,
        JSON.stringify(`${root.replaceAll("$", "$$$$")}:/models`),
      );
      text = put(text, /(?<=people reach it by), CIVIKIT_MODELS the folder of the models/, "");
    }
  } else if (root !== undefined) {
    text = put(text, /^Volume=%h\/models:/m, `Volume=${root.replaceAll("%", "%%")}:`);
  }
  return port === undefined ? text : put(text, /127\.0\.0\.1:8787(?=:8787)/, `127.0.0.1:${port}`);
}
