import { html } from "hono/html";
import type { Report } from "../report/report.ts";
import type { FailureRecord } from "../metrics/failures.ts";
import { canObey, type LiveTransfer, type Wish } from "../stats/live_transfer.ts";
import { counted, formatCount, formatMoment, formatMs, formatPercent, formatSize, formatSpan } from "./format.ts";
import { type Html, live, type Page, type PageContext } from "./layout.ts";
import type { CacheNumbers } from "./options.ts";
import { errorTable, facts, failureTable, requestTable, transferTable } from "./tables.ts";

const MB = 1024 * 1024;

/** How well a number is to be taken, as the health says it. */
export const levelOf: Readonly<Record<string, string>> = {
  good: "ok",
  fair: "warning",
  tune: "warning",
  abnormal: "error",
  check: "error",
};

/** The form that sets the numbers to zero. */
export function clearForm({ t, base }: PageContext): Html {
  return html`
    <section class="clear">
      <details id="clear">
        <summary>${t.clear}</summary>
        <p>${t.clearHelp}</p>
        <form method="post"
          action="${base}/api/stats/clear"><button id="clear-now" class="danger">${t
            .clearNow}</button></form>
      </details>
    </section>
  `;
}

/** The report. */
export function reportPage(report: Report, context: PageContext): Page {
  const { t, span, locale, base } = context;
  const { downloads, cache, memory } = report;
  const from = formatMoment(Date.parse(report.from));
  const to = formatMoment(Date.parse(report.to));
  const query = `span=${span}&lang=${locale}`;
  const totals = facts([
    [t.uptime, formatSpan(report.uptime_seconds * 1000), `${from} – ${to}`],
    [t.requests, formatCount(report.total_requests), counted(t.perMinute, report.requests_per_minute)],
    [
      t.success,
      formatPercent(report.success_rate_percent),
      `${counted(t.failedCount, report.failed_requests)} · ${counted(t.abortedCount, report.aborted_requests)}`,
    ],
    [
      t.errorRate,
      formatPercent(report.error_rate_percent),
      report.verdicts.error_rate.text,
      levelOf[report.verdicts.error_rate.level],
    ],
    [
      t.meanTime,
      formatMs(report.avg_response_time_ms),
      report.verdicts.response_time.text,
      levelOf[report.verdicts.response_time.level],
    ],
    [
      t.percentiles,
      formatMs(report.p50_response_time_ms),
      `p95 ${formatMs(report.p95_response_time_ms)} · p99 ${formatMs(report.p99_response_time_ms)} · ${t.longest} ${
        formatMs(report.max_response_time_ms)
      }`,
    ],
    [t.received, formatSize(report.megabytes * MB), `${t.meanSpeed} ${report.mean_mbps} Mbps`],
    [
      t.downloads,
      formatCount(downloads.finished),
      `${counted(t.failedCount, downloads.failed)} · ${counted(t.cancelledCount, downloads.cancelled)} · ${
        counted(t.skippedCount, downloads.skipped)
      } · ${downloads.mean_mbps} Mbps`,
    ],
    [
      t.hitRate,
      formatPercent(cache.hit_rate_percent),
      `${t.hits} ${cache.hits} · ${t.revalidated} ${cache.revalidated} · ${t.stale} ${cache.stale} · ${t.misses} ${cache.misses}`,
    ],
    [t.retries, formatCount(report.retries), counted(t.resumes, formatCount(report.resumes))],
    [t.queue, formatCount(report.queue.waits), formatMs(report.queue.wait_ms)],
    [t.links, formatCount(report.resolved_links), `${t.circuits} ${report.circuits_opened}`],
    ...(memory === null ? [] : [[t.memory, `${memory.rss_mb} MB`, `${t.peak} ${memory.peak_mb} MB`] as const]),
  ]);
  const body = html`
    ${live("totals", html`<h2 class="hidden">${t.totals}</h2>${totals}`)}
    ${live(
      "advice",
      report.advice.length === 0 ? html`` : html`
        <h2>${t.advice}</h2>
        <ul>${report.advice.map((line) => html`<li>${line}</li>`)}</ul>
      `,
    )}
    ${live(
      "hosts",
      html`<h2>${t.hosts}</h2>${requestTable(t.host, report.hosts.map((host) => ({ ...host, label: host.host })), t)}`,
    )}
    ${live(
      "routes",
      html`<h2>${t.routes}</h2>${
        requestTable(t.route, report.routes.map((route) => ({ ...route, label: route.route })), t)
      }`,
    )}
    ${live("errors", html`<h2>${t.errors}</h2>${errorTable(report.errors, t, 100)}`)}
    <section>
      <h2>${t.other}</h2>
      <p><a href="${base}/api/report?${query}">JSON</a> · <a href="${base}/api/report?${query}&amp;format=markdown">Markdown</a> · <a href="${base}/api/report?${query}&amp;format=text">Text</a></p>
    </section>
    ${clearForm(context)}
  `;
  return { name: "report", title: t.report, body, everyMs: 5000 };
}

