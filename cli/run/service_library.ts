import { resolve } from "node:path";
import type { Civitai, FetchFiles } from "../../api/mod.ts";
import { type Library, type LibraryOptions, modelFolders, openLibrary } from "../../hub/mod.ts";
import { addSidecars } from "../../hub/run/mod.ts";
import { outermost } from "../../transport/internal.ts";
import type { Transport } from "../../transport/mod.ts";
import type { Settings } from "../settings/read_settings.ts";
import { readingLimit } from "./reading_limit.ts";
import { folderRules } from "./update_rules.ts";

/** The folders in which the settings put models, absolute: none of them lies in another one. */
function libraryFolders({ value }: Pick<Settings, "value">): readonly string[] {
  const [root, layout] = [value("root"), value("layout")];
  const directory = resolve(value("download.directory"));
  const base = resolve(root ?? directory);
  const places = root === undefined ? [] : modelFolders(layout ?? "flat", base);
  const own = Object.values(value("folders")).map((folder) => resolve(base, folder));
  return outermost([...new Set([...places, ...own, directory])]);
}

/** What lies in the folders of the settings, looked at as soon as the service listens. */
export function serviceLibrary(
  settings: () => Settings,
  { transport, api, fetch, ...options }: Pick<LibraryOptions, "hashes" | "onChange"> & {
    readonly api: Civitai;
    readonly transport: Transport;
    readonly fetch: FetchFiles;
  },
): Library {
  return openLibrary({
    folders: () => libraryFolders(settings()),
    write: (files, signal) => addSidecars(files, { api, transport, signal }),
    throttle: () => readingLimit(settings()),
    rules: () => folderRules(settings()),
    updating: {
      ...{ api, transport, fetch },
      settings() {
        const { value } = settings();
        return {
          ...{ layout: value("layout"), folders: value("folders"), sidecars: value("download.sidecars") },
          concurrency: value("download.concurrent"),
        };
      },
    },
    api,
    ...options,
  });
}
