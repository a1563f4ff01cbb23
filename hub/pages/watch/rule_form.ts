import { html } from "hono/html";
import type { Locale } from "../../../transport/mod.ts";
import { levels } from "../../search/levels.ts";
import { earlyAccessWords, type NewWatchRule, type WatchFilters, type WatchRule } from "../../watch/mod.ts";
import { levelNames } from "../browse/texts.ts";
import type { Html } from "../page.ts";
import { counted } from "../queue/texts.ts";
import { texts } from "./texts.ts";

/** The fields of a rule that may be changed; `id` tells those of one rule from another's. */
export function ruleFields(id: string, rule: WatchRule | undefined, schedule: string, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const { bases = [], types = [], formats = [], level, early = "take" } = rule?.filters ?? {};
  const words = (name: "types" | "bases" | "formats", list: readonly string[]) =>
    html`
      <p><label for="${name}-${id}">${t(name)}</label>
        <input id="${name}-${id}" name="${name}" maxlength="400" value="${list.join(", ")}" placeholder="${t("all")}"
          title="${t("commas")}"></p>
    `;
  const option = (value: string, text: string, isChosen: boolean) =>
    html`<option value="${value}" ${isChosen ? "selected" : ""}>${text}</option>`;
  const choice = (name: "level" | "early" | "action", options: readonly Html[]) =>
    html`
      <p><label for="${name}-${id}">${t(name)}</label> <select id="${name}-${id}" name="${name}">${options}</select></p>
    `;
  return html`
    ${words("types", types)}${words("bases", bases)}${words("formats", formats)}
    ${choice("level", [
      option("", t("all"), level === undefined),
      ...levels.map((one) => option(one, levelNames[one], one === level)),
    ])}
    ${choice("early", earlyAccessWords.map((one) => option(one, t(one), one === early)))}
    ${choice("action", (["queue", "tell"] as const).map((one) => option(one, t(one), one === rule?.action)))}
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

/** What a form says of a rule; what a rule has beside its fields stays. */
export function readRule(form: URLSearchParams, known: WatchFilters = {}): Omit<NewWatchRule, "target" | "sinceMs"> {
  const { minBytes, maxBytes } = known;
  const backlog = Number(form.get("backlog") ?? 0);
  return {
    filters: {
      ...{ minBytes, maxBytes, bases: listOf(form.get("bases")), types: listOf(form.get("types")) },
      formats: listOf(form.get("formats")),
      level: levels.find((level) => level === form.get("level")),
      early: earlyAccessWords.find((word) => word === form.get("early")),
    },
    action: form.get("action") === "tell" ? "tell" : "queue",
    schedule: form.get("schedule")?.trim() || undefined,
    timeZone: form.get("timeZone")?.trim() || undefined,
    backlog: Number.isInteger(backlog) ? backlog : 0,
  };
}
