import { stat } from "node:fs/promises";
import type { Context, Hono } from "hono";
import { html } from "hono/html";
import { readUsage, setUsage, sniffMedia } from "../../api/mod.ts";
import { readAtMost } from "../../transport/internal.ts";
import { CivikitError, type Locale } from "../../transport/mod.ts";
import { oldChoices, queueNewer } from "../queue_newer.ts";
import { changeRules } from "../library/change_rules.ts";
import { type Library, type LibraryFilter, libraryFilters, type ListRows, type ShownRow } from "../library/mod.ts";
import type { Parts } from "../parts.ts";
import { isLevel } from "../search/levels.ts";
import { previewOf } from "./library/beside.ts";
import { factsOf } from "./library/facts.ts";
import { libraryRow } from "./library/row.ts";
import { ruleList } from "./library/standing.ts";
import { filterNames, taskNames, texts } from "./library/texts.ts";
import { type FormAnswer, queryOf, refusal } from "./form_answer.ts";
import { keptLevel } from "./level_cookie.ts";
import type { Answers, Html, HubPage, PageRequest } from "./page.ts";
import { counted } from "./queue/texts.ts";

const pageRows = 50;
const largestPreviewBytes = 8 * 1024 ** 2;
const mostFormBytes = 4 * 1024 ** 2;
/** How old a look may be before the page takes another one. */
const lookAgainMs = 60_000;

/** Only asked where it is there. */
const libraryOf = ({ library }: Pick<Parts, "library">): Library => library!;

interface Asked extends ListRows {
  readonly filter: LibraryFilter;
  readonly text: string;
  readonly offset: number;
}

function readAsked(query: URLSearchParams): Asked {
  const filter = libraryFilters.find((one) => one === query.get("filter")) ?? "all";
  const base = query.get("base") || undefined;
  const offset = /^\d{1,6}$/.test(query.get("offset") ?? "") ? Number(query.get("offset")) : 0;
  return { filter, text: (query.get("text") ?? "").slice(0, 200), base, offset, limit: pageRows };
}

const isNarrowed = ({ filter, text, base }: Asked) => filter !== "all" || text !== "" || base !== undefined;

function address({ filter, text, base }: Asked, change: { filter?: LibraryFilter; offset?: number } = {}): string {
  const { filter: other = filter, offset = 0 } = change;
  const query = new URLSearchParams({
    ...(other !== "all" && { filter: other }),
    ...(text !== "" && { text }),
    ...(base !== undefined && { base }),
    ...(offset > 0 && { offset: String(offset) }),
  });
  return `/library${query.size > 0 ? `?${query}` : ""}`;
}

function filters(library: Library, asked: Asked, locale: Locale): Html {
  const counts = library.counts();
  const t = (name: keyof typeof texts) => texts[name][locale];
  const links = libraryFilters.map((filter) =>
    html`<li><a href="${address(asked, { filter })}" id="filter-${filter}" ${
      filter === asked.filter ? html`aria-current="true"` : ""
    }>${filterNames[filter][locale]} <small>${counts[filter]}</small></a></li>`
  );
  const bases = library.bases().map((base) => html`<option ${base === asked.base ? "selected" : ""}>${base}</option>`);
  return html`
    <ul class="filters" role="list">${links}</ul>
    <search>
      <form method="get" action="/library" id="search">
      ${asked.filter === "all" ? "" : html`<input type="hidden" name="filter" value="${asked.filter}">`}
      <p class="words"><label for="text">${t("text")}</label>
        <input id="text" name="text" type="search" maxlength="200" value="${asked.text}"></p>
      <p><label for="base">${t("base")}</label>
        <select id="base" name="base"><option value="">${t("anyBase")}</option>${bases}</select></p>
      <p><button class="main" id="search-now">${t("search")}</button></p>
      </form>
    </search>
  `;
}

/** How far the proving is, which goes on while nothing else does. */
function provingState({ proving }: Library, locale: Locale): Html {
  if (proving === null) return html``;
  const { done, total } = proving;
  const text = texts.proving[locale];
  return html`
    <p
      id="proving"><progress aria-label="${text}" max="${total}" value="${done}"></progress> ${text} · ${Math.floor(
        100 * done / Math.max(1, total),
      )} %</p>
  `;
}