/** The errors. */
export function errorsPage(report: Report, failures: readonly FailureRecord[], { t }: PageContext): Page {
  const body = html`${live("errors", errorTable(report.errors, t, 100))}
${live("failures", failures.length === 0 ? html`` : html`<h2>${t.recent}</h2>${failureTable(failures, t)}`)}`;
  return { name: "errors", title: t.errors, body, everyMs: 5000 };
}

/** The transfers; what none of them can do is not offered. */
export function transfersPage(transfers: readonly LiveTransfer[], context: PageContext): Page {
  const { t, base } = context;
  const all = (wish: Wish, text: string) =>
    transfers.some((transfer) => canObey(transfer, wish))
      ? html`
        <form method="post"
          action="${base}/api/transfers/${wish}"><button id="all-${wish}">${text}</button></form>
      `
      : "";
  const body = html`${live("transfers", transferTable(transfers, context, 200))}
${
    live(
      "transfers-all",
      html`<div class="actions">${[
        all("pause", t.pauseAll),
        all("resume", t.resumeAll),
        all("cancel", t.cancelAll),
      ]}</div>`,
    )
  }`;
  return { name: "transfers", title: t.transfers, body, everyMs: 1000 };
}

/** The cache; `numbers` is undefined without one, and null when it did not answer. */
export function cachePage(numbers: CacheNumbers | undefined | null, { t }: PageContext): Page {
  const body = numbers === undefined || numbers === null
    ? html`<p class="quiet">${numbers === null ? t.cacheDown : t.noCache}</p>`
    : facts([
      [t.entries, formatCount(numbers.entries)],
      [
        t.size,
        formatSize(numbers.bytes),
        html`<progress aria-label="${t.size}" max="${numbers.maxBytes}" value="${numbers.bytes}"></progress> ${t.ofLimit} ${
          formatSize(numbers.maxBytes)
        }`,
      ],
      [t.hits, formatCount(numbers.hits)],
      [t.revalidated, formatCount(numbers.revalidated)],
      [t.stale, formatCount(numbers.stale)],
      [t.misses, formatCount(numbers.misses)],
      [t.saved, formatSize(numbers.bytesSaved)],
      [t.troubles, formatCount(numbers.failures), "", numbers.failures > 0 ? "warning" : "ok"],
    ]);
  return { name: "cache", title: t.cache, body: live("cache", body), everyMs: 5000 };
}

/** The log-in page. */
export function logInPage(problem: string | undefined, { t, base }: PageContext): Page {
  const body = html`<form class="login" method="post" action="${base}/login"><label for="token">${t.token}</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus aria-describedby="token-help">
<p class="quiet" id="token-help">${t.tokenHelp}</p>${
    problem === undefined ? "" : html`<p class="problem" role="alert">${problem}</p>`
  }
<button>${t.logIn}</button></form>`;
  return { name: undefined, path: "/login", title: t.logIn, body };
}

/** A page that is not there. */
export function notFoundPage({ t, base }: PageContext): Page {
  return { name: undefined, title: "404", body: html`<p>${t.notFound} <a href="${base}/">${t.dashboard}</a></p>` };
}
