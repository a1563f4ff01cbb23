import { html } from "hono/html";
import type { Locale } from "../../../transport/mod.ts";
import { levels } from "../../search/levels.ts";
import { periods, type SearchQuery, type SearchWords, sorts } from "../../search/search.ts";
import type { Html } from "../page.ts";
import { levelNames, periodNames, sortNames, texts } from "./texts.ts";

/** A list to choose from. */
function choice(name: string, label: string, values: readonly (readonly [string, string])[], chosen: string): Html {
  return html`
    <p><label for="${name}">${label}</label>
      <select id="${name}" name="${name}">${values.map(([value, text]) =>
        html`<option value="${value}" ${value === chosen ? "selected" : ""}>${text}</option>`
      )}</select></p>
  `;
}

/** What is looked for. */
export function searchForm(asked: SearchQuery, { types, bases }: SearchWords, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const kinds = asked.type === undefined || types.includes(asked.type) ? types : [asked.type, ...types];
  return html`
    <search>
      <form method="get" action="/browse" id="search">
        <p class="words"><label for="query">${t("query")}</label>
          <input id="query" name="query" type="search" maxlength="200" value="${asked.query}"></p>
        ${choice("type", t("type"), [["", t("all")], ...kinds.map((kind) => [kind, kind] as const)], asked.type ?? "")}
        <p><label for="base">${t("base")}</label>
          <input id="base" name="base" maxlength="200" list="bases" value="${asked.base ?? ""}" placeholder="${t(
            "all",
          )}"></p>
        <datalist id="bases">${bases.map((base) => html`<option value="${base}"></option>`)}</datalist>
        ${choice("sort", t("sort"), sorts.map((sort) => [sort, sortNames[sort][locale]]), asked.sort)}
        ${choice("period", t("period"), periods.map((one) => [one, periodNames[one][locale]]), asked.period)}
        ${choice("level", t("level"), levels.map((level) => [level, levelNames[level]]), asked.level)}
        <p><button class="main" id="search-now">${t("search")}</button></p>
      </form>
    </search>
    <p class="quiet">${t("levelHelp")}</p>
  `;
}
