import { join } from "node:path";
import type { Civitai } from "../../api/mod.ts";
import { chooseNames, freeName } from "./choose_names.ts";
import { draftFiles, type FileDraft, referenceOf } from "./draft_files.ts";
import { withKnownModels } from "./known_models.ts";
import type { Plan, PlanFailure, PlanFilesOptions, PlannedFile, WrittenReference } from "./planned_file.ts";

/** Runs `work` over `items`, at most `most` at once; results in the order of `items`. */
async function inParallel<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  async function worker(): Promise<void> {
    for (const [index, item] of entries) results[index] = await work(item, index);
  }
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results;
}

/** The models of which a newest version is wanted. */
function modelsIn(references: readonly WrittenReference[], options: PlanFilesOptions, api: Civitai): number[] {
  return references.flatMap(({ text }) => {
    try {
      const reference = referenceOf(text, options, api);
      return reference.kind === "model" ? [reference.modelId] : [];
    } catch {
      // it is told when its turn comes
      return [];
    }
  });
}

/** Gives a file the name its server suggests, as far as no other file of the run has it. */
function serverNamer(mark: string, name: string, taken: Set<string>): (suggested: string | undefined) => string {
  let own = name;
  return function chooseName(suggested = name) {
    taken.delete(own.toLowerCase());
    own = freeName({ name: suggested, mark }, taken);
    taken.add(own.toLowerCase());
    return own;
  };
}

/**
 * Turns references into files: parses each, asks the API about it, and gives every file a path of its own. A file
 * asked for twice is planned once. One bad reference does not spoil the others.
 *
 * @throws The signal's reason when it aborts.
 */
export async function planFiles(
  references: readonly WrittenReference[],
  api: Civitai,
  options: PlanFilesOptions,
): Promise<Plan> {
  const { concurrency = 3, signal } = options;
  const failed: PlanFailure[] = [];
  const known = await withKnownModels(api, modelsIn(references, options, api), signal);
  const found = await inParallel(references, concurrency, async (reference, index) => {
    try {
      signal.throwIfAborted();
      return await draftFiles(reference, { api, known }, options);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      failed[index] = { reference, error };
      return [];
    }
  });
  const wanted = found.flatMap((drafts, index) => {
    return drafts.map((draft) => ({
      draft,
      key: JSON.stringify([draft.url, draft.dir, references[index]!.own?.output]),
    }));
  });
  const different = [...Map.groupBy(wanted, ({ key }) => key).values()].map(([first]) => first!.draft);
  const paths = new Map<FileDraft, Pick<PlannedFile, "name" | "path" | "chooseName">>();
  for (const [dir, here] of Map.groupBy(different, ({ dir }) => dir)) {
    const names = await chooseNames(here, dir, signal);
    const taken = new Set(names.map((name) => name.toLowerCase()));
    for (const [index, draft] of here.entries()) {
      const name = names[index]!;
      const chooseName = draft.isNamedByServer ? serverNamer(draft.mark, name, taken) : undefined;
      paths.set(draft, { name, chooseName, path: join(dir, name) });
    }
  }
  const files = different.map((whole, index): PlannedFile => {
    const { isNamedByServer: _isNamedByServer, mark: _mark, ...draft } = whole;
    return { ...draft, ...paths.get(whole)!, index };
  });
  return { files, failures: failed.filter(Boolean) };
}
