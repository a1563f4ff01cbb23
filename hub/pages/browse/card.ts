import { html } from "hono/html";
import { formatSize } from "../../../monitor/server/format.ts";
import type { Locale } from "../../../transport/mod.ts";
import type { FoundModel, FoundVersion } from "../../search/found.ts";
import type { Html } from "../page.ts";
import { counted } from "../queue/texts.ts";
import { texts as watchTexts } from "../watch/texts.ts";
import { texts } from "./texts.ts";

/** What a card is drawn with. */
export interface CardContext {
  /** Language. */
  readonly locale: Locale;
  /** The site's address, for links to it. */
  readonly site: string;
  /** Whether there is a project that takes models. */
  readonly hasProject: boolean;
  /** Whether something can be watched. */
  readonly hasWatch: boolean;
}

const day = (date: string): string => date.slice(0, 10);

function mark(kind: "ok" | "warning" | "info", text: string): Html {
  return html`
    <span class="mark is-${kind}"><span>${text}</span></span>
  `;
}

/** What is here of a model, and what is in the way. */
function marks({ here, isQueued, versions }: FoundModel, locale: Locale): Html[] {
  const t = (name: keyof typeof texts) => texts[name][locale];
  const [newest] = versions;
  const until = newest?.earlyAccessUntil ?? null;
  return [
    ...(here === "newest" ? [mark("ok", t("have"))] : []),
    ...(here === "older" ? [mark("warning", t("older"))] : []),
    ...(isQueued ? [mark("info", t("queued"))] : []),
    ...(newest?.isEarlyAccess
      ? [mark("warning", until === null ? t("early") : counted(t("earlyUntil"), day(until)))]
      : []),
  ];
}

function picture({ name, preview }: FoundModel, locale: Locale): Html {
  if (preview === null) return html`<span class="picture is-empty">${texts.noPicture[locale]}</span>`;
  const { path, isOpen } = preview;
  const alt = counted(texts.picture[locale], name) + (isOpen ? "" : ` (${texts.blurred[locale]})`);
  return html`
    <span
      class="picture ${isOpen
        ? ""
        : "is-blurred"}"><img src="${path}" alt="${alt}" width="450" height="600" loading="lazy" decoding="async"></span>
  `;
}

function options({ id, name, baseModel, isThere, isQueued, isEarlyAccess, files }: FoundVersion, locale: Locale): Html {
  const said = [
    ...(isThere ? [texts.have[locale]] : []),
    ...(isQueued ? [texts.queued[locale]] : []),
    ...(isEarlyAccess ? [texts.early[locale]] : []),
  ];
  return html`
    <optgroup label="${[name, ...(baseModel === null ? [] : [baseModel]), ...said].join(" · ")}">${files.map(
      ({ id: file, name: fileName, type, sizeBytes, isPrimary }) => {
        const size = sizeBytes === null ? [] : [formatSize(sizeBytes)];
        const text = [name, fileName, ...(isPrimary ? [] : [type]), ...size].join(" · ");
        return html`<option value="${isPrimary ? id : `${id}/${file}`}">${text}</option>`;
      },
    )}</optgroup>
  `;
}

function chooser(model: FoundModel, { locale, hasProject }: CardContext): Html {
  const { id, name, versions } = model;
  if (versions.length === 0) return html`<p class="quiet">${texts.noFiles[locale]}</p>`;
  return html`
    <form method="post" action="/browse/add">
      <label class="hidden" for="choice-${id}">${texts.choice[locale]}: ${name}</label>
      <select id="choice-${id}" name="choice">${versions.map((version) => options(version, locale))}</select>
      <p
        class="actions"><button class="main" id="add-${id}" aria-label="${texts.add[locale]}: ${name}">${texts
          .add[locale]}</button>${hasProject
          ? html`<button id="project-${id}" formaction="/browse/project" aria-label="${
            texts.addProject[locale]
          }: ${name}">${texts.addProject[locale]}</button>`
          : ""}</p>
    </form>
  `;
}

/** Watches the model, or who made it. */
function watching({ id, name, creator }: FoundModel, locale: Locale): Html {
  const button = (kind: "watchModel" | "watchCreator", target: string, of: string) =>
    html`
      <button id="${kind}-${id}" name="target" value="${target}"
        aria-label="${watchTexts[kind][locale]}: ${of}">${watchTexts[kind][locale]}</button>
    `;
  return html`
    <form method="post" action="/watch/add" class="actions">
      ${button("watchModel", `model:${id}`, name)}${creator === null
        ? ""
        : button("watchCreator", `creator:${creator}`, creator)}
    </form>
  `;
}

/** A model as a card. */
export function modelCard(model: FoundModel, context: CardContext): Html {
  const { locale, site } = context;
  const { id, name, type, creator, downloads, versions } = model;
  const main = versions[0]?.files[0]?.sizeBytes ?? null;
  const facts = [
    type,
    versions[0]?.baseModel ?? "",
    main === null ? "" : formatSize(main),
    downloads === null ? "" : counted(texts.downloads[locale], downloads),
  ].filter((fact) => fact !== "");
  return html`
    <li class="card" id="model-${id}">
      ${picture(model, locale)}
      <h2><a href="${site}/models/${id}" rel="noreferrer" title="${texts.page[locale]}">${name}</a></h2>
      <p class="about">${facts.join(" · ")}${creator === null
        ? ""
        : html`<small>${counted(texts.by[locale], creator)}</small>`}</p>
      <p class="marks">${marks(model, locale)}</p>
      ${chooser(model, context)}
      ${context.hasWatch ? watching(model, locale) : ""}
    </li>
  `;
}
