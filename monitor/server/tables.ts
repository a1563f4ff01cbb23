import { html, raw } from "hono/html";
import type { ErrorReport } from "../report/error_report.ts";
import type { RequestNumbers } from "../report/report.ts";
import type { FailureRecord } from "../metrics/failures.ts";
import type { TransferSnapshot, TransferState } from "../metrics/transfers.ts";
import { formatCount, formatMoment, formatMs, formatPercent, formatSize, formatSpan } from "./format.ts";
import type { Html, PageContext } from "./layout.ts";
import type { Texts } from "./texts.ts";

/** A table that scrolls by itself on narrow screens, so that the page does not. */
export function table(caption: string, heads: readonly string[], rows: readonly Html[], className = ""): Html {
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

const isRunning = (state: TransferState): boolean =>
  state === "waiting" || state === "active" || state === "paused" || state === "verifying";

const order: Readonly<Record<TransferState, number>> = {
  active: 0,
  verifying: 1,
  paused: 2,
  waiting: 3,
  failed: 4,
  cancelled: 5,
  finished: 6,
  skipped: 7,
};

type Action = "pause" | "resume" | "cancel";

function transferForm(place: string, { id, name }: TransferSnapshot, action: Action, text: string): Html {
  return html`
    <form method="post"
      action="${place}/${id}/${action}"><button id="${action}-${id}" aria-label="${text}: ${name}">${text}</button></form>
  `;
}

const stateText = (state: TransferState, t: Texts): string => state === "active" ? t.running : t[state];

function transferRow(transfer: TransferSnapshot, { t, base }: PageContext): Html {
  const place = `${base}/api/transfers`;
  const { name, state, bytes, totalBytes, bytesPerSecond, etaMs, code, retries } = transfer;
  const share = totalBytes === undefined || totalBytes === 0 ? undefined : Math.min(1, bytes / totalBytes);
  const percent = share === undefined ? "" : `${Math.floor(share * 100)}%`;
  const bar = share === undefined
    ? (isRunning(state) ? html`<progress aria-label="${name}"></progress>` : "")
    : html`<progress aria-label="${name}" max="1" value="${share.toFixed(4)}">${percent}</progress>`;
  const note = [code, retries > 0 ? `${t.retries} ${retries}` : undefined].filter(Boolean).join(" · ");
  const file = name.split(/[\\/]/).at(-1) ?? name;
  return html`
    <tr class="transfer is-${state}">
      <th scope="row" title="${name}">${file}</th>
      <td><span class="state">${stateText(state, t)}</span>${note === "" ? "" : html`<small>${note}</small>`}</td>
      <td class="bar">${bar}<small>${percent === "" ? "" : `${percent} · `}${formatSize(
        bytes,
      )}${totalBytes === undefined ? "" : ` / ${formatSize(totalBytes)}`}</small></td>
      <td class="number ${state === "active" ? "" : "is-none"}" data-label="${t.speed}">${state === "active"
        ? `${formatSize(bytesPerSecond)}/s`
        : "–"}</td>
      <td class="number ${etaMs === undefined ? "is-none" : ""}" data-label="${t.left}">${formatSpan(etaMs)}</td>
      <td class="actions">${isRunning(state)
        ? [
          state === "paused"
            ? transferForm(place, transfer, "resume", t.resume)
            : transferForm(place, transfer, "pause", t.pause),
          transferForm(place, transfer, "cancel", t.cancel),
        ]
        : ""}</td>
    </tr>
  `;
}

/** The transfers, running ones first, then the latest that ended. */
export function transferTable(transfers: readonly TransferSnapshot[], context: PageContext, most: number): Html {
  const { t } = context;
  if (transfers.length === 0) return html`<p class="quiet">${t.noTransfers}</p>`;
  const shown = transfers.toReversed().sort((a, b) => order[a.state] - order[b.state]).slice(0, most);
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
