import { resolve } from "node:path";
import { openProject, openTrash } from "../../api/mod.ts";
import { sleep, systemClock } from "../../transport/internal.ts";
import { isProject } from "../options/project_options.ts";
import type { Settings } from "../settings/read_settings.ts";

/** The folders in which models lie: those of the settings, and that of the project of the current folder. */
export function trashRoots({ value }: Pick<Settings, "value">): string[] {
  const root = value("root");
  const project = isProject(".") ? [openProject(".").root] : [];
  return [...(root === undefined ? [] : [resolve(root)]), resolve(value("download.directory")), ...project];
}

const dayMs = 86_400_000;

/** Once a day removes from the trash what has lain there as long as the settings say. Ends when the signal aborts. */
export async function keepTrash(
  settings: () => Settings,
  { signal, onTrouble }: { readonly signal: AbortSignal; onTrouble(error: unknown): void },
): Promise<void> {
  while (!signal.aborted) {
    const days = settings().value("trash.keepDays");
    try {
      if (days > 0) await openTrash(trashRoots(settings())).empty({ beforeMs: Date.now() - days * dayMs });
    } catch (error) {
      onTrouble(error);
    }
    await sleep(systemClock, dayMs, signal).catch(() => {});
  }
}
