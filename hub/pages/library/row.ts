import { html } from "hono/html";
import { readUsage } from "../../../api/mod.ts";
import { formatSize } from "../../../monitor/server/format.ts";
import type { Locale } from "../../../transport/mod.ts";
import { damageWords } from "../../run/damage_words.ts";
import type { ShownRow } from "../../library/mod.ts";
import { isOpen, type Level } from "../../search/levels.ts";
import type { Html } from "../page.ts";
import { counted } from "../queue/texts.ts";
import { besideOf } from "./beside.ts";
import { badges, ignoring } from "./standing.ts";
import { texts } from "./texts.ts";

/** What a row is drawn by. */
export interface RowContext {
  /** The language. */
  readonly locale: Locale;
  /** Up to where pictures are shown openly. */
  readonly level: Level;
  /** The site, for links to models. */
  readonly site: string;
}

function stateText({ state, problem, provedMs, twins, newer }: ShownRow, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const proved = provedMs === null ? [] : [counted(t("proved"), new Date(provedMs).toISOString().slice(0, 10))];
  const facts = [
    ...(state === "known" || state === "presumed" ? [] : [t(state)]),
    ...proved,
    ...(twins > 0 ? [counted(t("twins"), twins)] : []),
    ...(newer === null ? [] : [counted(t("newer"), newer.versionName)]),
  ];
  return html`${
    problem === null ? "" : html`
      <span class="problem">${damageWords(problem, locale)}</span>
    `
  }${
    state === "presumed"
      ? html`
        <span class="mark is-info"><span>${t("presumed")}</span></span>
      `
      : ""
  }${facts.join(" · ")}`;
}

/** One file as a row of the table. */
export function libraryRow(row: ShownRow, { locale, level, site }: RowContext): Html {
  const { id, path, name, bytes, identity } = row;
  const t = (word: keyof typeof texts) => texts[word][locale];
  const { picture, preview } = besideOf(path);
  const { triggerWords, notes, tags } = readUsage(path, identity?.trainedWords);
  // a picture nobody rated is shown openly only where everything may be
  const isBlurred = preview !== undefined && !isOpen(picture ?? {}, level);
  const image = preview === undefined ? "" : html`
    <span class="picture thumb ${isBlurred ? "is-blurred" : ""}"><img
      src="/library/preview/${id}" alt="${counted(t("preview"), name)}" loading="lazy" width="48" height="64"></span>
  `;
  const about = identity === null ? "" : html`
    <a href="${site}/models/${identity.modelId ?? ""}?modelVersionId=${identity.versionId}"
      rel="noreferrer">${identity.modelName}</a> ${identity.versionName} <small>${[
        identity.modelType,
        identity.baseModel,
      ].filter(Boolean).join(" · ")}</small>
  `;
  const text = triggerWords.slice(0, 20).join(", ");
  const shown = [...tags, ...(notes === "" ? [] : [notes])].join(" · ");
  return html`
    <tr id="file-${id}">
      <td><label class="check"><input type="checkbox" name="id" value="${id}" form="bulk"><span class="hidden">${t(
        "choose",
      )} ${name}</span></label></td>
      <td>${image}</td>
      <th
        scope="row"><a href="/library/file/${id}" title="${t("details")}">${name}</a> <small>${formatSize(
          bytes,
        )}</small></th>
      <td>${about}</td>
      <td>${text === "" ? "" : html`
        ${text} <button type="button" class="scripted" id="copy-${id}" data-copy="${text}"
          data-copied="${counted(t("copied"), text)}" aria-label="${t("copy")}: ${text}">${t("copy")}</button>
      `}
        <details id="own-${id}" data-keep><summary>${t("notes")}${shown === ""
          ? ""
          : `: ${shown.slice(0, 80)}`}</summary>
          <form method="post" action="/library/note">
            <input type="hidden" name="id" value="${id}">
            <p><label for="notes-${id}">${t("notes")}</label>
              <textarea id="notes-${id}" name="notes" maxlength="20000" rows="3">${notes}</textarea></p>
            <p><label for="tags-${id}">${t("tags")}</label>
              <input id="tags-${id}" name="tags" maxlength="2000" value="${tags.join(", ")}"></p>
            <p><button id="keep-${id}">${t("keep")}</button></p>
          </form>
        </details></td>
      <td>${badges(row, locale)}${stateText(row, locale)}${ignoring(row, locale)}</td>
    </tr>
  `;
}
