import { html } from "hono/html";
import { layoutNames } from "../../../api/layout/layout.ts";
import type { Html, PageRequest } from "../page.ts";
import { startTexts } from "./start_texts.ts";

/** What a first start asks: root, layout and key; nothing once it was answered, or where nobody keeps the answers. */
export async function startForm(
  { parts: { settings, where, isAsking, answerStart }, locale }: PageRequest,
): Promise<Html | ""> {
  if (answerStart === undefined || !(isAsking?.() ?? false)) return "";
  const t = startTexts[locale];
  const isKeySet = (await settings?.apiKey.isSet()) ?? false;
  const layouts = layoutNames.map((name) => html`<option value="${name}">${name}</option>`);
  return html`
    <section id="start" data-start aria-labelledby="start-title">
      <h2 id="start-title">${t.title}</h2>
      <p>${t.help}</p>
      <form method="post" action="/start">
        <p><label for="root">${t.root}</label> <input id="root" name="root" value="${where().root}"></p>
        <p><label for="layout">${t.layout}</label> <select id="layout" name="layout"><option value="">${t
          .noLayout}</option>${layouts}</select></p>
        ${isKeySet
          ? ""
          : html`<p><label for="key">${t.key}</label> <input id="key" name="key" type="password" autocomplete="off"></p>`}
        <p class="actions"><button class="main" id="start-now">${t.save}</button>
          <button name="later" value="1" id="start-later">${t.later}</button></p>
      </form>
    </section>
  `;
}
