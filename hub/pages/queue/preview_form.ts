import { html } from "hono/html";
import { formatSize } from "../../../monitor/server/format.ts";
import { hint, type Locale } from "../../../transport/mod.ts";
import { isTaken, type PreviewLine } from "../../preview/preview_line.ts";
import type { Preview } from "../../preview/preview.ts";
import type { Html } from "../page.ts";
import { counted, texts } from "./texts.ts";

const shownLines = 100;
const shownProblems = 50;

/** What scans and sellers say about a file. */
function marks(
  { have, isQueued, isNameOnly, isUnlisted, earlyAccess, warnings = [], problem }: PreviewLine,
  locale: Locale,
): Html[] {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const early = earlyAccess === undefined
    ? []
    : [earlyAccess === null ? t("early") : counted(t("earlyUntil"), earlyAccess.slice(0, 10))];
  const scans = warnings.filter(({ code }) => code !== "early_access").map(({ message }) => message);
  return [
    ...(have === undefined ? [] : [html`<span class="mark is-ok" title="${have}"><span>${t("have")}</span></span>`]),
    ...(isQueued ? [html`<span class="mark is-info"><span>${t("queued")}</span></span>`] : []),
    ...(isNameOnly ? [html`<span class="mark is-warning"><span>${t("nameOnly")}</span></span>`] : []),
    ...(isUnlisted ? [html`<span class="mark is-warning"><span>${t("unlisted")}</span></span>`] : []),
    ...[...early, ...scans].map((text) => html`<span class="mark is-warning"><span>${text}</span></span>`),
    ...(problem === undefined ? [] : [
      html`<span class="mark is-error"><span>${problem.message}</span></span> <small>${
        problem.code in texts ? "" : hintOf(problem.code, problem.hint, locale)
      }</small>`,
    ]),
  ];
}

function hintOf(code: string, otherwise: string, locale: Locale): string {
  try {
    return hint(code as Parameters<typeof hint>[0], locale).action;
  } catch {
    return otherwise;
  }
}

function room({ sizeBytes, freeBytes }: PreviewLine, locale: Locale): Html | "" {
  if (freeBytes === undefined) return "";
  const isTooLittle = sizeBytes !== undefined && sizeBytes > freeBytes;
  const text = counted(texts[isTooLittle ? "noRoom" : "free"][locale], formatSize(freeBytes));
  return isTooLittle ? html`<span class="problem">${text}</span>` : html`${text}`;
}

/** Where something was written. */
function whereText({ line, file, calledThere, name }: PreviewLine, locale: Locale): string {
  const called = calledThere !== undefined && calledThere !== name ? [`“${calledThere}”`] : [];
  return [
    ...(file === undefined ? [] : [file]),
    ...(line === undefined ? [] : [counted(texts.line[locale], line)]),
    ...called,
  ].join(", ");
}

function previewRow(line: PreviewLine, index: number, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const { reference, name, title, type, baseModel, sizeBytes, path, have, canAdd, isLookedUp } = line;
  const facts = [type, baseModel, sizeBytes === undefined ? undefined : formatSize(sizeBytes)].filter(Boolean);
  const id = `take-${index}`;
  const where = whereText(line, locale);
  return html`
    <li id="line-${index}" value="${index + 1}">
      <input type="checkbox" name="line-${index}" value="${reference}" id="${id}" ${canAdd
        ? ""
        : "disabled"} ${isTaken(line) ? "checked" : ""}>
      <label for="${id}"><b>${name ?? reference}</b> ${title === undefined
        ? ""
        : html`<small>${title}</small>`} ${where === "" ? "" : html`<small class="quiet">${where}</small>`}</label>
      <p>${facts.length > 0 ? facts.join(" · ") : isLookedUp ? "" : t("notLooked")} ${marks(line, locale)}</p>
      ${have !== undefined
        ? html`<small class="path"><code>${have}</code></small>`
        : path === undefined
        ? ""
        : html`<small class="path">${t("target")} <code>${path}</code> ${room(line, locale)}</small>`}
    </li>
  `;
}

