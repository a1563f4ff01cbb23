import { html } from "hono/html";
import type { Locale } from "../../../transport/mod.ts";
import type { Html } from "../page.ts";
import { texts } from "./texts.ts";

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
          <input id="files" name="files" type="file" multiple accept=".txt,.json,.png,.jpg,.jpeg,.webp,.avif"></p>
        <p class="actions"><button id="add-now" class="main" formaction="/queue/add">${t("addAll")}</button>
          <button id="look">${t("look")}</button></p>
      </form>
    </section>
  `;
}
