import type { ModelFile } from "../resources/version_parts.ts";
import type { Version } from "../resources/versions.ts";

const parameters = ["fileId", "type", "format", "size", "fp", "quantType"];

/** Where one file of a version can be asked for. */
export interface DownloadUrls {
  /** By file id: exact. */
  url: string;
  /** To try in order when `url` answers 404: forms without the file's id, so the bytes have to be verified. */
  fallbackUrls: string[];
}

/** The API's own URL for the file, on `baseUrl`: its origin can be broken, and its query may carry a token. */
function ownForm(file: ModelFile, versionId: number, baseUrl: string): string | undefined {
  const own = URL.parse(file.downloadUrl ?? "");
  const match = /\/api\/download\/models\/(\d{1,10})\/*$/.exec(own?.pathname ?? "");
  if (own === null || match === null) return undefined;
  const kept = [...own.searchParams].filter(([name, value]) => parameters.includes(name) && value !== "");
  // A linked file may be offered under the version it belongs to.
  return downloadUrl(baseUrl, Number(match[1]) || versionId, kept);
}

function downloadUrl(baseUrl: string, versionId: number, query: string[][]): string {
  const search = query.length === 0 ? "" : `?${new URLSearchParams(query)}`;
  // The site writes spaces as %20, and its older servers were seen with nothing else.
  return `${baseUrl}/api/download/models/${versionId}${search.replaceAll("+", "%20")}`;
}

/**
 * The URLs of `file`, built from ids on `baseUrl`. A file linked from another version has an id the route does not find
 * here, and some forms of 2026 miss their own file: hence the fall-backs.
 */
export function downloadUrls(file: ModelFile, version: Version, baseUrl: string): DownloadUrls {
  const { id: versionId, files } = version;
  const siblings = files ?? [];
  const url = downloadUrl(baseUrl, versionId, [["fileId", String(file.id)]]);
  const fallbacks = new Set<string>();
  const own = ownForm(file, versionId, baseUrl);
  // Without a query the server picks by the account's taste: only safe when there is nothing to pick from.
  if (own !== undefined && (own.includes("?") || siblings.length === 1)) fallbacks.add(own);
  if (siblings.filter(({ type }) => type === file.type).length === 1) {
    fallbacks.add(downloadUrl(baseUrl, versionId, [["type", file.type]]));
  }
  fallbacks.delete(url);
  return { url, fallbackUrls: [...fallbacks] };
}
