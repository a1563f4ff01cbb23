import { html } from "hono/html";
import script from "../../extensions/userscript/civikit.user.js" with { type: "text" };
import type { HubPage } from "./page.ts";

const path = "/extensions/userscript";
const file = "/extensions/civikit.user.js";

const texts = {
  en: {
    what: "On pages of civitai.com and civitai.red it marks models you have, and puts versions into this queue.",
    manager: "Have a manager of userscripts in the browser: Violentmonkey or Tampermonkey.",
    install: "Install civikit.user.js",
    connect: "Open a page of the site and enter, in the box below on the right, this address and the pairing token:",
  },
  "zh-TW": {
    what: "在 civitai.com 與 civitai.red 的頁面上標出已經有的模型，並把版本加入這個佇列。",
    manager: "在瀏覽器裝好使用者腳本管理器：Violentmonkey 或 Tampermonkey。",
    install: "安裝 civikit.user.js",
    connect: "開啟該網站的頁面，在右下角的框填入這個位址與配對權杖：",
  },
};

/** How the userscript is installed; the script itself is beside it. */
export const userscriptPage: HubPage = {
  path,
  title: { en: "Userscript", "zh-TW": "使用者腳本" },
  isInNavigation: false,
  isThere: ({ pairing }) => pairing !== undefined,
  render({ c, locale }) {
    const t = texts[locale];
    return html`
      <p>${t.what}</p>
      <ol>
        <li>${t.manager}</li>
        <li><a id="install" href="${file}">${t.install}</a></li>
        <li>${t.connect} <code>${new URL(c.req.url).origin}</code> · <a href="/settings#pairing">/settings</a></li>
      </ol>
    `;
  },
  routes(app) {
    app.get(file, (c) => c.body(script, 200, { "content-type": "text/javascript; charset=utf-8" }));
  },
};
