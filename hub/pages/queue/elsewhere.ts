import { basename } from "node:path";
import { html } from "hono/html";
import { canObey, type LiveTransfer, type TransferSource, type Wish } from "../../../monitor/mod.ts";
import { formatSize } from "../../../monitor/server/format.ts";
import type { Locale } from "../../../transport/mod.ts";
import type { Html } from "../page.ts";
import { texts } from "./texts.ts";

const wishes: readonly Wish[] = ["pause", "resume", "cancel"];

function row(transfer: LiveTransfer, locale: Locale): Html {
  const { id, path, bytes, totalBytes, bytesPerSecond, state, process } = transfer;
  const name = basename(path);
  const share = totalBytes === null || totalBytes === 0 ? undefined : Math.min(1, bytes / totalBytes);
  const buttons = wishes.filter((wish) => canObey(transfer, wish)).map((wish) => {
    const text = texts[wish][locale];
    return html`
      <button id="${wish}-live-${id}" formaction="/queue/transfers/${id}/${wish}"
        aria-label="${text}: ${name}">${text}</button>
    `;
  });
  return html`
    <li class="job is-${state}" id="live-${id}" data-job tabindex="-1">
      <div
        class="what"><b title="${path}">${name}</b> <small>civikit ${process.command} · ${process
          .pid}</small>${state === "paused" ? html`<p class="why">${texts.isPaused[locale]}</p>` : ""}</div>
      <div class="bar">${share === undefined
        ? ""
        : html`<progress aria-label="${name}" max="1" value="${share.toFixed(4)}"></progress>`}<small>${formatSize(
          bytes,
        )}${totalBytes === null ? "" : ` / ${formatSize(totalBytes)}`}${bytesPerSecond > 0
        ? ` · ${formatSize(bytesPerSecond)}/s`
        : ""}</small></div>
      <form method="post" class="actions">${buttons}</form>
    </li>
  `;
}

/** What other processes transfer now; nothing where there are none. */
export function elsewhere(live: TransferSource | undefined, locale: Locale): Html | "" {
  const others = (live?.list() ?? []).filter(({ process, endedMs }) =>
    process.isAlive && endedMs === null && process.pid !== Deno.pid
  );
  if (others.length === 0) return "";
  return html`
    <section id="elsewhere" aria-labelledby="elsewhere-title">
      <h2 id="elsewhere-title">${texts.elsewhere[locale]}</h2>
      <p class="quiet">${texts.elsewhereHelp[locale]}</p>
      <ol class="jobs" id="list-elsewhere">${others.map((transfer) => row(transfer, locale))}</ol>
    </section>
  `;
}
