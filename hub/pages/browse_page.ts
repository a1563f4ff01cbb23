import { html } from "hono/html";
import { formatSpan } from "../../monitor/server/format.ts";
import { messageOf } from "../../transport/internal.ts";
import { CivikitError, hint } from "../../transport/mod.ts";
import { foundModels } from "../search/found.ts";
import { isLevel } from "../search/levels.ts";
import { readSearch, searchAddress } from "../search/read_query.ts";
import type { SearchPage, SearchQuery } from "../search/search.ts";
import { modelCard } from "./browse/card.ts";
import { browseForms } from "./browse/forms.ts";
import { searchForm } from "./browse/search_form.ts";
import { texts } from "./browse/texts.ts";
import { type FormAnswer, queryOf } from "./form_answer.ts";
import { keepLevel, keptLevel } from "./level_cookie.ts";
import type { Html, HubPage, PageRequest } from "./page.ts";
import { counted } from "./queue/texts.ts";
import { texts as watchTexts } from "./watch/texts.ts";

function listOf(found: SearchPage, cards: readonly Html[], asked: SearchQuery, { locale }: PageRequest): Html {
  const { staleMs, next } = found;
  const t = (name: keyof typeof texts) => texts[name][locale];
  return html`
    ${staleMs === undefined ? "" : html`<p class="problem" id="stale">${counted(t("stale"), formatSpan(staleMs))}</p>`}
    ${cards.length === 0 ? html`<p>${t("nothing")}</p>` : html`<ul class="cards" role="list">${cards}</ul>`}
    <p class="pages">${asked.cursor === undefined ? "" : html`
      <a class="more" href="/browse?${searchAddress(asked)}">${t("first")}</a>
    `}${next === undefined
      ? ""
      : html`<a class="more" id="next" href="/browse?${searchAddress(asked, next)}">${t("next")}</a>`}</p>
  `;
}

async function results(asked: SearchQuery, request: PageRequest): Promise<Html> {
  const { parts, locale } = request;
  try {
    const found = await parts.search!.find(asked);
    const models = await foundModels(found.models, asked.level, parts, Date.now());
    const context = {
      locale,
      site: parts.api.baseUrl,
      hasProject: parts.project !== undefined,
      hasWatch: parts.watch !== undefined,
    };
    return listOf(found, models.map((model) => modelCard(model, context)), asked, request);
  } catch (error) {
    if (!(error instanceof CivikitError)) throw error;
    const { title, cause, action } = hint(error, locale);
    return html`<p class="problem" id="down"><b>${title}</b> ${cause} ${action} <small>${messageOf(error)}</small></p>`;
  }
}

/** The search as a rule. */
function watchSearch({ query, type, base, level }: SearchQuery, locale: PageRequest["locale"]): Html {
  const hidden = (name: string, value: string) => html`<input type="hidden" name="${name}" value="${value}">`;
  return html`
    <form method="post" action="/watch/add" id="watch-search">
      ${hidden("target", `search:${query}`)}${hidden("level", level === "xxx" ? "" : level)}
      ${type === undefined ? "" : hidden("types", type)}${base === undefined ? "" : hidden("bases", base)}
      <p class="actions"><button id="watch-this">${watchTexts.watchSearch[locale]}</button></p>
    </form>
  `;
}

async function render(request: PageRequest, { note, isProblem = false }: FormAnswer): Promise<Html> {
  const { c, locale, parts } = request;
  const query = queryOf(c, "/browse");
  const asked = readSearch(query, keptLevel(c));
  if (isLevel(query.get("level") ?? undefined)) {
    keepLevel(c, asked.level);
  }
  const [words, list] = await Promise.all([parts.search!.words(), results(asked, request)]);
  return html`
    ${searchForm(asked, words, locale)}
    <p id="note" role="status" data-keep ${isProblem ? html`class="problem"` : ""}>${note?.(locale) ?? ""}</p>
    ${parts.watch === undefined ? "" : watchSearch(asked, locale)}
    <section id="results" aria-label="${texts.results[locale]}">${list}</section>
  `;
}

/** What the site has, with what of it is here. */
export const browsePage: HubPage = {
  path: "/browse",
  title: texts.title,
  isThere: ({ search }) => search !== undefined,
  render: (request) => render(request, {}),
  routes: (app, parts, { show }) =>
    browseForms(
      app,
      parts,
      (c, answer, status) => show(c, { ...browsePage, render: (request) => render(request, answer) }, status),
    ),
};
