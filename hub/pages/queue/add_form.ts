import { html } from "hono/html";
import { formatSize } from "../../../monitor/server/format.ts";
import type { Locale } from "../../../transport/mod.ts";
import { hint } from "../../../transport/mod.ts";
import type { PreviewLine } from "../../preview.ts";
import type { Html } from "../page.ts";
import { counted, texts } from "./texts.ts";

/** The box that takes anything. */
export function addForm(locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  return html`
    <section id="add">
      <form method="post" action="/queue/preview" enctype="multipart/form-data" id="add-form" data-clear>
        <label for="references">${t("addLabel")}</label>
        <textarea id="references" name="references" rows="3" maxlength="2000000" spellcheck="false" autocapitalize="off"
          aria-describedby="add-help"></textarea>
        <p class="quiet" id="add-help">${t("addHelp")} <span class="scripted">${t("dropHint")}</span></p>
        <p><label for="files">${t("files")}</label>
          <input id="files" name="files" type="file" multiple accept=".txt,.json,.png,.jpg,.jpeg,.webp"></p>
        <p class="actions"><button id="add-now" class="main" formaction="/queue/add">${t("addAll")}</button>
          <button id="look">${t("look")}</button></p>
      </form>
    </section>
  `;
}

/** What scans and sellers say about a file. */
function marks({ have, earlyAccess, warnings = [], problem }: PreviewLine, locale: Locale): Html[] {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const early = earlyAccess === undefined
    ? []
    : [earlyAccess === null ? t("early") : counted(t("earlyUntil"), earlyAccess.slice(0, 10))];
  const scans = warnings.filter(({ code }) => code !== "early_access").map(({ message }) => message);
  return [
    ...(have === undefined ? [] : [html`<span class="mark is-ok" title="${have}"><span>${t("have")}</span></span>`]),
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

function previewRow(line: PreviewLine, index: number, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const { reference, name, title, type, baseModel, sizeBytes, path, have, canAdd, problem } = line;
  const facts = [type, baseModel, sizeBytes === undefined ? undefined : formatSize(sizeBytes)].filter(Boolean);
  const id = `take-${index}`;
  return html`
    <li>
      <input type="checkbox" name="reference" value="${reference}" id="${id}" ${canAdd
        ? ""
        : "disabled"} ${canAdd && have === undefined ? "checked" : ""}>
      <label for="${id}"><b>${name ?? reference}</b> ${title === undefined ? "" : html`<small>${title}</small>`}</label>
      <p>${facts.length > 0 ? facts.join(" · ") : problem === undefined ? t("notLooked") : ""} ${marks(
        line,
        locale,
      )}</p>
      ${path === undefined
        ? ""
        : html`<small class="path">${t("target")} <code>${path}</code> ${room(line, locale)}</small>`}
    </li>
  `;
}

/** What would be queued, line by line. */
export function previewForm(lines: readonly PreviewLine[], locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const isLookedUp = ({ name, problem }: PreviewLine) => name !== undefined || problem !== undefined;
  const shown = lines.filter((line, index) => index < 100 || (isLookedUp(line) && index < 200));
  const rest = lines.slice(shown.length).filter(({ canAdd }) => canAdd);
  return html`
    <section id="preview" data-keep aria-labelledby="preview-title" tabindex="-1">
      <h2 id="preview-title">${t("lookedUp")}</h2>
      <form method="post" action="/queue/add">
        <ol class="preview">${shown.map((line, index) => previewRow(line, index, locale))}</ol>
        ${rest.length === 0 ? "" : html`<p><label for="rest">${counted(t("rest"), rest.length)}</label>
        <textarea id="rest" name="references" rows="3">${
          rest.map(({ reference }) => reference).join("\n")
        }</textarea></p>`}
        <p class="actions"><button class="main" id="queue-these">${t("addAll")}</button>
          <button formaction="/queue/discard" id="discard">${t("discard")}</button></p>
      </form>
    </section>
  `;
}
