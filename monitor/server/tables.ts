import { html, raw } from "hono/html";
import type { ErrorReport } from "../report/error_report.ts";
import type { RequestNumbers } from "../report/report.ts";
import type { FailureRecord } from "../metrics/failures.ts";
import { type ErrorCode, hint, type Locale } from "../../transport/mod.ts";
import { canObey, type LiveState, type LiveTransfer, type Wish } from "../stats/live_transfer.ts";
import { counted, formatCount, formatMoment, formatMs, formatPercent, formatSize, formatSpan } from "./format.ts";
import type { Html, PageContext } from "./layout.ts";
import type { Texts } from "./texts.ts";

/** A table that scrolls by itself on narrow screens, so that the page does not. */
function table(caption: string, heads: readonly string[], rows: readonly Html[], className = ""): Html {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="${caption}">
      <table class="${className}">
        <caption>${caption}</caption>
        <thead>
          <tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

const order: Readonly<Record<LiveState, number>> = {
  downloading: 0,
  verifying: 1,
  paused: 2,
  resolving: 3,
  waiting: 4,
  failed: 5,
  cancelled: 6,
  done: 7,
};

function transferForm(place: string, { id, path }: LiveTransfer, wish: Wish, text: string): Html {
  return html`
    <form method="post"
      action="${place}/${id}/${wish}"><button id="${wish}-${id}" aria-label="${text}: ${path}">${text}</button></form>
  `;
}

function stateText({ state, verdict }: LiveTransfer, t: Texts): string {
  if (verdict === "there") return t.skipped;
  if (verdict === "died") return t.died;
  return state === "done" ? t.finished : t[state];
}

/** Why it waits or failed, in a few words. */
function reasonText({ why, againMs }: LiveTransfer, { t, locale }: PageContext): string | undefined {
  if (why === null) return undefined;
  const title = why === "link_renewed" ? t.linkRenewed : hintTitle(why, locale);
  const seconds = againMs === null ? 0 : Math.ceil((againMs - Date.now()) / 1000);
  return seconds > 0 ? `${title}: ${counted(t.again, seconds)}` : title;
}

function hintTitle(code: ErrorCode, locale: Locale): string {
  try {
    return hint(code, locale).title;
  } catch {
    return code; // of another version of civikit
  }
}

/** Which process it is, where that is another one. */
function processText({ process: { pid, command } }: LiveTransfer): string | undefined {
  return command === "" ? undefined : `${command} · ${pid}`;
}

function transferRow(transfer: LiveTransfer, context: PageContext): Html {
  const { t, base } = context;
  const place = `${base}/api/transfers`;
  const { path, state, bytes, totalBytes, bytesPerSecond, endedMs, retries } = transfer;
  const isRunning = endedMs === null;
  const share = totalBytes === null || totalBytes === 0 ? undefined : Math.min(1, bytes / totalBytes);
  const percent = share === undefined ? "" : `${Math.floor(share * 100)}%`;
  const bar = share === undefined
    ? (isRunning ? html`<progress aria-label="${path}"></progress>` : "")
    : html`<progress aria-label="${path}" max="1" value="${share.toFixed(4)}">${percent}</progress>`;
  const note = [reasonText(transfer, context), retries > 0 ? `${t.retries} ${retries}` : undefined].filter(Boolean)
    .join(" · ");
  const whose = [endedMs === null ? undefined : formatMoment(endedMs), processText(transfer)].filter(Boolean).join(
    " · ",
  );
  const file = path.split(/[\\/]/).at(-1) ?? path;
  const hasSpeed = isRunning ? state === "downloading" : bytesPerSecond > 0;
  const leftMs = isRunning && totalBytes !== null && bytesPerSecond > 0 && state === "downloading"
    ? Math.max(0, totalBytes - bytes) * 1000 / bytesPerSecond
    : undefined;
  const offer = (wish: Wish, text: string) => canObey(transfer, wish) ? transferForm(place, transfer, wish, text) : "";
  return html`
    <tr class="transfer is-${state}">
      <th scope="row" title="${path}">${file}${whose === "" ? "" : html`<small>${whose}</small>`}</th>
      <td><span class="state">${stateText(transfer, t)}</span>${note === "" ? "" : html`<small>${note}</small>`}</td>
      <td class="bar">${bar}<small>${percent === "" ? "" : `${percent} · `}${formatSize(
        bytes,
      )}${totalBytes === null ? "" : ` / ${formatSize(totalBytes)}`}</small></td>
      <td class="number ${hasSpeed ? "" : "is-none"}" data-label="${t.speed}">${hasSpeed
        ? `${formatSize(bytesPerSecond)}/s`
        : "–"}</td>
      <td class="number ${leftMs === undefined ? "is-none" : ""}" data-label="${t.left}">${formatSpan(leftMs)}</td>
      <td class="actions">${[
        offer("pause", t.pause),
        offer("resume", t.resume),
        offer("cancel", t.cancel),
      ]}</td>
    </tr>
  `;
}

/** The transfers, running ones first, then the latest that ended. */
export function transferTable(transfers: readonly LiveTransfer[], context: PageContext, most: number): Html {
  const { t } = context;
  if (transfers.length === 0) return html`<p class="quiet">${t.noTransfers}</p>`;
  const isOver = ({ endedMs }: LiveTransfer) => Number(endedMs !== null);
  const shown = transfers.toSorted((a, b) =>
    isOver(a) - isOver(b) || (isOver(a) === 1 ? b.endedMs! - a.endedMs! : order[a.state] - order[b.state])
  ).slice(0, most);
  const heads = [t.name, t.state, t.progress, t.speed, t.left, t.actions];
  return table(t.transfers, heads, shown.map((transfer) => transferRow(transfer, context)), "transfers");
}

/** The kinds of failure, with what to do about each. */
export function errorTable(errors: readonly ErrorReport[], t: Texts, most: number): Html {
  if (errors.length === 0) return html`<p class="quiet">${t.noErrors}</p>`;
  const rows = errors.slice(0, most).map(({ code, requests, downloads, healed, hosts, title, cause, action }) =>
    html`
      <tr>
        <th scope="row">${title}<small><code>${code}</code></small></th>
        <td class="number" data-label="${t.count}">${formatCount(requests + downloads)}${healed > 0
          ? html`<small>${t.healed} ${healed}</small>`
          : ""}</td>
        <td class="text">${cause}</td>
        <td class="text">${action}</td>
        <td class="hosts">${hosts.slice(0, 3).join(", ")}</td>
      </tr>
    `
  );
  return table(t.errors, [t.what, t.count, t.cause, t.todo, t.hosts], rows, "errors");
}

/** Single failures, newest first. */
export function failureTable(failures: readonly FailureRecord[], t: Texts): Html {
  const rows = failures.map(({ atMs, code, target, status, durationMs }) =>
    html`
      <tr>
        <th scope="row"><time datetime="${new Date(atMs).toISOString()}">${formatMoment(atMs)}</time></th>
        <td><code>${code}</code></td>
        <td class="number">${status === 0 ? "–" : status}</td>
        <td class="number">${formatMs(durationMs)}</td>
        <td class="target">${target}</td>
      </tr>
    `
  );
  return table(t.recent, [t.when, t.code, t.status, t.duration, t.target], rows, "failures");
}

/** Numbers by host or by route. */
export function requestTable(
  caption: string,
  rows: readonly (RequestNumbers & { readonly label: string })[],
  t: Texts,
): Html {
  const heads = [caption, t.requests, t.failed, t.errorRate, t.meanTime, "p50", "p95", "p99", t.longest];
  return table(
    caption,
    heads,
    rows.map((row) =>
      html`
        <tr>
          <th scope="row">${row.label}</th>
          <td class="number">${formatCount(row.total_requests)}</td>
          <td class="number">${formatCount(row.failed_requests)}</td>
          <td class="number">${formatPercent(row.error_rate_percent)}</td>
          <td class="number">${formatMs(row.avg_response_time_ms)}</td>
          <td class="number">${formatMs(row.p50_response_time_ms)}</td>
          <td class="number">${formatMs(row.p95_response_time_ms)}</td>
          <td class="number">${formatMs(row.p99_response_time_ms)}</td>
          <td class="number">${formatMs(row.max_response_time_ms)}</td>
        </tr>
      `
    ),
  );
}

/** Names and values. */
export function facts(
  rows: readonly (readonly [name: string, value: string | Html, note?: string | Html, level?: string | undefined])[],
): Html {
  return html`<dl class="facts">${
    rows.map(([name, value, note, level]) =>
      html`
        <div ${level === undefined ? "" : raw(`class="is-${level}"`)}>
          <dt>${name}</dt>
          <dd>${value}${note === undefined || note === "" ? "" : html`<small>${note}</small>`}</dd>
        </div>
      `
    )
  }</dl>`;
}
