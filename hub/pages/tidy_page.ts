import { relative, sep } from "node:path";
import type { Context, Hono } from "hono";
import { html } from "hono/html";
import { keepPolicies, type KeepPolicy, layoutNames, type OrganizePlan, type TrashedItem } from "../../api/mod.ts";
import { formatSize } from "../../monitor/server/format.ts";
import { readAtMost } from "../../transport/internal.ts";
import { CivikitError, type Locale } from "../../transport/mod.ts";
import { soon, type Tidy, type TidyEnd } from "../library/tidy.ts";
import type { Parts } from "../parts.ts";
import { type FormAnswer, queryOf, refusal } from "./form_answer.ts";
import type { Answers, Html, HubPage, PageRequest } from "./page.ts";
import { counted } from "./queue/texts.ts";
import { policyNames, stateNames, taskNames, texts, whyNames } from "./tidy/texts.ts";

const mostRows = 200;
const mostFormBytes = 1024 ** 2;
/** How long an answer waits for what it began; a large folder goes on by itself. */
const patienceMs = 1500;

/** Only asked where it is there. */
const tidyOf = ({ tidy }: Pick<Parts, "tidy">): Tidy => tidy!;

const word = (name: keyof typeof texts, locale: Locale) => texts[name][locale];

function organizeForm(tidy: Tidy, layout: string, plan: OrganizePlan | undefined, locale: Locale): Html {
  const t = (name: keyof typeof texts) => word(name, locale);
  const isOwn = layout.includes("{");
  const options = layoutNames.map((name) =>
    html`<option value="${name}" ${name === layout ? "selected" : ""}>${name}</option>`
  );
  const form = html`
    <form method="get" action="/tidy" id="layout-form" class="actions">
      <p><label for="layout">${t("layout")}</label>
        <select id="layout" name="layout"><option value=""></option>${options}</select></p>
      <p><label for="own">${t("own")}</label>
        <input id="own" name="own" maxlength="500" placeholder="{type}/{base}/{creator}/{file}" value="${isOwn
          ? layout
          : ""}"></p>
      <p><button class="main" id="preview">${t("preview")}</button></p>
    </form>
  `;
  const history = tidy.history();
  const [newest] = history;
  const isOpen = newest?.state === "applying" || newest?.state === "undoing";
  const back = history.some(({ state }) => state === "applied") || isOpen
    ? html`<button name="action" value="undo" id="do-undo">${t("undo")}</button>`
    : "";
  const rows = history.map(({ plannedMs, about, steps, state }) =>
    html`<li>${new Date(plannedMs).toISOString().slice(0, 16).replace("T", " ")} · ${about} · ${
      counted(t("files"), steps)
    } · ${stateNames[state][locale]}</li>`
  );
  const before = history.length === 0 ? "" : html`
    <h3>${t("history")}</h3>
    <ul id="history">${rows}</ul>
    <form method="post" action="/tidy/do" class="actions">${back}${isOpen
      ? html`<button name="action" value="continue" id="do-continue">${t("continue")}</button>`
      : ""}</form>
  `;
  return html`<section id="organize"><h2>${t("organize")}</h2>${form}${
    planned(plan, layout, locale)
  }${before}</section>`;
}

function planned(plan: OrganizePlan | undefined, layout: string, locale: Locale): Html | string {
  if (plan === undefined) return "";
  const { root, moves, stays, settled } = plan;
  const below = (path: string) => relative(root, path).split(sep).join("/");
  const t = (name: keyof typeof texts) => word(name, locale);
  const facts = html`<p id="counts">${counted(t("counts"), settled)}${
    stays.length === 0 ? "" : html`
      · ${counted(t("left"), stays.length)}
    `
  }</p>`;
  if (moves.length === 0) return html`<p id="plan">${t("nothing")}</p>${facts}`;
  const rows = moves.slice(0, mostRows).map(({ from, to }) =>
    html`
      <tr>
        <td data-label="${t("from")}">${below(from)}</td>
        <td data-label="${t("to")}">${below(to)}</td>
      </tr>
    `
  );
  return html`
    <table class="entries" id="plan">
      <caption class="hidden">${t("preview")}</caption>
      <thead>
        <tr>
          <th scope="col">${t("from")}</th>
          <th scope="col">${t("to")}</th>
        </tr>
      </thead>
      <tbody>${rows}</tbody>
    </table>
    ${moves.length > mostRows ? html`<p>${counted(t("more"), moves.length - mostRows)}</p>` : ""}
    ${facts}
    <form method="post" action="/tidy/do" class="actions">
      <input type="hidden" name="layout" value="${layout}">
      <button class="main" name="action" value="organize" id="do-organize">${counted(t("apply"), moves.length)}</button>
    </form>
  `;
}

