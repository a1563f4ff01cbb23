import { html } from "hono/html";
import { messageOf } from "../../../transport/internal.ts";
import { CivikitError, hint, type Locale } from "../../../transport/mod.ts";
import type { ProjectOutcome, ProjectPort, ProjectTask, ProjectTrouble } from "../../project/mod.ts";
import type { Html } from "../page.ts";
import { counted } from "../queue/texts.ts";
import { texts } from "./texts.ts";
import { words } from "../words.ts";

const running = { check: "checking", install: "installing", update: "updating", adopt: "adopting" } as const;
const over = { check: "checkDone", install: "installDone", update: "updateDone", adopt: "adoptDone" } as const;

function underWay({ kind, done, total }: ProjectTask, locale: Locale): Html {
  const text = texts[running[kind]][locale];
  const far = total === 0 || kind === "adopt" ? "" : ` · ${counted(texts.progress[locale], `${done} / ${total}`)}`;
  const bar = total === 0 ? html`<progress aria-label="${text}"></progress>` : html`
    <progress aria-label="${text}" max="${total}" value="${done}"></progress>
  `;
  return html`<p>${bar} ${text}${far}</p>`;
}

/** What went wrong with one entry, and what to do; of what is no error of ours nothing is said, as it may hold anything. */
export function troubleText({ subject, error }: ProjectTrouble, locale: Locale): Html {
  const of = subject === "" ? "" : html`
    <code>${subject}</code>:
  `;
  if (!(error instanceof CivikitError)) return html`${of}${words.wentWrong[locale]}`;
  const { title, action } = hint(error, locale);
  return html`${of}<b>${title}</b> ${action} <a href="/guide#${error.code}">${error.code}</a> <small>${
    messageOf(error)
  }</small>`;
}

function ended({ kind, fetched, moved, removed, troubles }: ProjectOutcome, locale: Locale): Html {
  const numbers = { moved, fetched, removed, failed: troubles.length };
  const said = Object.entries(numbers).filter(([, value]) => value > 0)
    .map(([name, value]) => counted(texts[name as keyof typeof numbers][locale], value)).join(" · ");
  return html`
    <p>${texts[over[kind]][locale]} ${said}</p>
    ${troubles.length === 0
      ? ""
      : html`<ul class="problem">${
        troubles.slice(0, 50).map((trouble) => html`<li>${troubleText(trouble, locale)}</li>`)
      }</ul>`}
  `;
}

/** What is under way, or how the last thing ended. */
export function taskState({ task, outcome }: ProjectPort, locale: Locale): Html {
  return html`<div id="task" role="status">${
    task !== null ? underWay(task, locale) : outcome !== null ? ended(outcome, locale) : ""
  }</div>`;
}
