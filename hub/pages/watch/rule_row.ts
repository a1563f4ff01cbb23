import { html } from "hono/html";
import { formatMoment } from "../../../monitor/server/format.ts";
import type { Locale } from "../../../transport/mod.ts";
import { whyHint } from "../../run/why_hint.ts";
import { isKeyless, type WatchPort, type WatchRule } from "../../watch/mod.ts";
import type { Html } from "../page.ts";
import { counted } from "../queue/texts.ts";
import { ruleFields } from "./rule_form.ts";
import { texts } from "./texts.ts";

type Kind = "ok" | "warning" | "error" | "info";

function stateOf(rule: WatchRule): readonly [Kind, keyof typeof texts] {
  const { isPaused, failures, why, isReady, lastMs, cursor } = rule;
  if (isPaused) return ["info", "paused"];
  if (failures > 0 && isKeyless(rule)) return ["error", "keyless"];
  if (failures > 0) return why?.code === "not_found" ? ["error", "gone"] : ["warning", "failing"];
  if (lastMs === null) return ["info", "first"];
  return !isReady || cursor !== null ? ["info", "behind"] : ["ok", "active"];
}

/** What its last round failed of, and what to do; when it was and when it is tried again stand beside it. */
function failure({ failures }: WatchRule, why: NonNullable<WatchRule["why"]>, locale: Locale): Html {
  const { title, action } = whyHint(why, locale);
  return html`
    <small title="${why.message ?? ""}">${title}${failures > 1 ? ` · ${counted(texts.failures[locale], failures)}` : ""}
    </small>
    <small>${action} <a href="/guide#${why.code}"><code>${why.code}</code></a></small>
  `;
}

/** A moment in the page; empty for none. */
export function moment(atMs: number): Html {
  return html`<time datetime="${new Date(atMs).toISOString()}">${formatMoment(atMs)}</time>`;
}

/** A rule as a row, with what can be done with it. */
export function ruleRow(rule: WatchRule, { store, settings }: WatchPort, nowMs: number, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const { id, target, name, isPaused, nextMs, lastMs, why } = rule;
  const [kind, state] = stateOf(rule);
  const { known: _, ...counts } = store.counts(id);
  const found = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const { schedule } = settings();
  const button = (action: "pause" | "resume" | "now" | "remove", isMain = false) =>
    html`
      <button id="${action}-${id}" formaction="/watch/${action}" class="${isMain ? "main" : ""}"
        aria-label="${t(action)}: ${target}">${t(action)}</button>
    `;
  return html`
    <tr id="rule-${id}">
      <th scope="row"><b>${name}</b>${name === target ? "" : html`
        <small><code>${target}</code></small>
      `}
        <small>${rule.schedule ?? schedule} · ${t(rule.action)}</small></th>
      <td data-label="${t("state")}"><span class="mark is-${kind}"><span>${t(state)}</span></span>${why === null
        ? ""
        : html`
          ${failure(rule, why, locale)}
          ${isKeyless(rule) ? html`<small><a href="/settings#key">${t("giveKey")}</a></small>` : ""}
        `}</td>
      <td data-label="${t("last")}">${lastMs === null ? t("never") : moment(lastMs)}</td>
      <td data-label="${t("next")}">${isPaused ? "–" : nextMs <= nowMs ? t("due") : moment(nextMs)}</td>
      <td data-label="${t("found")}">${found}</td>
      <td data-label="${t("actions")}">
        <form method="post" action="/watch/now" class="actions">
          <input type="hidden" name="id" value="${id}">
          ${button("now", true)}${button(isPaused ? "resume" : "pause")}${button("remove")}
        </form>
        <details id="edit-${id}">
          <summary>${t("edit")}</summary>
          <form method="post" action="/watch/edit">
            <input type="hidden" name="id" value="${id}">
            ${ruleFields(id, rule, schedule, locale)}
            <p><button id="save-${id}">${t("save")}</button></p>
          </form>
        </details>
      </td>
    </tr>
  `;
}
