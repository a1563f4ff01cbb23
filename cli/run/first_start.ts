import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { SettingsPort, StartAnswer } from "../../hub/mod.ts";
import type { Settings } from "../settings/read_settings.ts";
import { settingsStore } from "../settings/settings_store.ts";

/** What a service asks the first time it is started: where the models are, and the key. */
export interface FirstStart {
  /** Whether it is still to be answered. */
  isAsking(): boolean;
  /** Takes the answer. @throws {InputError} When one of them is refused. */
  answer(answer: StartAnswer): Promise<void>;
}

/**
 * The questions of a first start, asked where nobody has settings yet and whoever answers sits at this machine.
 *
 * @param hostname Where the service listens.
 * @param port Where the answers go.
 */
export function firstStart(
  { options: { configPath }, path, value }: Settings,
  hostname: string | undefined,
  port: Pick<SettingsPort, "set" | "apiKey">,
): FirstStart {
  const filePath = configPath ?? path;
  const isNear = hostname === "127.0.0.1" || hostname === "localhost" || hostname === "::1";
  let isAsking = isNear && filePath !== undefined && !existsSync(filePath) && value("root") === undefined;
  return {
    isAsking: () => isAsking,
    async answer({ root, layout, key }) {
      if (root !== undefined) await port.set("root", resolve(root));
      if (layout !== undefined) await port.set("layout", layout);
      if (key !== undefined) await port.apiKey.set(key);
      // the file says that it was answered, also where all stays as it is
      if (filePath !== undefined && !existsSync(filePath)) settingsStore(filePath, configPath === undefined).merge({});
      isAsking = false;
    },
  };
}