function duplicatesForm(tidy: Tidy, prefer: KeepPolicy, locale: Locale): Html {
  const t = (name: keyof typeof texts) => word(name, locale);
  const plans = tidy.duplicates(prefer);
  const rows = plans.slice(0, mostRows).map(({ keep, others, locked, bytes }) =>
    html`<li><strong>${t("stays")}</strong>: ${keep} <small>${formatSize(bytes)}</small>
      <ul>${others.map((path) => html`<li>${path}</li>`)}${
      locked.map((path) => html`<li>${path} <small>${t("locked")}</small></li>`)
    }</ul></li>`
  );
  const options = keepPolicies.filter((name) => name !== "folders").map((name) =>
    html`<option value="${name}" ${name === prefer ? "selected" : ""}>${policyNames[name][locale]}</option>`
  );
  const body = plans.length === 0 ? html`<p>${t("noDuplicates")}</p>` : html`
    <ul class="paths">${rows}</ul>
    ${plans.length > mostRows ? html`<p>${counted(t("more"), plans.length - mostRows)}</p>` : ""}
    <form method="post" action="/tidy/do" class="actions">
      <p><label for="prefer">${t("prefer")}</label> <select id="prefer" name="prefer">${options}</select></p>
      ${plans.some(({ locked }) => locked.length > 0)
        ? html`<p><label class="check">
        <input type="checkbox" name="locked" id="locked"> ${t("lockedToo")}</label></p>`
        : ""}
      <p><button name="action" value="link" id="do-link">${t("link")}</button>
        <button name="action" value="trash" id="do-trash">${t("trashThem")}</button></p>
    </form>
  `;
  return html`<section id="duplicates"><h2>${t("duplicates")}</h2>${body}</section>`;
}

function trashForm(items: readonly TrashedItem[], locale: Locale): Html {
  const t = (name: keyof typeof texts) => word(name, locale);
  const rows = items.slice(0, mostRows).map(({ id, path, bytes, trashedMs, why }) =>
    html`
      <tr>
        <td><label class="check"><input type="checkbox" name="id" value="${id}"><span class="hidden">${t(
          "choose",
        )} ${path}</span></label></td>
        <th scope="row">${path}</th>
        <td data-label="${t("size")}">${formatSize(bytes)}</td>
        <td data-label="${t("why")}">${whyNames[why]?.[locale] ?? why} ${new Date(trashedMs).toISOString().slice(
          0,
          10,
        )}</td>
      </tr>
    `
  );
  const body = items.length === 0 ? html`<p>${t("noTrash")}</p>` : html`
    <form method="post" action="/tidy/do">
      <table class="entries" id="items"><caption class="hidden">${t("trash")}</caption>
        <thead><tr><td></td><th scope="col">${t("path")}</th><th scope="col">${t("size")}</th><th scope="col">${t(
          "why",
        )}</th></tr></thead>
        <tbody>${rows}</tbody></table>
      ${items.length > mostRows ? html`<p>${counted(t("more"), items.length - mostRows)}</p>` : ""}
      <p class="actions"><button name="action" value="restore" id="do-restore">${t("restore")}</button>
        <button name="action" value="remove" id="do-remove">${t("remove")}</button>
        <button name="action" value="empty" id="do-empty">${t("removeAll")}</button></p>
    </form>
  `;
  return html`<section id="trash"><h2>${t("trash")}</h2>${body}</section>`;
}

