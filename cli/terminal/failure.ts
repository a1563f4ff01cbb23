import { CivikitError, hint, HttpError, type Locale, VerificationError } from "../../transport/mod.ts";
import { messageOf, ownError } from "../../transport/internal.ts";
import { guideUrl } from "./guide_url.ts";
import { installLine } from "./install_line.ts";
import type { Style } from "./style.ts";
import { formatDuration, printable, withColons } from "./text.ts";

const labels = {
  en: {
    error: "error",
    server: "server",
    why: "why",
    next: "next",
    install: "with every right",
    wait: "The server asks to wait",
    until: "until",
    more: "more",
  },
  "zh-TW": {
    error: "錯誤",
    server: "伺服器",
    why: "原因",
    next: "處理",
    install: "給予所有權限",
    wait: "伺服器要求等待",
    until: "截止",
    more: "詳情",
  },
} as const;

/** What the server said about it in its own words, where it said something short that is not in `said` already. */
export function serverWords(body: string, until: string, said = ""): string | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null) return undefined;
  const { message, error, deadline } = answer as Record<string, unknown>;
  const text = [message, error].find((value) => typeof value === "string" && !said.includes(value));
  const words = [text, typeof deadline === "string" ? `(${withColons(until, deadline)})` : undefined].filter(Boolean)
    .join(" ");
  return words === "" ? undefined : printable(words.slice(0, 300));
}

/**
 * A failure for people: what failed, why, and what to do next.
 *
 * @param thrown What was thrown.
 * @param subject What it was about: a file name or a reference; undefined for the command as a whole.
 */
export function describeFailure(
  thrown: unknown,
  subject: string | undefined,
  locale: Locale,
  style: Style,
): string {
  const error = ownError(thrown);
  const label = labels[locale];
  const message = printable(messageOf(error));
  const head = (title: string) =>
    withColons(style.bad(label.error), ...(subject === undefined ? [] : [printable(subject)]), title);
  if (!(error instanceof CivikitError)) return `${head(message)}\n`;
  const { title, cause, action } = hint(error, locale);
  const lines = [head(title), `  ${message}`];
  if (error instanceof HttpError) {
    const words = serverWords(error.body, label.until, error.message);
    if (words !== undefined) lines.push(`  ${withColons(label.server, words)}`);
  }
  if (error instanceof VerificationError && error.path !== "" && !error.message.includes(error.path)) {
    lines.push(`  ${printable(error.path)}`);
  }
  lines.push(`  ${withColons(label.why, cause)}`, `  ${withColons(label.next, action)}`);
  if (error.reason?.endsWith("_right")) {
    const more = error.reason === "run_right" ? ["--allow-run"] : [];
    lines.push(`  ${withColons(label.install, installLine(more))}`);
  }
  if (error instanceof HttpError && error.retryAfterMs !== undefined) {
    lines.push(`  ${label.wait} ${formatDuration(error.retryAfterMs)}`);
  }
  lines.push(`  ${withColons(label.more, style.dim(guideUrl(error.code)))}`);
  return `${lines.join("\n")}\n`;
}
