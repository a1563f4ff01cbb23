import { galleryImageId, usedModelsOfImage } from "../../api/mod.ts";
import { resolveInside } from "../../transport/internal.ts";
import { needs, type QueueNeed } from "../needs/needs.ts";
import type { Parts } from "../parts.ts";
import { problemOf } from "../routes/problem.ts";
import { lookUp } from "./look_up.ts";
import type { Preview, Previews, PreviewSource } from "./preview.ts";
import type { PreviewLine } from "./preview_line.ts";
import type { Wish } from "./wishes.ts";

const shownAfterMs = 1500;
const patienceMs = 120_000;
/** More than a few people hardly look at once. */
const mostKept = 20;

function lineOf(need: QueueNeed, file: string, root: string): PreviewLine {
  const { name, role, state, path, title, reference, options, problem, target, sizeBytes } = need;
  const line = {
    calledThere: name,
    file,
    name,
    ...(title !== null && { title }),
    ...(role !== null && { type: role }),
  };
  if (reference !== null && state !== "here") {
    const place = target === null ? {} : { path: resolveInside(root, target) };
    const size = sizeBytes === null ? {} : { sizeBytes };
    return {
      ...line,
      ...place,
      ...size,
      reference,
      options,
      canAdd: true,
      isLookedUp: false,
      isQueued: state === "queued",
    };
  }
  const isHere = state === "here";
  return {
    ...line,
    ...{ reference: name, canAdd: false, isLookedUp: true },
    ...(isHere ? { have: path ?? undefined } : { isNameOnly: true }),
    ...(problem !== null && { problem: { code: "", message: problem, hint: "" } }),
  };
}

/** Keeps what is looked at, each for as long as there are not too many. */
export function openPreviews(parts: Omit<Parts, "previews">): Previews {
  const kept = new Map<
    string,
    { readonly preview: Preview & { readonly lines: PreviewLine[] }; readonly stop: AbortController }
  >();

  function drop(id: string): void {
    kept.get(id)?.stop.abort();
    kept.delete(id);
  }

  /** What images of the gallery were made with; a page that cannot be had becomes a line that says why. */
  async function inGallery(pages: readonly Wish[], lines: PreviewLine[]): Promise<PreviewSource["used"]> {
    const found: PreviewSource["used"][number][] = [];
    for (const { text, line } of pages) {
      try {
        const models = usedModelsOfImage(await parts.api.images.get(galleryImageId(text, parts.api)!));
        if (models.length > 0) found.push({ file: text, models });
        else lines.push({ reference: text, line, canAdd: false, isLookedUp: true, isNameOnly: true });
      } catch (error) {
        lines.push({ reference: text, line, problem: problemOf(error), canAdd: false, isLookedUp: true });
      }
    }
    return found;
  }

  return {
    async start({ wishes: written, used, unread }) {
      const isPage = ({ text }: Wish) => galleryImageId(text, parts.api) !== undefined;
      const pages = written.filter(isPage);
      const wishes = written.filter((wish) => !isPage(wish));
      const lines: PreviewLine[] = [
        ...unread.map(({ file, error }) => ({
          ...{ reference: file, file, problem: problemOf(error), canAdd: false, isLookedUp: true },
        })),
        ...wishes.map(({ text: reference, line, file }) => ({
          reference,
          line,
          file,
          canAdd: true,
          isLookedUp: false,
        })),
      ];
      const preview = { id: crypto.randomUUID(), lines, isDone: false };
      const stop = new AbortController();
      kept.set(preview.id, { preview, stop });
      for (const oldest of kept.keys()) {
        if (kept.size <= mostKept) break;
        drop(oldest);
      }
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(patienceMs)]);
      const looking = (async () => {
        const { root } = parts.where();
        const named = [...used, ...await inGallery(pages, lines)].map(async ({ file, models }) =>
          (await needs(parts, models)).map((need) => lineOf(need, file, root))
        );
        const [, ...found] = await Promise.all([lookUp(lines, parts, signal), ...named]);
        lines.push(...found.flat());
        // a short look where they go, and what they weigh
        await lookUp(lines, parts, signal);
      })().catch(() => {
        // a queue that cannot be read is told of where it is shown
      }).finally(() => preview.isDone = true);
      const { promise: isLate, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, shownAfterMs);
      await Promise.race([looking, isLate]);
      clearTimeout(timer);
      return preview;
    },
    get: (id) => kept.get(id)?.preview,
    note(id, indexes) {
      const lines = kept.get(id)?.preview.lines;
      for (const index of indexes) if (lines?.[index] !== undefined) lines[index] = { ...lines[index], isQueued: true };
    },
    drop,
    close() {
      for (const id of [...kept.keys()]) drop(id);
    },
  };
}
