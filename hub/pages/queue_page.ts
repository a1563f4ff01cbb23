import { html } from "hono/html";
import { chart } from "../../monitor/server/chart.ts";
import { formatSize } from "../../monitor/server/format.ts";
import { textsOf } from "../../monitor/server/texts.ts";
import type { Html, HubPage, PageRequest } from "./page.ts";
import type { FormAnswer } from "./form_answer.ts";
import { addForm } from "./queue/add_form.ts";
import { elsewhere } from "./queue/elsewhere.ts";
import { queueForms } from "./queue/forms.ts";
import { group, type GroupName, groups, isGroup } from "./queue/groups.ts";
import { targetList } from "./queue/targets.ts";
import { history } from "./queue/history.ts";
import { counted, texts } from "./queue/texts.ts";
import { previewForm } from "./queue/preview_form.ts";
import { workerList } from "./queue/workers.ts";
import { startForm } from "./queue/start_form.ts";

const shownOfEach = 50;
const shownOfOne = 200;

function slowMode({ parts: { slowMode }, locale }: PageRequest): Html | "" {
  if (slowMode === undefined) return "";
  const text = counted(texts[slowMode.isOn ? "slowOff" : "slowOn"][locale], `${formatSize(slowMode.bytesPerSecond)}/s`);
  return html`
    <form method="post"
      action="/queue/slow"><button id="slow" name="on" value="${slowMode.isOn ? "" : "1"}" aria-pressed="${String(
        slowMode.isOn,
      )}">${text}</button></form>
  `;
}

function rateChart({ parts: { rates }, locale }: PageRequest): Html | "" {
  const { startMs, stepMs, values } = rates.all();
  if (values.every((value) => value === undefined)) return "";
  const format = (value: number) => `${formatSize(value)}/s`;
  return html`<section id="rates">${
    chart({
      ...{ id: "rate", title: texts.rate[locale], startMs, stepMs, format, least: 1024, binary: true },
      lines: [{ name: "bytes", values }],
    }, textsOf(locale))
  }</section>`;
}

async function render(request: PageRequest, { note, isProblem = false }: FormAnswer): Promise<Html> {
  const { c, locale, parts } = request;
  const counts = await parts.queue.counts();
  const only = c.req.query("group");
  const isHistory = only === "history";
  const isOne = isGroup(only) || isHistory;
  const names = isGroup(only) ? [only] : isHistory ? [] : Object.keys(groups) as GroupName[];
  const skip = isHistory ? Number(/^\d{1,5}$/.exec(c.req.query("skip") ?? "")?.[0] ?? 0) : undefined;
  const view = { locale, nowMs: Date.now(), limit: isGroup(only) ? shownOfOne : shownOfEach };
  const after = isGroup(only) ? c.req.query("after") || undefined : undefined;
  const lists = await Promise.all(names.map((name) => {
    const count = groups[name].states.reduce((sum, state) => sum + counts[state], 0);
    return group(parts, name, { ...view, count, after });
  }));
  const added = Number(c.req.query("added") ?? NaN);
  const asked = c.req.query("preview");
  const preview = asked === undefined ? undefined : parts.previews.get(asked);
  const from = Number(/^\d{1,7}$/.exec(c.req.query("from") ?? "")?.[0] ?? 0);
  const isRefused = c.req.query("refused") !== undefined && preview !== undefined;
  const said = note?.(locale) ?? (isRefused ? texts.refused[locale] : undefined) ??
    (Number.isInteger(added) ? added === 0 ? texts.noneAdded[locale] : counted(texts.added[locale], added) : "");
  return html`
    ${parts.notice?.() === undefined ? "" : html`<p id="notice" class="problem" role="alert">${parts.notice()}</p>`}
    <p id="note" role="status" data-keep ${isProblem || isRefused ? html`class="problem"` : ""}>${said}</p>
    ${await startForm(request)}
    ${addForm(locale)}
    ${preview === undefined ? "" : previewForm(preview, from, locale)}
    <div class="bar-all" id="bar-all">${slowMode(request)}${isOne
      ? html`<a href="/">${texts.first[locale]}</a>`
      : ""}</div>
    ${lists}
    ${isOne || !parts.isShared ? "" : await workerList(parts.queue, locale)}
    ${isOne ? "" : elsewhere(parts.live, locale)}
    ${isGroup(only) ? "" : history(parts.live, skip, locale)}
    ${isGroup(only) ? "" : targetList(parts, locale)}
    ${rateChart(request)}
  `;
}

/** The page as the answer to a form. */
function queueAnswer(answer: FormAnswer): HubPage {
  return { ...queuePage, render: (request) => render(request, answer) };
}

/** The queue: what is wanted, what is under way, and what became of it. */
export const queuePage: HubPage = {
  path: "/",
  title: { en: "Queue", "zh-TW": "佇列" },
  scripts: ["sortable.js", "queue.js"],
  everyMs: 2000,
  render: (request) => render(request, {}),
  routes: (app, parts, { show }) => queueForms(app, parts, (c, answer, status) => show(c, queueAnswer(answer), status)),
};
