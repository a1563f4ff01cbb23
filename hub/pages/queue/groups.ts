import { html } from "hono/html";
import type { Locale } from "../../../transport/mod.ts";
import type { Parts } from "../../parts.ts";
import { activeStates, type Job, type JobState } from "../../queue/job.ts";
import type { Html } from "../page.ts";
import { jobList, jobRow } from "./row.ts";
import { texts } from "./texts.ts";

/** The groups of the page. */
export type GroupName = "downloading" | "waiting" | "failed" | "done";

interface Group {
  readonly states: readonly JobState[];
  /** What can be asked of all in it. */
  readonly actions: readonly ("pauseAll" | "resumeAll" | "retryAll" | "clearDone")[];
  /** The latest first. */
  readonly isReversed?: boolean;
}

/** The groups, in the order of the page. */
export const groups: Readonly<Record<GroupName, Group>> = {
  downloading: { states: activeStates, actions: [] },
  waiting: { states: ["waiting", "paused"], actions: ["pauseAll", "resumeAll"] },
  failed: { states: ["failed"], actions: ["retryAll", "clearDone"], isReversed: true },
  done: { states: ["done", "cancelled"], actions: ["clearDone"], isReversed: true },
};

/** Tells whether there is a group of this name. */
export const isGroup = (name: string | undefined): name is GroupName =>
  name !== undefined && Object.hasOwn(groups, name);

/** What of a group is shown. */
export interface GroupView {
  readonly locale: Locale;
  readonly nowMs: number;
  /** Jobs in all. */
  readonly count: number;
  /** Jobs shown at most. */
  readonly limit: number;
  /** Goes on behind this. */
  readonly after?: string | undefined;
}

/** A group with the first of its jobs, and the way to more. */
export async function group(
  { queue, rates }: Parts,
  name: GroupName,
  { locale, nowMs, count, limit, after }: GroupView,
): Promise<Html> {
  const { states, actions, isReversed = false } = groups[name];
  const { jobs, next } = count === 0
    ? { jobs: [], next: null }
    : await queue.list({ states, limit, isReversed, ...(after !== undefined && { after }) });
  const canMove = name === "waiting" && queue.abilities.move;
  const top = !canMove || after === undefined ? jobs[0] : (await queue.list({ states, limit: 1 })).jobs[0];
  const movesOf = (index: number, { id }: Job) => ({
    up: jobs[index - 1]?.id,
    down: jobs[index + 1]?.id,
    top: top?.id === id ? undefined : top?.id,
  });
  const rows = jobs.map((job, index) =>
    jobRow(job, { locale, nowMs, rates: rates.of(job.id), ...(canMove && { moves: movesOf(index, job) }) })
  );
  const title = texts[name][locale];
  const buttons = count === 0 ? [] : actions.map((action) =>
    html`
      <button id="${action}-${name}" formaction="/queue/all/${name}/${action}"
        aria-label="${texts[action][locale]}: ${title}">${texts[action][locale]}</button>
    `
  );
  return html`
    <section id="group-${name}" class="group" aria-labelledby="title-${name}">
      <div class="head"><h2 id="title-${name}">${title} <span class="count">${count}</span></h2>
        <form method="post" class="actions">${buttons}</form></div>
      ${canMove && count > 1 ? html`<p class="quiet scripted">${texts.moveHelp[locale]}</p>` : ""}
      ${jobList(`list-${name}`, rows)}
      ${next === null
        ? ""
        : html`<p><a class="more" href="/?group=${name}&amp;after=${encodeURIComponent(next)}">${
          texts.more[locale]
        }</a></p>`}
    </section>
  `;
}
