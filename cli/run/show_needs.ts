import { join } from "node:path";
import type { Need } from "../../api/mod.ts";
import { formatBytes, resolveInside } from "../../transport/internal.ts";
import type { CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { UsageError } from "../options/usage_error.ts";
import { printable, withColons } from "../terminal/text.ts";
import { needsText } from "../texts/needs.ts";
import { bilingual } from "../texts/texts.ts";
import { shellWord } from "../terminal/shell_word.ts";

/** What is to be done with what is missing. */
export interface NeedsChoice {
  /** Whether it was said beforehand. */
  readonly yes: boolean;
  /** Whether nothing is done: then there is nothing to ask. */
  readonly isDry: boolean;
  /** Whether JSON goes to the standard output, where nobody is asked. */
  readonly json: boolean;
  /** The root that places are below. */
  readonly root: string;
  /** Ends the waiting for an answer. */
  readonly signal: AbortSignal;
  /** The command that gets them without a question. */
  readonly command: string;
  /** Tells an event: a line of JSON, else the text. */
  emit(event: object, text: string): void;
  /** Takes down the exit code of what was told. */
  count(code: number): void;
}

/** The words of a command line, as a shell takes them. */
export function commandText(
  name: string,
  operands: readonly string[],
  options: Readonly<Record<string, string | boolean | undefined>>,
): string {
  const given = Object.entries(options).flatMap(([option, value]) =>
    value === undefined || value === false ? [] : value === true ? [`--${option}`] : [`--${option}`, shellWord(value)]
  );
  return ["civikit", name, ...operands.map(shellWord), ...given].join(" ");
}

function lineOf(need: Need, root: string, { locale, style }: CommandContext): string {
  const words = needsText[locale];
  const { name, title, state, path, target, reference, sizeBytes, proof, problem, role } = need;
  const shown = title === null || title === name ? printable(name) : `${printable(name)} (${printable(title)})`;
  const kind = role === null ? "" : ` [${role}]`;
  const head = withColons(words[state], `${shown}${kind}`);
  const why = problem === null ? "" : ` ${style.warn(printable(problem))}`;
  if (path !== null) return `${head}: ${printable(path)}`;
  if (target === null) return `${head}: ${problem === null ? words.nameOnly : style.warn(printable(problem))}`;
  const size = sizeBytes === null ? "" : words.size(formatBytes(sizeBytes));
  const from = reference !== null && /^https?:/.test(reference) ? ` ${words.from} ${printable(reference)}` : "";
  return `${head} -> ${printable(join(root, target))}${size}${from}${proof === null ? "" : words.proofs[proof]}${why}`;
}

/** How large what is missing is, as far as that is known. */
function sizeOf(rest: readonly Need[], { locale }: CommandContext): string {
  const known = rest.map(({ sizeBytes }) => sizeBytes).filter((bytes) => bytes !== null);
  const size = formatBytes(known.reduce((sum, bytes) => sum + bytes, 0));
  return known.length === rest.length ? size : known.length === 0 ? "" : needsText[locale].atLeast(size);
}

/** The answer, unless the command is ended before it comes. */
async function answered(asked: Promise<string | null>, signal: AbortSignal): Promise<string | null> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () => reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([asked, promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/**
 * Shows what is here, what is missing and where it would go, and what nobody knows; then asks once, where there is somebody
 * to ask.
 *
 * @returns What is missing and to be got.
 */
export async function showNeeds(
  needs: readonly Need[],
  { yes, isDry, json, root, signal, command, emit, count }: NeedsChoice,
  context: CommandContext,
): Promise<Need[]> {
  const words = needsText[context.locale];
  for (const need of needs) {
    // proven, whoever made up the name
    const place = need.target === null ? null : resolveInside(root, need.target);
    emit({ event: "need", ...need, place }, lineOf(need, root, context));
  }
  const isState = (state: Need["state"]) => needs.filter((need) => need.state === state);
  const [here, rest, unknown] = [isState("here"), isState("missing"), isState("unknown")];
  const counts = { here: here.length, queued: isState("queued").length, missing: rest.length, unknown: unknown.length };
  emit({ event: "needs", ...counts }, words.sum(here.length + counts.queued, rest.length, unknown.length));
  if (unknown.length > 0) {
    const names = unknown.slice(0, 20).map(({ name }) => JSON.stringify(printable(name))).join(", ");
    emit({ event: "unknown", names: unknown.map(({ name }) => name) }, words.unknownOnes(unknown.length, names));
    count(ExitCode.notFound);
  }
  if (rest.length === 0 || yes || isDry) return rest;
  const answer = json ? null : await answered(context.io.ask(words.ask(rest.length, sizeOf(rest, context))), signal);
  if (answer === null) {
    emit({ event: "answer_due", missing: rest.length, command }, "");
    throw new UsageError(bilingual(needsText, (t) => t.due(rest.length, command)));
  }
  if (/^(?:y|yes|是|好)$/i.test(answer.trim())) return rest;
  emit({ event: "declined", missing: rest.length }, words.notTaken);
  return [];
}
