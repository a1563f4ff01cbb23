import { html } from "hono/html";
import { errorCodes, hint } from "../../transport/mod.ts";
import type { HubPage } from "./page.ts";

/** Every failure with its cause and what to do: where failed rows lead. */
export const guidePage: HubPage = {
  path: "/guide",
  title: { en: "Guide", "zh-TW": "說明" },
  isInNavigation: false,
  render: ({ locale }) =>
    html`<dl class="guide">${
      errorCodes.map((code) => {
        const { title, cause, action } = hint(code, locale);
        return html`
          <div id="${code}">
            <dt>${title} <code>${code}</code></dt>
            <dd>${cause}</dd>
            <dd>${action}</dd>
          </div>
        `;
      })
    }</dl>`,
};
