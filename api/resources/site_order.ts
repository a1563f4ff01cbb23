import type { ListVersion } from "./types.ts";

/** A model's versions as its page shows them, the newest first: by the place the creator gave them, else as they came. */
export function inSiteOrder(versions: readonly ListVersion[]): ListVersion[] {
  return versions.map((version, place) => ({ version, place: version.index ?? place }))
    .sort((a, b) => a.place - b.place)
    .map(({ version }) => version);
}
