import { basename } from "node:path";
import { html } from "hono/html";
import type { LiveTransfer, TransferSource } from "../../../monitor/mod.ts";
import { formatMoment, formatSize } from "../../../monitor/server/format.ts";
import { hint, type Locale } from "../../../transport/mod.ts";
import type { Html } from "../page.ts";
import { historyTexts as texts } from "./history_texts.ts";

/** Rows on the page of everything, and on the page of the history alone. */
const shownFirst = 5;
const shownOnPage = 50;

function verdictText({ verdict, why }: LiveTransfer, locale: Locale): string {
  const text = verdict === null ? "" : texts[verdict][locale];
  if (verdict !== "failed" || why === null || why === "link_renewed") return text;
  return `${text}: ${hint(why, locale).title}`;
}

function row(transfer: LiveTransfer, locale: Locale): Html {
  const { id, path, bytes, bytesPerSecond, endedMs, verdict, process } = transfer;
  const label = (name: keyof typeof texts) => texts[name][locale];
  const kind = verdict === "verified" || verdict === "there" ? "ok" : verdict === "unverified" ? "warning" : "error";
  return html`
    <tr id="ended-${id}">
      <th scope="row"><b>${basename(path)}</b> <small class="path"><code>${path}</code></small></th>
      <td data-label="${label("size")}">${formatSize(bytes)}</td>
      <td data-label="${label("speed")}">${bytesPerSecond > 0 ? `${formatSize(bytesPerSecond)}/s` : "–"}</td>
      <td data-label="${label("ended")}"><time datetime="${new Date(endedMs ?? 0).toISOString()}">${formatMoment(
        endedMs ?? 0,
      )}</time></td>
      <td
        data-label="${label("verdict")}"><span class="mark is-${kind}"><span>${verdictText(
          transfer,
          locale,
        )}</span></span> <small>civikit ${process.command}</small></td>
    </tr>
  `;
}

/** What ended, of every process, the latest first: a few, or a page of it from `skip` on. */
export function history(live: TransferSource | undefined, skip: number | undefined, locale: Locale): Html | "" {
  if (live === undefined) return "";
  const t = (name: keyof typeof texts) => texts[name][locale];
  const from = skip ?? 0;
  const size = skip === undefined ? shownFirst : shownOnPage;
  const found = live.history(from + size + 1).slice(from);
  if (found.length === 0 && skip === undefined) return "";
  const link = (to: number, name: "more" | "newer") =>
    html`<a class="more" id="history-${name}" href="/?group=history&amp;skip=${to}">${t(name)}</a>`;
  const heads = (["file", "size", "speed", "ended", "verdict"] as const).map((name) =>
    html`<th scope="col">${t(name)}</th>`
  );
  return html`
    <section id="history" class="group" aria-labelledby="history-title">
      <div class="head"><h2 id="history-title">${t("title")}</h2></div>
      <p class="quiet">${t("help")}</p>
      ${found.length === 0 ? html`<p>${t("nothing")}</p>` : html`
        <table class="entries">
          <caption class="hidden">${t("title")}</caption>
          <thead>
            <tr>${heads}</tr>
          </thead>
          <tbody>${found.slice(0, size).map((one) => row(one, locale))}</tbody>
        </table>
      `}
      <p class="pages">${from === 0 ? "" : link(Math.max(0, from - shownOnPage), "newer")}${found.length <= size
        ? ""
        : link(skip === undefined ? 0 : from + size, "more")}</p>
    </section>
  `;
}
