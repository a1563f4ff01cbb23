import type { Civitai, Listing, ListOptions, ListPosition, ModelFile } from "../../api/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import type { Flags, Values } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { type listFlags, outputFlags, siteFlags } from "../options/shared_flags.ts";
import { openSession, type Session } from "./session.ts";
import { printable } from "../terminal/text.ts";
import { type Output, output } from "../terminal/output.ts";
import { columnName } from "../texts/columns.ts";
import { type SiteText, siteText } from "../texts/site.ts";
import { bilingual } from "../texts/texts.ts";

/** What a command that asks the API works with. */
export interface ApiContext<F extends Flags = Record<never, never>> extends CommandContext {
  /** What was typed after the action. */
  readonly operands: readonly string[];
  /** Options. */
  readonly flags: Values<F>;
  /** The API. */
  readonly api: Civitai;
  /** The whole stack. */
  readonly transport: Session["transport"];
  /** Where the API key comes from; undefined when there is none. */
  readonly keySource: string | undefined;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  /** What it prints. */
  readonly out: Output;
}

/** What can be done with one resource, by the word that asks for it. */
export type Actions<F extends Flags> = Readonly<Record<string, (context: ApiContext<F>) => Promise<number | void>>>;

const apiFlags = {
  json: {
    ...outputFlags.json,
    help: { ...outputFlags.json.help, en: "one JSON object a line on standard output, as Civitai sent it" },
  },
  ...siteFlags,
};

/** The key is checked while the command does its work: to a bad one Civitai answers as if there were none. */
async function warnOfBadKey({ api, keySource, signal }: Session, { note }: Output, text: SiteText): Promise<void> {
  if (keySource === undefined) return;
  const owner = await api.checkKey({ signal }).catch(() => undefined); // what else is wrong the command itself will say
  if (owner === null) note(text.keyRefused);
}

/** What {@linkcode apiCommand} makes a command of. */
export interface ApiCommand<F extends Flags> extends Omit<Command<F>, "run" | "actions"> {
  /** What it does; a single action with an empty name needs no word. */
  readonly actions: Actions<F>;
  /** The command itself says what is wrong with the key. */
  readonly isAboutKey?: boolean;
}

async function act<F extends Flags>(
  { actions, isAboutKey = false }: ApiCommand<F>,
  args: Args<F & typeof apiFlags>,
  context: CommandContext,
): Promise<number> {
  const names = Object.keys(actions);
  const isSingle = names.length === 1 && names[0] === "";
  const [name, ...rest] = isSingle ? ["", ...args.operands] : args.operands;
  const action = actions[readAction(name, names)]!;
  const { flags } = args;
  using out = output(context, { json: flags.json });
  using session = await openSession(args, context, out);
  const { api, keySource, transport, signal } = session;
  const warning = isAboutKey ? undefined : warnOfBadKey(session, out, siteText[context.locale]);
  try {
    return await action({ ...context, operands: rest, flags, api, keySource, transport, signal, out }) ?? ExitCode.ok;
  } finally {
    await warning;
  }
}

/** A command with actions, such as `civikit models search`. */
export function apiCommand<F extends Flags>(command: ApiCommand<F>): Command {
  const { actions: _does, isAboutKey: _isAboutKey, flags, ...rest } = command;
  const run = (args: Args<F & typeof apiFlags>, context: CommandContext) => act(command, args, context);
  const actions = Object.keys(command.actions).filter((name) => name !== "");
  return { ...rest, ...(actions.length > 0 && { actions }), flags: { ...flags, ...apiFlags }, run };
}

/** A position as one word that no shell takes apart. */
function positionWord({ cursor, after }: ListPosition): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ cursor, after }));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

function readPosition(text: string | undefined): ListPosition | undefined {
  if (text === undefined) return undefined;
  try {
    const { cursor, after } = JSON.parse(
      new TextDecoder().decode(Uint8Array.fromBase64(text, { alphabet: "base64url" })),
    );
    const isCursor = cursor === null || typeof cursor === "string";
    if (isCursor && (after === null || typeof after === "string" || typeof after === "number")) {
      return { cursor, after };
    }
  } catch {
    // said below
  }
  throw new UsageError(bilingual(siteText, ({ noPosition }) => noPosition(printable(text))));
}

/** How much of a list is wanted, by its options. */
export function listOptions({ flags, signal }: ApiContext<typeof listFlags>): ListOptions {
  return { signal, max: flags.all ? undefined : flags.limit, from: readPosition(flags.resume) };
}

/** Shows a list: a table, or a line of JSON for each row as it comes. */
export async function showList<T extends object>(
  context: ApiContext,
  list: Listing<T>,
  head: readonly string[],
  cells: (row: T) => readonly string[],
): Promise<void> {
  const { isJson, emit, table, note } = context.out;
  const rows: (readonly string[])[] = [];
  for await (const row of list) {
    emit(row);
    if (!isJson) rows.push(cells(row));
  }
  if (rows.length > 0) table([head, ...rows]);
  else if (!isJson) note(siteText[context.locale].nothing);
  if (list.position !== null && (isJson || rows.length > 0)) {
    note(siteText[context.locale].more(positionWord(list.position)));
  }
}

/** Shows one thing: its facts, those without a value left out, or JSON. */
export function showFacts({ out, locale }: ApiContext, whole: object, facts: Readonly<Record<string, unknown>>): void {
  const rows = Object.entries(facts).filter(([, value]) => value !== undefined && value !== null && value !== "");
  if (out.isJson) out.emit(whole);
  else out.facts(rows.map(([name, value]) => [columnName(locale, name), String(value)]));
}

/** The words after the action as one text; undefined when there are none. */
export function wordsOf({ operands }: ApiContext): string | undefined {
  return operands.length === 0 ? undefined : operands.join(" ");
}

/** A number from an operand. */
export function idOperand({ operands }: ApiContext, what: string): number {
  const [text, ...more] = operands;
  if (text === undefined || more.length > 0) throw new UsageError(bilingual(siteText, ({ oneDue }) => oneDue(what)));
  if (!/^\d{1,10}$/.test(text)) {
    throw new UsageError(bilingual(siteText, ({ noNumber }) => noNumber(what, printable(text))));
  }
  return Number(text);
}

/** The size of a file for people; nothing where the site does not say. */
export function sizeText({ sizeKB }: Pick<ModelFile, "sizeKB">): string {
  return typeof sizeKB === "number" ? formatBytes(sizeKB * 1024) : "";
}

/** A count for people. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? "" : value.toLocaleString("en-US");
}
