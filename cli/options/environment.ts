import type { Locale } from "../../transport/mod.ts";
import { envNames, settingKeys, settingRow } from "../settings/table.ts";
import { environmentText } from "../texts/environment.ts";
import { plainText } from "./flags.ts";

/** Every variable of the environment that is read: those of settings by both their names. */
export function environment(locale: Locale): readonly (readonly [string, string])[] {
  const others = Object.entries(environmentText).map(([name, help]) => [name, help[locale]] as const);
  const settings = settingKeys.map((key) =>
    [
      envNames(key).toReversed().join(" "),
      plainText(settingRow(key).help[locale]),
    ] as const
  );
  return [...others, ...settings];
}