function taskState({ task, trouble }: Library, locale: Locale): Html {
  if (task !== null) {
    const { kind, done, total } = task;
    const text = taskNames[kind][locale];
    const bar = total === 0 ? html`<progress aria-label="${text}"></progress>` : html`
      <progress aria-label="${text}" max="${total}" value="${done}"></progress>
    `;
    return html`<p id="task">${bar} ${text}${total === 0 ? "" : ` · ${Math.floor(100 * done / total)} %`}</p>`;
  }
  return html`<p id="task" class="problem">${trouble ?? ""}</p>`;
}

async function render(
  { c, parts, locale }: PageRequest,
  { note, isProblem = false }: FormAnswer,
): Promise<Html> {
  const library = libraryOf(parts);
  if (library.seenMs === null || Date.now() - library.seenMs > lookAgainMs) {
    const looking = library.look();
    // a small library is there at once; the page renews itself when a large one is
    if (library.seenMs === null) await Promise.race([looking, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  const asked = readAsked(queryOf(c, "/library"));
  const { rows, total } = library.list(asked);
  const cookie = keptLevel(c);
  const context = { locale, level: isLevel(cookie) ? cookie : "pg", site: parts.api.baseUrl } as const;
  const t = (name: keyof typeof texts) => texts[name][locale];
  const button = (action: string, name: keyof typeof texts, isMain = false) =>
    html`<button name="action" value="${action}" id="do-${action}" class="${isMain ? "main" : ""}">${t(name)}</button>`;
  const table = rows.length === 0
    ? html`<p>${t(library.seenMs === null ? "looking" : isNarrowed(asked) ? "nothing" : "empty")}</p>`
    : html`
      <div class="wide">
        <table class="files" id="files">
          <caption class="hidden">${t("title")}</caption>
          <thead>
            <tr>
              <td></td>
              <td></td>
              <th scope="col">${t("file")}</th>
              <th scope="col">${t("model")}</th>
              <th scope="col">${t("words")}</th>
              <th scope="col">${t("state")}</th>
            </tr>
          </thead>
          <tbody>${rows.map((row) => libraryRow(row, context))}</tbody>
        </table>
      </div>
    `;
  return html`
    <form method="post" action="/library/do" class="actions" id="whole">
      ${button("scan", "scan", true)}${button("quick", "quick")}${button("updates", "updates")}${button("look", "look")}
    </form>
    <p class="quiet">${t("quickHelp")}</p>
    ${taskState(library, locale)}${provingState(library, locale)}
    <p id="note" role="status" data-keep ${isProblem ? html`class="problem"` : ""}>${note?.(locale) ?? ""}</p>
    ${filters(library, asked, locale)}
    ${table}
    <form method="post" action="/library/do" id="bulk" class="actions">
      <fieldset><legend>${t("chosen")}</legend>
        <label class="check"><input type="checkbox" name="all" value="1"> ${counted(t("allMatching"), total)}</label>
        <input type="hidden" name="query" value="${address(asked)}">
        <label for="old">${t("old")}</label>
        <select id="old" name="old" data-keep><option value="keep">${t("oldKeep")}</option><option value="trash">${t(
          "oldTrash",
        )}</option><option value="replace">${t("oldReplace")}</option></select>
        ${button("update", "update")}${button("verify", "verify")}${button("sidecars", "sidecars")}
      </fieldset>
    </form>
    ${ruleList(library.rules(), locale)}
    <p class="pages">${asked.offset === 0
      ? ""
      : html`<a class="more" href="${address(asked)}">${t("first")}</a>`}${asked.offset + rows.length >= total
      ? ""
      : html`<a class="more" id="next" href="${address(asked, { offset: asked.offset + pageRows })}">${
        t("next")
      }</a>`}</p>
  `;
}

/** The rows a form means: those that were ticked, or all that its list has. */
function chosenRows(library: Library, form: URLSearchParams): readonly ShownRow[] {
  if (form.get("all") === null) return form.getAll("id").flatMap((id) => library.get(id) ?? []);
  const asked = readAsked(URL.parse(form.get("query") ?? "", "http://service/")?.searchParams ?? new URLSearchParams());
  const rows: ShownRow[] = [];
  for (let offset = 0;; offset += 500) {
    const page = library.list({ ...asked, offset, limit: 500 });
    rows.push(...page.rows);
    if (page.rows.length < 500) return rows;
  }
}

async function act(parts: Parts, form: URLSearchParams): Promise<FormAnswer> {
  const library = libraryOf(parts);
  const started = (isStarted: boolean): FormAnswer => ({
    note: (locale) => texts[isStarted ? "started" : "busy"][locale],
    isProblem: !isStarted,
  });
  const action = form.get("action");
  if (action === "scan") return started(library.scan());
  if (action === "quick") return started(library.quick());
  if (action === "updates") return started(library.checkUpdates());
  if (action === "look") {
    await library.look();
    return {};
  }
  const rows = chosenRows(library, form);
  if (rows.length === 0) return { note: (locale) => texts.none[locale], isProblem: true };
  const ids = rows.map(({ id }) => id);
  if (action === "verify") return started(library.verify(ids));
  if (action === "sidecars") return started(library.sidecars(ids));
  const old = oldChoices.find((one) => one === form.get("old")) ?? "keep";
  const count = await queueNewer(parts, rows, old);
  if (count === null) return started(false);
  if (count > 0 && old !== "keep") return started(true);
  return count === 0
    ? { note: (locale) => texts.noNewer[locale], isProblem: true }
    : { note: (locale) => counted(texts.added[locale], count) };
}

function routes(app: Hono, parts: Parts, { show }: Answers): void {
  const answered = (c: Context, answer: FormAnswer, status: 200 | 400 = 200) =>
    show(c, { ...libraryPage, render: (request) => render(request, answer) }, status);
  app.post("/library/do", async (c) => {
    try {
      // by hand: what reads or limits it for us asks for request.signal, and then Deno prints a notice
      const bytes = await readAtMost(new Response(c.req.raw.body), mostFormBytes);
      const answer = await act(parts, new URLSearchParams(new TextDecoder().decode(bytes)));
      return await answered(c, answer, answer.isProblem === true ? 400 : 200);
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      return await answered(c, refusal(error), 400);
    }
  });
  app.post("/library/note", async (c) => {
    try {
      const bytes = await readAtMost(new Response(c.req.raw.body), mostFormBytes);
      const form = new URLSearchParams(new TextDecoder().decode(bytes));
      const row = libraryOf(parts).get(form.get("id") ?? "");
      if (row === undefined) return await answered(c, { note: (locale) => texts.none[locale], isProblem: true }, 400);
      const addTags = (form.get("tags") ?? "").split(",").map((tag) => tag.trim()).filter(Boolean);
      const removeTags = readUsage(row.path).tags.filter((tag) => !addTags.includes(tag));
      const notes = (form.get("notes") ?? "").replaceAll("\r\n", "\n");
      await setUsage(row.path, { notes, addTags, removeTags });
      return await answered(c, { note: (locale) => texts.kept[locale] });
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      return await answered(c, refusal(error), 400);
    }
  });
  app.post("/library/rules", async (c) => {
    try {
      const bytes = await readAtMost(new Response(c.req.raw.body), mostFormBytes);
      const form = new URLSearchParams(new TextDecoder().decode(bytes));
      await changeRules(parts, {
        ...{ ignore: form.getAll("ignore"), unignore: form.getAll("unignore") },
        ...{ otherBase: form.getAll("otherBase"), sameBase: form.getAll("sameBase") },
      });
      return await answered(c, { note: (locale) => texts.rulesKept[locale] });
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      return await answered(c, refusal(error), 400);
    }
  });
  app.get("/library/file/:id", async (c) => {
    try {
      const facts = await libraryOf(parts).facts(c.req.param("id"));
      if (facts === undefined) return await answered(c, { note: (locale) => texts.none[locale], isProblem: true }, 400);
      return await show(c, { ...libraryPage, render: ({ locale }) => factsOf(facts, locale) });
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      return await answered(c, refusal(error), 400);
    }
  });
  app.get("/library/preview/:id", async (c) => {
    const row = libraryOf(parts).get(c.req.param("id"));
    const path = row && previewOf(row.path);
    const none = () => c.body(null, 404, { "cache-control": "no-store" });
    if (path === undefined) return none();
    try {
      if ((await stat(path)).size > largestPreviewBytes) return none();
      const bytes = await Deno.readFile(path);
      const media = sniffMedia(bytes);
      if (media?.kind !== "image") return none();
      return c.body(bytes, 200, { "content-type": media.contentType, "cache-control": "private, max-age=300" });
    } catch {
      return none(); // gone, or not to be read: a gap on the page
    }
  });
}

/** What lies in the model folders. */
export const libraryPage: HubPage = {
  path: "/library",
  title: texts.title,
  scripts: ["library.js"],
  isThere: ({ library }) => library !== undefined,
  render: (request) => render(request, {}),
  routes,
};
