import { dirname, resolve } from "node:path";
import { type Held, type Need, needsOf, type UsedModel } from "../../api/mod.ts";
import { plainName } from "../../api/pictures/model_list.ts";
import type { Library, ShownRow } from "../library/mod.ts";
import type { Parts } from "../parts.ts";
import type { JobOptions } from "../queue/job.ts";

/** What has to be known of the service. */
type NeedsParts = Pick<Parts, "api" | "queue" | "library" | "transport" | "where">;

/** A need, and what to put into the queue with its reference. */
export interface QueueNeed extends Omit<Need, "options"> {
  /** What belongs to the reference, for the queue. */
  readonly options: Pick<JobOptions, "file" | "sha256" | "output" | "dir">;
}

const patienceMs = 10_000;

const titleOf = (...names: readonly (string | null | undefined)[]) => names.filter(Boolean).join(" · ") || null;

/** A file of that name or hash; the first digits of a SHA-256 will do, as AutoV2 has them. */
function inLibrary(library: Library | undefined, { name, hash, versionId }: UsedModel): ShownRow | undefined {
  if (library === undefined) return undefined;
  const byVersion = versionId === undefined ? undefined : library.have([versionId]).get(versionId)?.[0];
  if (byVersion !== undefined) return byVersion;
  const plain = plainName(name);
  const { rows } = library.list({ text: plain, limit: 500 });
  const bySha = hash !== undefined && hash.length >= 10 ? library.find(hash) : undefined;
  // a hash says more than a name: another file may have the same one
  return bySha ?? rows.find((row) => plainName(row.name) === plain && (hash === undefined || isUnsaid(row, hash)));
}

/** Whether the file's own hash says nothing against `hash`, which may be of another kind. */
function isUnsaid({ sha256 }: ShownRow, hash: string): boolean {
  return sha256 === null || (hash.length !== 10 && hash.length !== 64) ||
    sha256.toLowerCase().startsWith(hash.toLowerCase());
}

function heldOf(row: ShownRow | undefined): Held | undefined {
  if (row === undefined) return undefined;
  const { path, identity } = row;
  return {
    path,
    ...(identity && { versionId: identity.versionId, title: titleOf(identity.modelName, identity.versionName) }),
  };
}

/** Looks which of these models the library has, the queue has, or can be had; ten seconds at most. */
export async function needs(parts: NeedsParts, used: readonly UsedModel[]): Promise<QueueNeed[]> {
  const { api, queue, library, transport } = parts;
  const { root, layout, folders } = parts.where();
  const found = await needsOf(used, {
    ...{ api, transport, layout, folders, patienceMs },
    find: (model) => heldOf(inLibrary(library, model)),
    async isQueued({ versionId, url }) {
      const { versions, urls } = await queue.queued({
        ...(versionId !== undefined && { versions: [versionId] }),
        ...(url !== undefined && { urls: [url] }),
      });
      return versions.size + urls.size > 0;
    },
  });
  // of a file elsewhere nobody but who looked it up knows the folder
  return found.map((need) => {
    const folder = dirname(need.target ?? "");
    const isElsewhere = need.versionId === null && folder !== ".";
    return { ...need, options: { ...need.options, ...(isElsewhere && { dir: resolve(root, folder) }) } };
  });
}
