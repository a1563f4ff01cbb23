import { statSync } from "node:fs";
import { type Civitai, galleryImageId } from "../../api/mod.ts";
import type { Settings } from "../settings/read_settings.ts";

const endings = /\.(?:png|jpe?g|webp|avif|json|txt)$/i;
const imageHosts = ["image.civitai.com", "imagecache.civitai.com"];

/** Where a picture, a graph or an infotext is. */
export type ModelSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "gallery"; readonly id: number };

/** A source, and how it was written. */
export interface WrittenSource {
  readonly text: string;
  readonly source: ModelSource;
}

type Site = Pick<Civitai, "baseUrl" | "trustedHosts">;

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * What an operand means as a picture, a graph or an infotext; undefined for references. With `urls`, addresses of pictures
 * are such, too; elsewhere they are files to download.
 */
function modelSource(text: string, site: Site, { urls }: { readonly urls: boolean }): ModelSource | undefined {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
  if (url === null) {
    // one that is not there is told by its name, not as a reference nobody understands
    return endings.test(text) && (isFile(text) || !/^[\w+.-]{2,}:/.test(text))
      ? { kind: "file", path: text }
      : undefined;
  }
  const id = galleryImageId(text, site);
  if (id !== undefined) return { kind: "gallery", id };
  const isPicture = endings.test(url.pathname) || imageHosts.includes(url.hostname);
  return urls && isPicture ? { kind: "url", url: text } : undefined;
}

/** Parts operands into sources and references. */
export function sourcesIn(
  operands: readonly string[],
  { settings: { value } }: { readonly settings: Pick<Settings, "value"> },
  how: { readonly urls: boolean },
): { sources: WrittenSource[]; references: string[] } {
  const site = { baseUrl: value("baseUrl"), trustedHosts: value("trustedHosts") };
  const sources: WrittenSource[] = [];
  const references: string[] = [];
  for (const text of operands) {
    const source = modelSource(text, site, how);
    if (source === undefined) references.push(text);
    else sources.push({ text, source });
  }
  return { sources, references };
}
