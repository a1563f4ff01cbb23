import { type SecondSource, templateSource } from "../../api/mod.ts";
import type { Transport } from "../../transport/mod.ts";
import type { Settings } from "../settings/read_settings.ts";

/** Whom the settings name for files that the site has no more; undefined for nobody. */
export function secondSource({ value }: Pick<Settings, "value">, transport: Transport): SecondSource | undefined {
  const template = value("secondSource");
  return template === undefined ? undefined : templateSource(transport, template);
}