function taskState({ task }: Tidy, locale: Locale): Html {
  if (task === null) return html`<p id="task"></p>`;
  const { kind, done, total } = task;
  const name = taskNames[kind][locale];
  const bar = total === 0 ? html`<progress aria-label="${name}"></progress>` : html`
    <progress aria-label="${name}" max="${total}" value="${done}"></progress>
  `;
  return html`<p id="task">${bar} ${name}${total === 0 ? "" : ` · ${done}/${total}`}</p>`;
}

async function render(
  { c, parts, locale }: PageRequest,
  { note, isProblem = false }: FormAnswer,
): Promise<Html> {
  const tidy = tidyOf(parts);
  const query = queryOf(c, "/tidy");
  const layout = query.get("own") || query.get("layout") || "";
  let [plan, answer]: [OrganizePlan | undefined, FormAnswer] = [undefined, { ...(note && { note }), isProblem }];
  // while something moves, what lies where changes
  if (layout !== "" && c.req.method === "GET" && tidy.task === null) {
    try {
      plan = await tidy.preview(layout);
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      answer = refusal(error);
    }
  }
  return html`
    ${taskState(tidy, locale)}
    <p id="note" role="status" data-keep ${answer.isProblem ? html`class="problem"` : ""}>${answer.note?.(locale) ??
      ""}</p>
    ${organizeForm(tidy, layout || (tidy.layout ?? ""), plan, locale)}
    ${duplicatesForm(tidy, "oldest", locale)}
    ${trashForm(tidy.trash().list(), locale)}
  `;
}

/** How something ended, where it did soon. */
async function ended(begun: Promise<TidyEnd> | undefined): Promise<FormAnswer> {
  if (begun === undefined) return { note: (locale) => word("busy", locale), isProblem: true };
  const end = await soon(begun, patienceMs);
  if (end === undefined) return { note: (locale) => word("started", locale) };
  const { done, left, error } = end;
  return {
    isProblem: error !== null,
    note: (locale) =>
      [
        counted(word("done", locale), done),
        ...(left > 0 ? [counted(word("left", locale), left)] : []),
        ...(error === null ? [] : [refusal(error).note!(locale)]),
      ].join(" "),
  };
}

async function act(parts: Parts, form: URLSearchParams): Promise<FormAnswer> {
  const tidy = tidyOf(parts);
  const action = form.get("action");
  const prefer = keepPolicies.find((one) => one === form.get("prefer"));
  if (action === "organize") {
    const layout = form.get("layout") ?? "";
    if (layout === "") return { note: (locale) => word("noLayout", locale), isProblem: true };
    return await ended(tidy.organize(layout));
  }
  if (action === "undo" || action === "continue") return await ended(tidy.goOn(action));
  if (action === "link" || action === "trash") return await ended(tidy.clear(action, prefer, form.has("locked")));
  const trash = tidy.trash();
  if (action === "empty") {
    const removed = await trash.empty();
    return { note: (locale) => counted(word("removed", locale), removed.length) };
  }
  const ids = form.getAll("id");
  if (ids.length === 0) return { note: (locale) => word("none", locale), isProblem: true };
  if (action === "remove") {
    const removed = await trash.empty({ ids });
    return { note: (locale) => counted(word("removed", locale), removed.length) };
  }
  for (const id of ids) await trash.restore(id);
  await parts.library?.look();
  return { note: (locale) => counted(word("restored", locale), ids.length) };
}

function routes(app: Hono, parts: Parts, { show }: Answers): void {
  const answered = (c: Context, answer: FormAnswer) =>
    show(c, { ...tidyPage, render: (request) => render(request, answer) }, answer.isProblem === true ? 400 : 200);
  app.post("/tidy/do", async (c) => {
    try {
      // by hand: what reads or limits it for us asks for request.signal, and then Deno prints a notice
      const bytes = await readAtMost(new Response(c.req.raw.body), mostFormBytes);
      return await answered(c, await act(parts, new URLSearchParams(new TextDecoder().decode(bytes))));
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      return await answered(c, refusal(error));
    }
  });
}

/** Bulk work on the model folders: organise, duplicates, trash. */
export const tidyPage: HubPage = {
  path: "/tidy",
  title: texts.title,
  isThere: ({ tidy }) => tidy !== undefined,
  render: (request) => render(request, {}),
  routes,
};
