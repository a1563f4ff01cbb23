import { barReporter, type ReporterOptions } from "./bars.ts";
import { jsonReporter } from "./json.ts";
import { plainReporter, quietReporter } from "./plain.ts";
import type { Reporter } from "./reporter.ts";
import { isPaintable } from "./style.ts";

/** Bars on a terminal, lines elsewhere, JSON or nothing where asked. */
export function chooseReporter(
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
  { io, style, locale }: ReporterOptions,
): Reporter {
  if (json) return jsonReporter({ io, locale, withProgress: !quiet });
  if (quiet) return quietReporter({ io, style, locale });
  return isPaintable(io) ? barReporter({ io, style, locale }) : plainReporter({ io, style, locale });
}
