import { readFileSync, statSync } from "node:fs";
import { sidecarPath } from "../../../api/sidecars/names.ts";
import { isRecord } from "../../../transport/internal.ts";
import type { Levelled } from "../../search/levels.ts";

/** What lies beside a model and is shown with it. */
export interface Beside {
  /** The level of its first picture, where it is known. */
  readonly picture: Levelled | undefined;
  /** Where its preview is; undefined where it has none. */
  readonly preview: string | undefined;
}

const endings = [".preview.png", ".preview.jpeg", ".preview.jpg", ".preview.webp"];
const largestInfoBytes = 1024 ** 2;

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Reads what other programs and `--sidecars` write; what cannot be read is not there. */
function infoOf(path: string): Record<string, unknown> {
  try {
    const place = sidecarPath(path, ".civitai.info");
    const size = sizeOf(place);
    if (size === 0 || size > largestInfoBytes) return {};
    const info: unknown = JSON.parse(readFileSync(place, "utf8"));
    return isRecord(info) ? info : {};
  } catch {
    return {};
  }
}

/** Where the preview of a model is. */
export function previewOf(path: string): string | undefined {
  try {
    return endings.map((ending) => sidecarPath(path, ending)).find((place) => sizeOf(place) > 0);
  } catch {
    return undefined;
  }
}

/** What lies beside the model at `path`. */
export function besideOf(path: string): Beside {
  const { images } = infoOf(path);
  const [picture] = Array.isArray(images) ? images : [];
  return {
    picture: isRecord(picture) ? picture as Levelled : undefined,
    preview: previewOf(path),
  };
}
