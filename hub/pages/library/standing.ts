import { html } from "hono/html";
import type { UpdateRules } from "../../../api/mod.ts";
import type { Locale } from "../../../transport/mod.ts";
import type { ShownRow } from "../../library/mod.ts";
import type { Html } from "../page.ts";
import { counted } from "../queue/texts.ts";
import { texts } from "./texts.ts";

type Word = keyof typeof texts;

const mark = (text: string, kind: "is-info" | "is-error" = "is-info") =>
  html`
    <span class="mark ${kind}"><span>${text}</span></span>
  `;

/** Badges: what the site has no more, and a newer version that is not to be had, with the reason. */
export function badges({ goneMs, waiting }: Pick<ShownRow, "goneMs" | "waiting">, locale: Locale): Html {
  const t = (name: Word) => texts[name][locale];
  const gone = goneMs === null ? "" : mark(counted(t("gone"), new Date(goneMs).toISOString().slice(0, 10)), "is-error");
  if (waiting === null) return html`${gone}`;
  const { state, versionName, baseModel, until } = waiting;
  const text = state === "early_access"
    ? until ? counted(t("earlyUntil"), until.slice(0, 10)) : t("early")
    : state === "other_base"
    ? counted(t("otherBase"), baseModel ?? "?")
    : t(state === "ignored_model" ? "ignoredModel" : state === "ignored_base" ? "ignoredBase" : "ignoredVersion");
  return html`
    ${gone}${mark(text)} ${versionName}
  `;
}

/** What can be passed over from here, or is and can be taken again. */
export function ignoring({ id, identity, newer, waiting }: ShownRow, locale: Locale): Html {
  const version = newer ?? waiting;
  if (version === null || identity?.modelId == null) return html``;
  const t = (name: Word) => texts[name][locale];
  const { versionId, versionName, baseModel } = version;
  const state = waiting?.state ?? "new";
  const button = (name: "ignore" | "unignore" | "otherBase", rule: string, text: string) =>
    html`
      <button name="${name}" value="${rule}" id="${name}-${rule.split(":", 1)[0]}-${id}">${text}</button>
    `;
  const again = state === "ignored_model"
    ? button("unignore", `model:${identity.modelId}`, t("unignoreModel"))
    : state === "ignored_version"
    ? button("unignore", `version:${versionId}`, counted(t("unignore"), versionName))
    : state === "ignored_base"
    ? button("unignore", `base:${baseModel}`, counted(t("unignore"), baseModel ?? ""))
    : undefined;
  const passing = [
    ...(state === "other_base" ? [button("otherBase", `model:${identity.modelId}`, t("takeOtherBase"))] : []),
    button("ignore", `version:${versionId}`, counted(t("ignore"), versionName)),
    button("ignore", `model:${identity.modelId}`, t("ignoreModel")),
    ...(baseModel === null ? [] : [button("ignore", `base:${baseModel}`, counted(t("ignore"), baseModel))]),
  ];
  return html`
    <details id="rules-${id}" data-keep>
      <summary>${t("newerVersions")}</summary>
      <form method="post" action="/library/rules" class="actions">${again ?? passing}</form>
    </details>
  `;
}

/** The rules that hold, each to be taken back. */
export function ruleList({ ignore = [], otherBase = [] }: UpdateRules, locale: Locale): Html {
  if (ignore.length + otherBase.length === 0) return html``;
  const row = (name: "unignore" | "sameBase", rule: string, text: string) =>
    html`<li>${name === "sameBase" ? `${texts.otherBasesOf[locale]} ` : ""}<code>${rule}</code>
      <button name="${name}" value="${rule}" aria-label="${text}: ${rule}">${text}</button></li>`;
  const rows = [
    ...ignore.map((rule) => row("unignore", rule, texts.unignoreIt[locale])),
    ...otherBase.map((rule) => row("sameBase", rule, texts.sameBase[locale])),
  ];
  return html`
    <form method="post" action="/library/rules" id="rules">
      <details id="all-rules" data-keep>
        <summary>${counted(texts.rules[locale], ignore.length + otherBase.length)}</summary>
        <ul>${rows}</ul>
      </details>
    </form>
  `;
}
