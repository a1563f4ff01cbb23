import { CivikitError, hint, HttpError, type Locale, redactText, VerificationError } from "../transport/mod.ts";
import { installLine } from "./rights.ts";
import type { Style } from "./style.ts";
import { formatDuration, printable } from "./text.ts";

const labels = {
  en: {
    error: "error",
    server: "server",
    why: "why",
    next: "next",
    install: "with every right",
    wait: "The server asks to wait",
    until: "until",
  },
  "zh-TW": {
    error: "錯誤",
    server: "伺服器",
    why: "原因",
    next: "處理",
    install: "給予所有權限",
    wait: "伺服器要求等待",
    until: "截止",
  },
} as const;

/** What the server said about it in its own words, where it said something short. */
export function serverWords(body: string, until: string): string | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null) return undefined;
  const { message, error, deadline } = answer as Record<string, unknown>;
  const text = [message, error].find((value) => typeof value === "string");
  const words = [text, typeof deadline === "string" ? `(${until}: ${deadline})` : undefined].filter(Boolean).join(" ");
  return words === "" ? undefined : printable(words.slice(0, 300));
}

/** Tells whether Deno, not the system, said no. */
function isMissingRight(error: unknown): boolean {
  // by its name: where a message could hold a secret, the cause is a copy
  for (let at = error; at instanceof Error; at = at.cause) if (at.name === "NotCapable") return true;
  return false;
}

function messageOf(error: unknown): string {
  return printable(redactText(error instanceof Error ? error.message : String(error)));
}

/**
 * A failure for people: what failed, why, and what to do next.
 *
 * @param error What was thrown.
 * @param subject What it was about: a file name or a reference.
 */
export function describeFailure(error: unknown, subject: string, locale: Locale, style: Style): string {
  const label = labels[locale];
  const head = (title: string) => `${style.bad(label.error)}: ${printable(subject)}: ${title}`;
  if (!(error instanceof CivikitError)) {
    const more = isMissingRight(error) ? `  ${label.install}: ${installLine()}\n` : "";
    return `${head(messageOf(error))}\n${more}`;
  }
  const { title, cause, action } = hint(error, locale);
  const lines = [head(title), `  ${messageOf(error)}`];
  if (error instanceof HttpError) {
    const words = serverWords(error.body, label.until);
    if (words !== undefined && !error.message.includes(words)) lines.push(`  ${label.server}: ${words}`);
  }
  if (error instanceof VerificationError && error.path !== "" && !error.message.includes(error.path)) {
    lines.push(`  ${printable(error.path)}`);
  }
  lines.push(`  ${label.why}: ${cause}`, `  ${label.next}: ${action}`);
  if (isMissingRight(error)) lines.push(`  ${label.install}: ${installLine()}`);
  if (error instanceof HttpError && error.retryAfterMs !== undefined) {
    lines.push(`  ${label.wait} ${formatDuration(error.retryAfterMs)}`);
  }
  return `${lines.join("\n")}\n`;
}
