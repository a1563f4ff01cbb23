import { html } from "hono/html";
import { relative } from "node:path";
import type { Locale } from "../../../transport/mod.ts";
import type { ApartFile } from "../../../api/mod.ts";
import type { ProjectPort } from "../../project/mod.ts";
import type { Html } from "../page.ts";
import { counted } from "../queue/texts.ts";
import { apartReasons } from "./apart_reasons.ts";
import { texts } from "./texts.ts";

const mostShown = 50;

/** What is no part of the project, by reason. */
function apartList(apart: readonly Pick<ApartFile, "path" | "reason">[], root: string, locale: Locale): Html {
  if (apart.length === 0) return html``;
  const groups = [...Map.groupBy(apart, ({ reason }) => reason)];
  return html`
    <details id="apart"><summary>${counted(texts.apart[locale], apart.length)}</summary>
      ${groups.map(([reason, files]) =>
        html`<p>${apartReasons[reason][locale]} (${files.length})</p><ul>${
          files.slice(0, mostShown).map(({ path }) => html`<li><code>${relative(root, path)}</code></li>`)
        }</ul>${
          files.length > mostShown ? html`<p>${counted(texts.andMore[locale], files.length - mostShown)}</p>` : ""
        }`
      )}
    </details>
  `;
}

function found({ adoption }: ProjectPort, locale: Locale): Html {
  if (adoption === null) return html``;
  const { isDry, adopted, there } = adoption;
  const presumed = adopted.filter(({ proof }) => proof === "presumed").length;
  const said = [
    counted(texts[isDry ? "wouldAdopt" : "adopted"][locale], adopted.length),
    ...(presumed > 0 ? [counted(texts.ofThemPresumed[locale], presumed)] : []),
    ...(there > 0 ? [counted(texts.thereBefore[locale], there)] : []),
  ].join(" · ");
  const rows = adopted.slice(0, mostShown).map(({ path, model, version }) =>
    html`<li>${model} · ${version} <small><code>${path}</code></small></li>`
  );
  return html`
    <p id="adoption">${said}</p>
    ${isDry && rows.length > 0 ? html`<ul>${rows}</ul>` : ""}
    ${adopted.length > mostShown && isDry
      ? html`<p>${counted(texts.andMore[locale], adopted.length - mostShown)}</p>`
      : ""}
  `;
}

/** The form that makes files that are there already the project's, and what it found. */
export function adoptForm(port: ProjectPort, root: string, locale: Locale): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const button = (name: "adoptDry" | "adoptQuick" | "adopt") =>
    html`<button id="${name}" formaction="/project/${name}" ${port.task === null ? "" : "disabled"}>${
      t(name)
    }</button>`;
  return html`
    <section aria-labelledby="adopt-title"><h2 id="adopt-title">${t("adoptTitle")}</h2>
      <p class="quiet">${t("adoptHelp")} <code>${root}</code></p>
      <form method="post" action="/project/adoptDry" class="actions" id="adopt-actions">
        ${button("adoptDry")}${button("adoptQuick")}${button("adopt")}
      </form>
      ${found(port, locale)}
      ${apartList(port.adoption?.apart ?? port.apart(), root, locale)}
    </section>
  `;
}
