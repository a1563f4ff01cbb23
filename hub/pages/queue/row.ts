import { html, raw } from "hono/html";
import { formatSize, formatSpan } from "../../../monitor/server/format.ts";
import { hint, type Locale } from "../../../transport/mod.ts";
import type { Job, JobState } from "../../queue/job.ts";
import type { JobAction } from "../../queue/job_queue.ts";
import type { Html } from "../page.ts";
import { counted, texts } from "./texts.ts";
import { isKeyWanted } from "../../worker/judge.ts";
import { failureOf, whyText } from "./why.ts";

/** What a row is drawn from, beside its job. */
export interface RowContext {
  /** Language. */
  readonly locale: Locale;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Rates of the last while, oldest first. */
  readonly rates: readonly number[];
  /** Neighbours among what waits; undefined where a job has no place to change. */
  readonly moves?: {
    readonly up?: string | undefined;
    readonly down?: string | undefined;
    readonly top?: string | undefined;
  };
}

/** What can be asked of a job, by its state, in the order of the buttons. */
const actions: Readonly<Record<JobState, readonly JobAction[]>> = {
  waiting: ["pause", "skip", "cancel"],
  resolving: ["pause", "skip", "cancel"],
  downloading: ["pause", "skip", "cancel"],
  verifying: ["cancel"],
  paused: ["resume", "cancel"],
  done: ["remove"],
  failed: ["retry", "remove"],
  cancelled: ["retry", "remove"],
};

/** What a button turns into, so that the focus can follow. */
const twins: Partial<Readonly<Record<JobAction, JobAction>>> = { pause: "resume", resume: "pause" };

function button({ id, name }: Job, action: JobAction, locale: Locale): Html {
  const text = texts[action][locale];
  const twin = twins[action];
  return html`
    <button id="${action}-${id}" formaction="/queue/${id}/${action}" aria-label="${text}: ${name}"
      ${twin === undefined ? "" : html`data-twin="${twin}-${id}"`}>${text}</button>
  `;
}

function mover(
  job: Job,
  to: "up" | "down" | "top",
  field: "before" | "after",
  other: string | undefined,
  locale: Locale,
) {
  if (other === undefined) return "";
  const text = texts[to][locale];
  const sign = { up: "↑", down: "↓", top: "⇈" }[to];
  return html`
    <button id="${to}-${job.id}" name="${field}" value="${other}" formaction="/queue/${job.id}/move"
      title="${text}" aria-label="${text}: ${job.name}">${sign}</button>
  `;
}

/** The last rates as a line, for the eye only: the number stands beside it. */
function sparkline(rates: readonly number[]): Html | "" {
  const top = Math.max(...rates, 1);
  if (rates.length < 2) return "";
  const path = rates.map((rate, i) =>
    `${i === 0 ? "M" : "L"}${Math.round(i * 1000 / (rates.length - 1)) / 10} ${Math.round(200 - rate * 200 / top) / 10}`
  ).join("");
  return html`
    <svg class="spark" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">
      <path class="stroke" d="${path}" />
    </svg>
  `;
}

function progress({ state, name, bytes, totalBytes, bytesPerSecond }: Job, locale: Locale): Html | "" {
  if (state === "waiting" && bytes === 0) return "";
  const share = totalBytes === null || totalBytes === 0 ? undefined : Math.min(1, bytes / totalBytes);
  const size = `${formatSize(bytes)}${totalBytes === null ? "" : ` / ${formatSize(totalBytes)}`}`;
  if (state === "done") return html`<small>${formatSize(bytes)}</small>`;
  const isMoving = state === "downloading" && bytesPerSecond > 0;
  const left = isMoving && totalBytes !== null
    ? ` · ${formatSize(bytesPerSecond)}/s · ${
      counted(texts.left[locale], formatSpan((totalBytes - bytes) * 1000 / bytesPerSecond))
    }`
    : isMoving
    ? ` · ${formatSize(bytesPerSecond)}/s`
    : "";
  const bar = share === undefined
    ? state === "resolving" || state === "downloading" ? html`<progress aria-label="${name}"></progress>` : ""
    : html`<progress aria-label="${name}" max="1" value="${share.toFixed(4)}">${Math.floor(share * 100)}%</progress>`;
  return html`${bar}<small>${share === undefined ? "" : `${Math.floor(share * 100)}% · `}${size}${left}</small>`;
}

/** What a job is at, where its group does not say. */
function stateText({ state, verdict, attempts }: Job, locale: Locale): string {
  if (state === "paused") return texts.isPaused[locale];
  if (state === "resolving" || state === "verifying" || state === "cancelled") return texts[state][locale];
  if (state === "done" && verdict !== null) return texts[verdict][locale];
  return state === "waiting" && attempts > 0 ? counted(texts.attempts[locale], attempts + 1) : "";
}

function failure({ state, code, why }: Job, locale: Locale): Html | "" {
  const kept = state === "failed" ? code : state === "waiting" && why !== null && isKeyWanted(why) ? why.code : null;
  if (kept === null) return "";
  const { title, cause, action } = hint((why === null ? undefined : failureOf(why)) ?? kept, locale);
  // of one that waits the line above has said it
  const head = state === "failed"
    ? html`
      <b>${title}</b>
    `
    : "";
  return html`<p class="why is-error">${head}${cause} ${action} <a href="/guide#${kept}">${
    texts.guide[locale]
  }</a></p>`;
}

/** A job as a row. */
export function jobRow(job: Job, { locale, nowMs, rates, moves }: RowContext): Html {
  const { id, name, reference, state, why, path } = job;
  const said = [stateText(job, locale), ...(why === null || state === "failed" ? [] : [whyText(why, nowMs, locale)])]
    .filter((text) => text !== "").join(" · ");
  return html`
    <li class="job is-${state}" id="job-${id}" data-job="${id}" tabindex="-1">
      ${moves === undefined ? "" : html`
        <span class="handle scripted" tabindex="0" role="button" id="handle-${id}" aria-label="${texts
          .handle[locale]}: ${name}"
          title="${texts.handle[locale]}">⠿</span>
      `}
      <div class="what"><b title="${path ?? name}">${name}</b>${name === reference ? "" : html`
        <small>${reference}</small>
      `}${said === "" ? "" : html`<p class="why">${said}</p>`}${failure(job, locale)}</div>
      <div class="bar">${progress(job, locale)}${state === "downloading" ? sparkline(rates) : ""}</div>
      <form method="post" class="actions">${moves === undefined ? "" : [
        mover(job, "top", "before", moves.top, locale),
        mover(job, "up", "before", moves.up, locale),
        mover(job, "down", "after", moves.down, locale),
      ]}${actions[state].map((action) => button(job, action, locale))}</form>
    </li>
  `;
}

/** Jobs as a list; nothing but a word where there are none. */
export function jobList(id: string, rows: readonly Html[]): Html {
  return html`<ol class="jobs" id="${id}" ${raw('role="list"')}>${rows}</ol>`;
}
