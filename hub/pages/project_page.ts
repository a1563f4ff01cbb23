import { html } from "hono/html";
import { CivikitError } from "../../transport/mod.ts";
import type { ProjectPort } from "../project/mod.ts";
import type { Html, HubPage, PageRequest } from "./page.ts";
import { adoptForm } from "./project/adopt_form.ts";
import { entryRow } from "./project/entry_row.ts";
import { taskState, troubleText } from "./project/task_state.ts";
import { texts } from "./project/texts.ts";

/** Only asked where it is there. */
const portOf = ({ parts }: PageRequest): ProjectPort => parts.project!;

function buttons(port: ProjectPort, locale: PageRequest["locale"]): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const button = (name: "install" | "check" | "update" | "updateLatest", isMain = false) =>
    html`
      <button id="${name}" formaction="/project/${name}" class="${isMain ? "main" : ""}" ${port.task === null
        ? ""
        : "disabled"}>${t(name)}</button>
    `;
  return html`
    <form method="post" action="/project/check" class="actions" id="project-actions">
      ${button("install", true)}${button("check")}${button("update")}${button("updateLatest")}
    </form>
    <p class="quiet">${t("updateHelp")}</p>
  `;
}

function table(port: ProjectPort, locale: PageRequest["locale"]): Html {
  const t = (name: keyof typeof texts) => texts[name][locale];
  try {
    const { project: { root }, entries } = port.look();
    const place = html`<p id="place">${t("folder")} <code>${port.folder}</code> · ${
      t("root")
    } <code>${root}</code></p>`;
    const adoption = adoptForm(port, root, locale);
    if (entries.length === 0) return html`${place}<p>${t("empty")}</p>${adoption}`;
    return html`
      ${place}
      <table class="entries" id="entries">
        <caption class="hidden">${t("entries")}</caption>
        <thead>
          <tr>
            <th scope="col">${t("entry")}</th>
            <th scope="col">${t("locked")}</th>
            <th scope="col">${t("disk")}</th>
            <th scope="col">${t("newer")}</th>
          </tr>
        </thead>
        <tbody>${entries.map((entry) => entryRow(entry, port.newer, locale))}</tbody>
      </table>
      ${adoption}
    `;
  } catch (error) {
    if (!(error instanceof CivikitError)) throw error;
    return html`<p class="problem" id="unreadable">${troubleText({ subject: "", error }, locale)}</p>`;
  }
}

function render(request: PageRequest, isBusy = false): Html {
  const { locale } = request;
  const port = portOf(request);
  return html`
    <p id="note" role="status" data-keep>${isBusy ? texts.busy[locale] : ""}</p>
    ${buttons(port, locale)}
    ${taskState(port, locale)}
    ${table(port, locale)}
  `;
}

/** The project of the folder the service was started in: manifest, lock file and disk side by side. */
export const projectPage: HubPage = {
  path: "/project",
  title: texts.title,
  everyMs: 2000,
  isThere: ({ project }) => project !== undefined,
  render: (request) => render(request),
  routes(app, { project }, { show }) {
    const actions: Readonly<Record<string, () => boolean>> = {
      install: () => project!.install(),
      check: () => project!.check(),
      update: () => project!.update(false),
      updateLatest: () => project!.update(true),
      adoptDry: () => project!.adopt({ isDry: true, isQuick: true }),
      adoptQuick: () => project!.adopt({ isDry: false, isQuick: true }),
      adopt: () => project!.adopt({ isDry: false, isQuick: false }),
    };
    for (const [name, begin] of Object.entries(actions)) {
      app.post(
        `/project/${name}`,
        (c) =>
          begin()
            ? Promise.resolve(c.redirect("/project", 303))
            : show(c, { ...projectPage, render: (request) => render(request, true) }, 409),
      );
    }
  },
};
