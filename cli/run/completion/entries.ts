import type { Enums } from "../../../api/mod.ts";
import type { Locale } from "../../../transport/mod.ts";
import type { Command, Operands } from "../../command.ts";
import { flagHelp, type Flags, type NamedFlag, namedFlags } from "../../options/flags.ts";
import { commonFlags, versionFlags } from "../../options/shared_flags.ts";
import { layoutWords } from "../../settings/check_text.ts";
import { type SettingKey, settingKeys, settingRow } from "../../settings/table.ts";
import type { Bilingual } from "../../texts/texts.ts";

/** What may stand at one place of a command line. */
export interface Entry {
  /** Words and what each means, or the names of files or folders; a `list` is several words with commas between. */
  readonly kind: "words" | "list" | "file" | "folder";
  /** Each word with its meaning, which may be empty. */
  readonly words: readonly (readonly [word: string, help: string])[];
}

/** The places that are completed alike. */
export interface Places {
  /**
   * Each is the words before it that matter: `civikit config set language` for what follows these, `civikit queue --state`
   * for the value of an option, `options civikit queue` for the options themselves.
   */
  readonly keys: readonly string[];
  /** What may stand there. */
  readonly entry: Entry;
}

/** What the places are made of. */
export interface EntriesOptions {
  /** Every command. */
  readonly commands: readonly (Command & { readonly name: string; readonly summary: Bilingual })[];
  /** The words of the site; empty where it did not tell. */
  readonly site: Enums;
  /** Language of the meanings. */
  readonly locale: Locale;
}

const plain = (words: readonly string[]): Entry => ({ kind: "words", words: words.map((word) => [word, ""]) });
const nothing = plain([]);
const paths = (kind: "file" | "folder"): Entry => ({ kind, words: [] });

function settingValues(key: SettingKey): Entry {
  const row = settingRow(key);
  switch (row.kind) {
    case "switch":
      return plain(["on", "off"]);
    case "word":
      return plain(row.words);
    case "text":
      return row.of === "layout" ? plain(layoutWords) : nothing;
    case "path":
      return paths("folder");
    case "list":
      return row.of === "path" ? paths("file") : nothing;
    default:
      return nothing;
  }
}

function optionValues(flag: Exclude<NamedFlag, { type: "switch" }>, site: Enums): Entry {
  if (flag.type === "word") return plain(flag.words);
  if (flag.type === "setting") return settingValues(flag.setting);
  if (flag.value === "FILE") return paths("file");
  if (flag.value === "FOLDER") return paths("folder");
  const { suggests = [] } = flag;
  const { words } = plain(typeof suggests === "string" ? site[suggests] ?? [] : suggests);
  return { kind: flag.type === "list" ? "list" : "words", words };
}

/**
 * All that is completed, from the tables of commands, options and settings; places that are alike stand together. A shell
 * finds its way by it: a word that leads to a key is followed, any other is passed by.
 */
export function completionPlaces({ commands, site, locale }: EntriesOptions): readonly Places[] {
  const entries = new Map<string, Entry>();

  function options(command: string, flags: Flags): void {
    const named = namedFlags(flags);
    const words = named.map((flag) => [`--${flag.name}`, flagHelp(flag, locale)] as const);
    entries.set(`options ${command}`, { kind: "words", words });
    for (const flag of named) {
      if (flag.type === "switch") continue;
      const entry = optionValues(flag, site);
      entries.set(`${command} --${flag.name}`, entry);
      if (flag.short !== undefined) entries.set(`${command} -${flag.short}`, entry);
    }
  }

  function operands(place: string, due: Operands | undefined): void {
    if (due === undefined) entries.set(place, nothing);
    else if (due === "file" || due === "folder") entries.set(place, paths(due));
    else if (due === "list") {
      const names = Object.keys(site);
      entries.set(place, plain(names));
      for (const name of names) entries.set(`${place} ${name}`, nothing);
    } else {
      const help = (key: SettingKey) => settingRow(key).help[locale].replaceAll("`", "");
      entries.set(place, { kind: "words", words: settingKeys.map((key) => [key, help(key)]) });
      for (const key of settingKeys) entries.set(`${place} ${key}`, due === "value" ? settingValues(key) : nothing);
    }
  }

  const names = commands.map(({ name, summary }) => [name, summary[locale]] as const);
  entries.set("civikit", { kind: "words", words: [...names, ["help", ""], ["version", ""]] });
  entries.set("civikit help", { kind: "words", words: names });
  options("civikit", { ...versionFlags, ...commonFlags });
  for (const { name, flags, actions, operands: due } of commands) {
    const command = `civikit ${name}`;
    entries.set(`civikit help ${name}`, nothing);
    options(command, { ...flags, ...commonFlags });
    if (actions === undefined) operands(command, typeof due === "object" ? undefined : due);
    else {
      entries.set(command, plain(actions));
      for (const action of actions) operands(`${command} ${action}`, typeof due === "object" ? due[action] : due);
    }
  }
  const alike = Map.groupBy(entries, ([, entry]) => JSON.stringify(entry));
  return [...alike.values()].map((group) => ({ keys: group.map(([key]) => key), entry: group[0]![1] }));
}
