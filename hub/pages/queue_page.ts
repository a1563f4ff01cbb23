import { html } from "hono/html";
import type { HubPage } from "./page.ts";
export const queuePage: HubPage = {
  path: "/",
  title: { en: "Queue", "zh-TW": "佇列" },
  scripts: ["sortable.js", "queue.js"],
  render: () => html`<p></p>`,
};
