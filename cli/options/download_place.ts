import type { Settings } from "../settings/read_settings.ts";
import { bilingual } from "../texts/texts.ts";
import { usageText } from "../texts/usage.ts";
import { UsageError } from "./usage_error.ts";

/** Options that say where downloads go, beside `--dir`. */
export const placeFlags = {
  layout: { type: "setting", setting: "layout", value: "NAME" },
  root: { type: "setting", setting: "root", value: "FOLDER" },
} as const;

/** Where the files of a run go. */
export interface DownloadPlace {
  /** Folder of the results. */
  readonly dir: string;
  /** Layout below it; undefined for none. */
  readonly layout: string | undefined;
  /** Folders for single types of models, which go before the layout. */
  readonly folders: Readonly<Record<string, string>>;
}

/**
 * Where the files go: below the root, as the layout and the folders of the settings say, where there is one; else into
 * the folder for downloads. `--dir` means that very folder, whatever the settings say of layouts.
 *
 * @throws {UsageError} when two options cannot go together.
 */
export function downloadPlace({ value, source }: Pick<Settings, "value" | "source">): DownloadPlace {
  const isTyped = (key: "download.directory" | "root" | "layout") => source(key) === "flag";
  const [directory, root, layout, folders] = [
    value("download.directory"),
    value("root"),
    value("layout"),
    value("folders"),
  ];
  if (!isTyped("download.directory")) return { dir: root ?? directory, layout, folders };
  if (isTyped("root")) throw new UsageError(bilingual(usageText, (t) => t.contradicts("root", "dir")));
  return { dir: directory, layout: isTyped("layout") ? layout : undefined, folders: {} };
}
