import { html } from "hono/html";
import { formatSize } from "../../../monitor/server/format.ts";
import type { Locale } from "../../../transport/mod.ts";
import type { JobQueue } from "../../queue/job_queue.ts";
import type { Html } from "../page.ts";
import { counted, texts } from "./texts.ts";

/** Jobs looked at for the rates of workers. */
const mostJobs = 1000;

/** Who works on a queue of several machines, and how fast. */
export async function workerList(queue: JobQueue, locale: Locale): Promise<Html> {
  const [workers, { jobs }] = await Promise.all([
    queue.workers(),
    queue.list({ states: ["downloading"], limit: mostJobs }),
  ]);
  const rows = workers.map(({ id, machine, jobs: count, isAlive, isDraining }) => {
    const rate = jobs.reduce((sum, job) => job.worker === id ? sum + job.bytesPerSecond : sum, 0);
    const state = texts[!isAlive ? "workerSilent" : isDraining ? "workerDraining" : "workerWorks"][locale];
    return html`
      <li class="job" id="worker-${id}">
        <div class="what"><b>${machine ?? id}</b> <small>${id}</small></div>
        <div class="bar"><small>${state} · ${counted(texts.workerJobs[locale], count)}${rate > 0
          ? ` · ${formatSize(rate)}/s`
          : ""}</small></div>
      </li>
    `;
  });
  return html`
    <section id="workers" aria-labelledby="workers-title">
      <h2 id="workers-title">${texts.workers[locale]}</h2>
      ${rows.length === 0 ? html`<p class="quiet">${texts.noWorkers[locale]}</p>` : ""}
      <ol class="jobs" id="list-workers">${rows}</ol>
    </section>
  `;
}
