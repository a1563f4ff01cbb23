import { html } from "hono/html";
import type { Locale } from "../../../transport/mod.ts";
import type { Parts } from "../../parts.ts";
import { targetText } from "../../targets/mod.ts";
import type { Html } from "../page.ts";

const title: Readonly<Record<Locale, string>> = { en: "Programs", "zh-TW": "使用模型的程式" };

/** The programs that are told of new files, and how it stands with each; nothing where there are none. */
export function targetList({ targets }: Parts, locale: Locale): Html | "" {
  const all = targets?.list() ?? [];
  if (all.length === 0) return "";
  return html`
    <section id="targets">
      <h2>${title[locale]}</h2>
      <ul>
        ${all.map((one) => html`<li class="${one.why === null ? "" : "problem"}">${targetText(one, locale)}</li>`)}
      </ul>
    </section>
  `;
}
