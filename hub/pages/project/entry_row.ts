import { html } from "hono/html";
import { parseReference } from "../../../api/mod.ts";
import { formatSize } from "../../../monitor/server/format.ts";
import type { Locale } from "../../../transport/mod.ts";
import type { DiskMark, NewerVersion, ProjectEntry, ProjectPort } from "../../project/mod.ts";
import type { Html } from "../page.ts";
import { counted } from "../queue/texts.ts";
import { texts } from "./texts.ts";

const kinds: Readonly<Record<DiskMark, string>> = {
  ...{ there: "ok", unproved: "info", presumed: "info", other: "error", missing: "warning" },
};

/** Whether an entry names its version, or a file elsewhere, which stays what it is; what cannot be understood is shown as it is written. */
function isPinned(air: string): boolean {
  try {
    return parseReference(air).kind !== "model";
  } catch {
    return false;
  }
}

function newerText({ name, versionId, stays }: NewerVersion, locale: Locale): string {
  const shown = `${name} (${versionId})`;
  const text = stays === null ? texts.moves : stays === "pinned" ? texts.staysPinned : texts.staysOther;
  return counted(text[locale], shown);
}

function newerOf({ key, wanted, files }: ProjectEntry, newer: ProjectPort["newer"], locale: Locale): string {
  if (wanted === null || files.length === 0) return "";
  if (newer === null) return texts.notChecked[locale];
  const found = newer.get(key);
  return found === undefined ? texts.upToDate[locale] : newerText(found, locale);
}

/** An entry: what is wanted, what is locked, what is there, and what is newer. */
export function entryRow(entry: ProjectEntry, newer: ProjectPort["newer"], locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const { wanted, key, files } = entry;
  const { air = key, file, all, baseModel, folder } = wanted ?? {};
  const special = Object.entries({ file, all, baseModel, folder }).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}`);
  const said = wanted === null ? t("unwanted") : isPinned(air) ? t("pinned") : t("follows");
  return html`
    <tr>
      <th scope="row" data-label="${t("entry")}"><code>${air}</code> <small>${[said, ...special].join(
        " · ",
      )}</small></th>
      <td data-label="${t("locked")}">${files.length === 0
        ? html`<span class="quiet">${t("notLocked")}</span>`
        : files.map(({ locked: { model, version, path, bytes } }) =>
          html`<p>${model} · ${version} <small><code>${path}</code> ${
            bytes === null ? "" : formatSize(bytes)
          }</small></p>`
        )}</td>
      <td data-label="${t("disk")}">${files.map(({ disk }) =>
        html`<p><span class="mark is-${kinds[disk]}"><span>${t(disk)}</span></span></p>`
      )}</td>
      <td data-label="${t("newer")}">${newerOf(entry, newer, locale)}</td>
    </tr>
  `;
}
