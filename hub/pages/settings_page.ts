import type { Context } from "hono";
import { html } from "hono/html";
import { messageOf, readTextAtMost } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import type { SettingRow } from "../settings_port.ts";
import type { Html, HubPage, PageRequest } from "./page.ts";
import { settingsTexts } from "./settings/texts.ts";

/** What the answer to a form shows besides the settings. */
interface Answer {
  /** The setting it was about. */
  readonly key?: string;
  /** What was typed. */
  readonly typed?: string;
  /** Why that was refused. */
  readonly problem?: string;
}

/** What the service reads anew for every download; the rest is read when it starts. */
const atOnce: ReadonlySet<string> = new Set([
  ...["root", "layout", "download.directory", "download.sidecars", "download.verify", "download.concurrent"],
  ...["download.retries", "download.limitRate"],
]);

const mostBytes = 64 * 1024;

function field({ key, kind, value }: SettingRow, typed: string | undefined, isRefused: boolean): Html {
  const id = `set-${key}`;
  if (kind === "switch") {
    const option = (text: string) => html`<option ${text === (typed ?? value) ? "selected" : ""}>${text}</option>`;
    return html`<select id="${id}" name="value" aria-describedby="about-${key}">${["on", "off"].map(option)}</select>`;
  }
  return html`
    <input id="${id}" name="value" value="${typed ?? value ?? ""}" autocomplete="off"
      aria-describedby="about-${key}" ${isRefused ? html`aria-invalid="true"` : ""}>
  `;
}

function rowOf(row: SettingRow, { locale }: PageRequest, answer: Answer): Html {
  const t = settingsTexts[locale];
  const { key, unit, value, source, range, help } = row;
  const isFixed = source === "environment" || source === "flag";
  const problem = answer.key === key ? answer.problem : undefined;
  const facts = [
    // what is the default is said once
    ...(source === "default" ? [] : [t.source[source]]),
    `${t.usual}: ${row.default || t.nothing}`,
    ...(range === "" ? [] : [`${t.range}: ${range}`]),
    atOnce.has(key) ? t.atOnce : t.atStart,
  ];
  const about = html`<small id="about-${key}">${facts.join(" · ")}${isFixed ? ` · ${t.fixed}` : ""}</small>`;
  const shown = isFixed ? html`<output id="set-${key}">${value ?? t.nothing}</output>` : html`
    <form method="post" action="/settings/set">
      <input type="hidden" name="key" value="${key}">
      ${field(row, problem === undefined ? undefined : answer.typed, problem !== undefined)} ${unit ?? ""}
      <button id="save-${key}" aria-label="${t.save}: ${key}">${t.save}</button>
      ${source === "file"
        ? html`<button id="unset-${key}" formaction="/settings/unset" aria-label="${t.unset}: ${key}">${t.unset}</button>`
        : ""}
    </form>
  `;
  return html`
    <div class="setting" id="row-${key}">
      <label for="set-${key}">${help} <code>${key}</code></label>
      ${problem === undefined ? "" : html`<p class="problem" role="alert">${problem}</p>`}
      ${shown} ${about}
    </div>
  `;
}

async function keyForm({ parts: { settings }, locale }: PageRequest, { key, problem }: Answer): Promise<Html> {
  const t = settingsTexts[locale];
  return html`
    <section id="key" aria-labelledby="key-title">
      <h2 id="key-title">${t.key}</h2>
      ${key === "apiKey" && problem !== undefined ? html`<p class="problem" role="alert">${problem}</p>` : ""}
      <p>${await settings!.apiKey.isSet() ? t.keySet : t.keyUnset}</p>
      <form method="post" action="/settings/key" data-clear>
        <input name="value" id="api-key" type="password" autocomplete="off" aria-labelledby="key-title">
        <button id="save-key" aria-label="${t.save}: ${t.key}">${t.save}</button>
      </form>
    </section>
  `;
}

function pairingForm({ parts: { pairing }, locale }: PageRequest): Html | "" {
  if (pairing === undefined) return "";
  const t = settingsTexts[locale];
  let token: string;
  try {
    token = pairing.token();
  } catch (error) {
    if (!(error instanceof CivikitError)) throw error;
    token = messageOf(error);
  }
  return html`
    <section id="pairing" aria-labelledby="pairing-title">
      <h2 id="pairing-title">${t.pairing}</h2>
      <p>${t.pairingHelp} <a href="/extensions/userscript">${t.script}</a></p>
      <details id="token"><summary>${t.show}</summary><code id="pairing-token">${token}</code></details>
      <form method="post" action="/settings/pairing"><button id="renew-pairing">${t.renew}</button></form>
    </section>
  `;
}

async function render(request: PageRequest, answer: Answer): Promise<Html> {
  const { c, parts, locale } = request;
  const t = settingsTexts[locale];
  const rows = await parts.settings!.list(locale);
  const groups = Map.groupBy(rows, ({ key }) => key.includes(".") ? key.slice(0, key.indexOf(".")) : t.other);
  return html`
    <p id="note" role="status" data-keep>${c.req.query("saved") === "1" ? t.saved : ""}</p>
    ${await keyForm(request, answer)}
    ${pairingForm(request)}
    ${[...groups].map(([name, rows]) =>
      html`<section aria-labelledby="group-${name}"><h2 id="group-${name}">${name}</h2>${
        rows.map((row) => rowOf(row, request, answer))
      }</section>`
    )}
  `;
}

/** Every setting, with where it comes from; what is typed is checked before it is kept. */
export const settingsPage: HubPage = {
  path: "/settings",
  title: { en: "Settings", "zh-TW": "設定" },
  isThere: ({ settings }) => settings !== undefined,
  render: (request) => render(request, {}),
  routes(app, { settings, pairing }, { show }) {
    async function doing(c: Context, work: (form: URLSearchParams) => Promise<void>): Promise<Response> {
      const form = new URLSearchParams(await readTextAtMost(new Response(c.req.raw.body), mostBytes) ?? "");
      try {
        await work(form);
        return c.redirect("/settings?saved=1", 303);
      } catch (error) {
        if (!(error instanceof CivikitError)) throw error;
        const key = form.get("key") ?? "apiKey";
        const answer = { key, problem: messageOf(error), ...(key !== "apiKey" && { typed: form.get("value") ?? "" }) };
        return await show(c, { ...settingsPage, render: (request) => render(request, answer) }, 400);
      }
    }

    app.post("/settings/set", (c) =>
      doing(c, async (form) => {
        const key = form.get("key") ?? "";
        const text = (form.get("value") ?? "").trim();
        const row = (await settings!.list("en")).find((one) => one.key === key);
        // what was not changed is not written: a shown value may have had its secrets cut out
        if (row !== undefined && text === (row.value ?? "")) return;
        if (text === "") await settings!.unset(key);
        else await settings!.set(key, text);
      }));
    app.post("/settings/unset", (c) => doing(c, (form) => settings!.unset(form.get("key") ?? "")));
    app.post("/settings/key", (c) => doing(c, (form) => settings!.apiKey.set((form.get("value") ?? "").trim())));
    app.post("/settings/pairing", (c) => doing(c, () => Promise.resolve(void pairing?.renew())));
  },
};
