import { closest } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import type { Args } from "../options/args.ts";
import { readAction } from "../options/read_action.ts";
import type { Flags } from "../options/flags.ts";
import { commonFlags, fetchFlags, outputFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode, exitCode, sharedExitCode } from "../exit_code.ts";
import { detectPrograms } from "../run/detect_programs.ts";
import { editSettings } from "../run/edit_settings.ts";
import { migrateSettings } from "../run/migrate_settings.ts";
import type { SettingEntry } from "../settings/read_settings.ts";
import { invalid } from "../settings/setting_words.ts";
import { settingKey, type SettingsStore, settingsStore } from "../settings/settings_store.ts";
import { shownValue } from "../settings/shown_value.ts";
import { settingKeys, settingRow } from "../settings/table.ts";
import { type Output, output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { settingsText } from "../texts/settings.ts";
import { configHelp } from "../texts/config.ts";

const flags = {
  config: commonFlags.config,
  dryRun: fetchFlags.dryRun,
  use: {
    type: "whole",
    value: "N",
    least: 1,
    most: 99,
    help: { en: "detect: take this one of the programs found", "zh-TW": "`config detect` 找到的程式中，採用第幾個" },
  },
  json: outputFlags.json,
  quiet: outputFlags.quiet,
} as const satisfies Flags;

/** What an action works with. */
interface Act {
  readonly operands: readonly string[];
  readonly isDry: boolean;
  readonly use: number | undefined;
  readonly store: SettingsStore;
  readonly context: CommandContext;
  readonly out: Output;
}

/** A setting as `--json` shows it; a proxy's password is not shown. */
function shownEntry({ key, kind, value, text, source, default: usual, unit, range }: SettingEntry): object {
  return { key, value: kind === "url" && value !== null ? text : value, source, default: usual, unit, range };
}

/** `60 s`, for people. */
function withUnit({ text, unit, kind }: SettingEntry): string {
  return text === "" ? "-" : kind === "number" && unit !== null ? `${text} ${unit}` : text;
}

function list({ context: { settings, locale }, out }: Act): void {
  const { heads, sources } = settingsText[locale];
  const entries = settings.entries();
  for (const entry of entries) out.emit(shownEntry(entry));
  const place = ({ source, from }: SettingEntry) => from === null ? sources[source] : `${sources[source]} (${from})`;
  out.table([heads, ...entries.map((entry) => [entry.key, withUnit(entry), place(entry)])], { isWhole: true });
}

function get({ operands, context: { settings }, out }: Act): void {
  const key = settingKey(operands[0]!);
  const entry = settings.entries().find((entry) => entry.key === key)!;
  out.show(shownEntry(entry), `${printable(entry.text)}\n`);
}

function set({ operands, store, context, out }: Act): void {
  const [name, value] = operands as readonly [string, string];
  const text = settingsText[context.locale];
  const key = store.set(name, value);
  const shown = shownValue(settingRow(key), store.read().values[key]);
  out.emit(
    { event: "set", key, value: shown, path: store.path },
    text.set(key, printable(shown), printable(store.path)),
  );
  const { source, from } = context.settings.entries().find((entry) => entry.key === key)!;
  if (source === "environment") out.note(text.overruled(key, from!));
}

function unset({ operands, store, context: { locale }, out }: Act): void {
  const key = operands[0]!;
  const text = settingsText[locale];
  const wasSet = store.unset(key);
  const shown = printable(key);
  out.emit(
    { event: "unset", key, wasSet, path: store.path },
    wasSet ? text.unset(shown, store.path) : text.notSet(shown),
  );
}

function path({ store, out }: Act): void {
  out.show({ path: store.path }, `${store.path}\n`);
}

function check({ store, context: { settings, locale }, out }: Act): number {
  for (const fault of settings.faults) out.fail(fault, fault instanceof InputError ? fault.input : store.path);
  if (settings.faults.length > 0) return sharedExitCode(settings.faults.map(exitCode));
  const { isThere } = store.read();
  out.emit({ event: "checked", path: store.path, isThere }, settingsText[locale].right(printable(store.path), isThere));
  return ExitCode.ok;
}

function init({ store, context: { locale }, out }: Act): void {
  store.init();
  out.emit({ event: "made", path: store.path }, settingsText[locale].made(printable(store.path)));
}

function reset({ store, context: { locale }, out }: Act): void {
  const text = settingsText[locale];
  const aside = store.reset(new Date());
  const note = aside === undefined ? text.nothingToReset(printable(store.path)) : text.aside(printable(aside));
  out.emit({ event: "reset", path: store.path, aside: aside ?? null }, note);
}

/** The actions, with how many words each takes. */
const actions = {
  list: { words: 0, run: list },
  get: { words: 1, run: get },
  set: { words: 2, run: set },
  unset: { words: 1, run: unset },
  edit: { words: 0, run: ({ store, context, out }: Act) => editSettings(store, context, out) },
  path: { words: 0, run: path },
  check: { words: 0, run: check },
  init: { words: 0, run: init },
  reset: { words: 0, run: reset },
  detect: { words: 0, run: ({ use, store, context, out }: Act) => detectPrograms({ use, store, context, out }) },
  migrate: {
    words: 1,
    run: ({ operands, isDry, store, context, out }: Act) =>
      migrateSettings(operands[0]!, { isDry, store, context, out }),
  },
} as const;

const wanted: Readonly<Record<string, string>> = { get: "KEY", set: "KEY VALUE", unset: "KEY", migrate: "FILE" };

function checkWords(name: keyof typeof actions, operands: readonly string[]): void {
  const { words } = actions[name];
  if (operands.length > words) throw new UsageError(`operand "${printable(operands[words]!)}": not expected`);
  if (operands.length === words) return;
  const near = name === "set" && operands[0]?.includes("=")
    ? closest(operands[0].split("=")[0]!, settingKeys)
    : undefined;
  const hint = near === undefined ? "" : `; a blank goes between: civikit config set ${near} ...`;
  throw new UsageError(`config ${name}: ${wanted[name]} is due${hint}`);
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { operands: [word, ...operands], flags: { config, dryRun: isDry, use } } = args;
  const name = readAction(word, Object.keys(actions) as (keyof typeof actions)[]);
  checkWords(name, operands);
  const file = config ?? context.settings.path;
  if (file === undefined) {
    throw invalid(
      "looking for the settings: there is no home folder; set HOME or XDG_CONFIG_HOME, or give --config",
      "HOME",
    );
  }
  using out = output(context, args.flags);
  const store = settingsStore(file, config === undefined);
  return await actions[name].run({ operands, isDry, use, store, context, out }) ?? ExitCode.ok;
}

/** `civikit config`: what is set for all commands. */
export const configCommand: Command = {
  usage: "config [list|get|set|unset|edit|path|check|init|reset|migrate|detect] [...] [options]",
  operands: { get: "setting", set: "value", unset: "setting", migrate: "file" },
  isForgiving: true,
  flags,
  help: configHelp,
  actions: Object.keys(actions),
  usualAction: "list",
  run,
};