const isBad = ({ canAdd, problem }: PreviewLine) => !canAdd && problem !== undefined;

/** What cannot be taken, with where it stands, before everything else. */
function problems(lines: readonly PreviewLine[], locale: Locale): Html | "" {
  const bad = lines.filter(isBad);
  if (bad.length === 0) return "";
  const rows = bad.slice(0, shownProblems).map((line) =>
    html`<li><b>${whereText(line, locale)}</b> <code>${line.reference.slice(0, 200)}</code> ${
      line.problem!.message
    }. <small>${hintOf(line.problem!.code, line.problem!.hint, locale)}</small></li>`
  );
  return html`
    <div class="problem" id="preview-problems"><p>${counted(
      texts.notTaken[locale],
      bad.length,
    )}</p><ul>${rows}</ul>${bad.length > rows.length
      ? html`<p>${counted(texts.moreProblems[locale], bad.length - rows.length)}</p>`
      : ""}</div>
  `;
}

function pagesOf({ id, lines }: Preview, from: number, locale: Locale): Html | "" {
  if (lines.length <= shownLines) return "";
  const link = (to: number, name: "before" | "after") =>
    html`<a class="more" id="lines-${name}" href="/?preview=${id}&amp;from=${to}">${texts[name][locale]}</a>`;
  const to = Math.min(lines.length, from + shownLines);
  return html`
    <p class="pages"><span>${counted(texts.lines[locale], `${from + 1}–${to}`)}</span>${from === 0
      ? ""
      : link(Math.max(0, from - shownLines), "before")}${to === lines.length ? "" : link(to, "after")}</p>
  `;
}

/** What would be queued, line by line, a page at a time. */
export function previewForm(preview: Preview, asked: number, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const { id, lines, isDone } = preview;
  const from = asked < lines.length ? asked : 0;
  const shown = lines.slice(from, from + shownLines);
  const count = (is: (line: PreviewLine) => unknown) => lines.filter(is).length;
  const facts = ([
    ["sumTaken", count(isTaken)],
    ["sumHave", count(({ have }) => have !== undefined)],
    ["sumQueued", count(({ isQueued }) => isQueued)],
    ["sumNameOnly", count(({ isNameOnly }) => isNameOnly)],
    ["sumLooking", isDone ? 0 : count(({ isLookedUp }) => !isLookedUp)],
    ["sumUnlooked", isDone ? count(({ isLookedUp }) => !isLookedUp) : 0],
  ] as const).filter(([, number]) => number > 0);
  const isOnePage = lines.length <= shownLines;
  const isOfPictures = lines.some(({ calledThere }) => calledThere !== undefined);
  return html`
    <section id="preview" data-hold aria-labelledby="preview-title" tabindex="-1">
      <h2 id="preview-title">${t("lookedUp")} <span class="count">${lines.length}</span></h2>
      <p id="preview-sum">${facts.map(([name, number]) => counted(t(name), number)).join(" · ")}</p>
      ${problems(lines, locale)}
      <form method="post" action="/queue/take" id="preview-form">
        <input type="hidden" name="preview" value="${id}">
        <input type="hidden" name="from" value="${from}"><input type="hidden" name="to" value="${from + shown.length}">
        <ol class="preview">${shown.map((line, index) =>
          isBad(line) ? "" : previewRow(line, from + index, locale)
        )}</ol>
        ${pagesOf(preview, from, locale)}
        <p class="actions"><button class="main" id="queue-these">${isOnePage && isOfPictures
          ? counted(t("getRest"), count(isTaken))
          : t(isOnePage ? "addAll" : "addShown")}</button>
          ${isOnePage
            ? ""
            : html`<button id="queue-all" name="all" value="1">${counted(t("addEvery"), count(isTaken))}</button>`}
          <button formaction="/queue/discard" id="discard">${t("discard")}</button></p>
      </form>
    </section>
  `;
}
