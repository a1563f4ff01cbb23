import { html } from "hono/html";
import type { Locale } from "../../transport/mod.ts";
import type { WatchFind, WatchPort } from "../watch/mod.ts";
import type { FormAnswer } from "./form_answer.ts";
import type { Html, HubPage, PageRequest } from "./page.ts";
import { watchForms } from "./watch/forms.ts";
import { ruleFields } from "./watch/rule_form.ts";
import { moment, ruleRow } from "./watch/rule_row.ts";
import { findTexts, texts } from "./watch/texts.ts";

const shownFinds = 30;

/** Only asked where it is there. */
const portOf = ({ parts }: PageRequest): WatchPort => parts.watch!;

function addForm({ settings }: WatchPort, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  return html`
    <section id="add" aria-labelledby="add-title">
      <h2 id="add-title">${t("add")}</h2>
      <form method="post" action="/watch/add" id="add-form" data-clear>
        <p><label for="target">${t("what")}</label>
          <input id="target" name="target" maxlength="400" required autocapitalize="off" spellcheck="false"
            aria-describedby="target-help" placeholder="creator:lamplighter"></p>
        <p class="quiet" id="target-help">${t("whatHelp")}</p>
        <details id="more"><summary>${t("more")}</summary>
          ${ruleFields("new", undefined, settings().schedule, locale)}
          <p><label for="backlog">${t("backlog")}</label>
            <input id="backlog" name="backlog" type="number" min="0" max="100" value="0"></p>
        </details>
        <p class="actions"><button class="main" id="watch-now">${t("watchNow")}</button></p>
      </form>
    </section>
  `;
}

function rules(port: WatchPort, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const all = port.store.list();
  if (all.length === 0) return html`<p id="none">${t("none")}</p>`;
  const nowMs = Date.now();
  const heads = (["what", "state", "last", "next", "found", "actions"] as const).map((name) =>
    html`<th scope="col">${name === "actions" ? html`<span class="hidden">${t(name)}</span>` : t(name)}</th>`
  );
  return html`
    <table class="entries" id="rules">
      <caption class="hidden">${t("rules")}</caption>
      <thead>
        <tr>${heads}</tr>
      </thead>
      <tbody>${all.map((rule) => ruleRow(rule, port, nowMs, locale))}</tbody>
    </table>
  `;
}

function findRow({ id, thing, state, atMs, rule }: WatchFind, { store }: WatchPort, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const kind = state === "queued" || state === "told" ? "ok" : state === "held" ? "warning" : "info";
  return html`
    <tr id="find-${id}">
      <th scope="row"><a href="${thing.url}" rel="noreferrer">${thing.name}</a>
        <small>${[thing.version, thing.base ?? "", thing.creator ?? ""].filter((word) => word !== "").join(
          " · ",
        )}</small></th>
      <td data-label="${t("state")}"><span class="mark is-${kind}"><span>${findTexts[state][locale]}</span></span></td>
      <td data-label="${t("when")}">${moment(atMs)}</td>
      <td data-label="${t("what")}"><code>${store.get(rule)?.target ?? "–"}</code></td>
    </tr>
  `;
}

function finds(port: WatchPort, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const all = port.store.finds({ limit: shownFinds });
  const heads = (["name", "state", "when", "what"] as const).map((name) => html`<th scope="col">${t(name)}</th>`);
  return html`
    <section id="finds" aria-labelledby="finds-title">
      <h2 id="finds-title">${t("finds")}</h2>
      ${all.length === 0 ? html`<p>${t("noFinds")}</p>` : html`
        <table class="entries">
          <caption class="hidden">${t("finds")}</caption>
          <thead>
            <tr>${heads}</tr>
          </thead>
          <tbody>${all.map((find) => findRow(find, port, locale))}</tbody>
        </table>
      `}
    </section>
  `;
}

function render(request: PageRequest, { note, isProblem = false }: FormAnswer = {}): Html {
  const { locale } = request;
  const port = portOf(request);
  return html`
    <p id="note" role="status" data-keep ${isProblem ? html`class="problem"` : ""}>${note?.(locale) ?? ""}</p>
    ${port.settings().isEnabled ? "" : html`<p class="problem" id="off">${texts.off[locale]}</p>`}
    ${rules(port, locale)}
    ${addForm(port, locale)}
    ${finds(port, locale)}
  `;
}

/** What is watched on the site: rules, their rounds, and what they found. */
export const watchPage: HubPage = {
  path: "/watch",
  title: texts.title,
  isThere: ({ watch }) => watch !== undefined,
  render: (request) => render(request),
  routes(app, { watch }, { show }) {
    watchForms(
      app,
      watch!,
      (c, answer, status) => show(c, { ...watchPage, render: (request) => render(request, answer) }, status),
    );
  },
};
