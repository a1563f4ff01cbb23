import { html } from "hono/html";
import { isAbsolute } from "node:path";
import { parseSize, shownInput, sizeText } from "../../../transport/internal.ts";
import { InputError, type Locale } from "../../../transport/mod.ts";
import { levels } from "../../search/levels.ts";
import { earlyAccessWords, type NewWatchRule, type WatchOptions, type WatchRule } from "../../watch/mod.ts";
import { levelNames } from "../browse/texts.ts";
import type { Html } from "../page.ts";
import { counted } from "../queue/texts.ts";
import { texts } from "./texts.ts";

/** The fields of a rule that may be changed; `id` tells those of one rule from another's. */
export function ruleFields(id: string, rule: WatchRule | undefined, schedule: string, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const { bases = [], types = [], formats = [], minBytes, maxBytes, level, early = "take" } = rule?.filters ?? {};
  const words = (name: "types" | "bases" | "formats", list: readonly string[]) =>
    html`
      <p><label for="${name}-${id}">${t(name)}</label>
        <input id="${name}-${id}" name="${name}" maxlength="400" value="${list.join(", ")}" placeholder="${t("all")}"
          title="${t("commas")}"></p>
    `;
  const size = (name: "minSize" | "maxSize", bytes: number | undefined, example: string) =>
    html`
      <p><label for="${name}-${id}">${t(name)}</label>
        <input id="${name}-${id}" name="${name}" maxlength="20" value="${bytes === undefined ? "" : sizeText(bytes)}"
          placeholder="${example}"></p>
    `;
  const option = (value: string, text: string, isChosen: boolean) =>
    html`<option value="${value}" ${isChosen ? "selected" : ""}>${text}</option>`;
  const choice = (name: "level" | "early" | "action", options: readonly Html[]) =>
    html`
      <p><label for="${name}-${id}">${t(name)}</label> <select id="${name}-${id}" name="${name}">${options}</select></p>
    `;
  return html`
    ${words("types", types)}${words("bases", bases)}${words("formats", formats)}
    ${size("minSize", minBytes, "10M")}${size("maxSize", maxBytes, "7G")}
    ${choice("level", [
      option("", t("all"), level === undefined),
      ...levels.map((one) => option(one, levelNames[one], one === level)),
    ])}
    ${choice("early", earlyAccessWords.map((one) => option(one, t(one), one === early)))}
    ${choice("action", (["queue", "tell"] as const).map((one) => option(one, t(one), one === rule?.action)))}
    <p><label for="dir-${id}">${t("dir")}</label>
      <input id="dir-${id}" name="dir" maxlength="1000" value="${rule?.options.dir ?? ""}" placeholder="${t("usual")}"
        spellcheck="false" autocapitalize="off"></p>
    <p><label for="schedule-${id}">${t("schedule")}</label>
      <input id="schedule-${id}" name="schedule" maxlength="200" value="${rule?.schedule ??
        ""}" placeholder="${schedule}"
        title="${counted(t("scheduleHelp"), schedule)}"></p>
    <p><label for="zone-${id}">${t("zone")}</label>
      <input id="zone-${id}" name="timeZone" maxlength="100" value="${rule?.timeZone ??
        ""}" placeholder="Asia/Taipei"></p>
  `;
}

const listOf = (text: string | null): string[] | undefined => {
  const words = (text ?? "").split(",").map((word) => word.trim()).filter((word) => word !== "");
  return words.length === 0 ? undefined : words;
};

/** A size as people write it. @throws {InputError} When it is none. */
function bytesIn(form: URLSearchParams, name: string): number | undefined {
  const text = form.get(name)?.trim() ?? "";
  const bytes = text === "" ? undefined : parseSize(text);
  if (text === "" || bytes !== undefined) return bytes;
  const input = shownInput(text);
  throw new InputError(`reading the size ${JSON.stringify(input)}: a size such as 500M or 7G is due`, {
    ...{ code: "invalid_argument", input },
  });
}

/** Where files go: a folder in place of a root and its layout; an empty field leaves those as they are. */
function optionsIn(form: URLSearchParams, { dir: _, root, layout, ...known }: WatchOptions): WatchOptions {
  const dir = form.get("dir")?.trim() ?? "";
  if (dir === "") return { ...known, ...(root !== undefined && { root }), ...(layout !== undefined && { layout }) };
  if (isAbsolute(dir)) return { ...known, dir };
  const input = shownInput(dir);
  throw new InputError(`reading the folder ${JSON.stringify(input)}: its whole path is due`, {
    ...{ code: "invalid_argument", input },
  });
}

/** What a form says of a rule; what a rule has beside its fields stays. */
export function readRule(
  form: URLSearchParams,
  known: Pick<WatchRule, "options"> = { options: {} },
): Omit<NewWatchRule, "target" | "sinceMs"> {
  const backlog = Number(form.get("backlog") ?? 0);
  return {
    filters: {
      ...{ minBytes: bytesIn(form, "minSize"), maxBytes: bytesIn(form, "maxSize") },
      ...{ bases: listOf(form.get("bases")), types: listOf(form.get("types")) },
      formats: listOf(form.get("formats")),
      level: levels.find((level) => level === form.get("level")),
      early: earlyAccessWords.find((word) => word === form.get("early")),
    },
    options: optionsIn(form, known.options),
    action: form.get("action") === "tell" ? "tell" : "queue",
    schedule: form.get("schedule")?.trim() || undefined,
    timeZone: form.get("timeZone")?.trim() || undefined,
    backlog: Number.isInteger(backlog) ? backlog : 0,
  };
}
