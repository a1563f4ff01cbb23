import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import type { ExtensionName } from "../../extensions/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { fetchFlags, outputFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import { extensionFolder, extensionIn, installExtension, uninstallExtension } from "../run/extension_folder.ts";
import { findPrograms } from "../run/find_programs.ts";
import { pairingToken } from "../settings/pairing_token.ts";
import { pairingPath } from "../settings/places.ts";
import { type Output, output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { extensionText } from "../texts/extension.ts";
import { bilingual } from "../texts/texts.ts";

const flags = {
  url: {
    type: "text",
    value: "URL",
    usual: { en: "that of serve.host and serve.port", "zh-TW": "依 `serve.host` 與 `serve.port`" },
    help: { en: "install: where civikit serve is", "zh-TW": "`civikit serve` 的位址" },
  },
  remote: {
    type: "switch",
    help: {
      en: "install: let browsers on other machines in, by a code that is printed",
      "zh-TW": "讓別台機器的瀏覽器憑印出來的配對碼使用",
    },
  },
  force: {
    ...fetchFlags.force,
    help: { ...fetchFlags.force.help, en: "install: replace files that were edited" },
  },
  json: outputFlags.json,
  quiet: outputFlags.quiet,
} as const satisfies Flags;

const actions = ["install", "uninstall", "list"] as const;
const names: readonly ExtensionName[] = ["forge", "comfyui"];

function readName(text: string | undefined): ExtensionName {
  const known = names.find((name) => name === text?.toLowerCase());
  if (known !== undefined) return known;
  throw new UsageError(bilingual(extensionText, (t) => t.nameDue(names.join(", "))));
}

function readDir(text: string | undefined): string {
  if (text !== undefined) return text;
  throw new UsageError(bilingual(extensionText, (t) => t.dirDue));
}

/** What an action works with. */
interface Desk {
  readonly operands: readonly string[];
  readonly args: Args<typeof flags>;
  readonly context: CommandContext;
  readonly out: Output;
}

function install({ operands, args, context: { io, locale, settings }, out }: Desk): void {
  const name = readName(operands[0]);
  const folder = extensionFolder(name, readDir(operands[1]));
  const { url: given, remote, force } = args.flags;
  // the bridge knows the usual port itself
  const isUsual = given === undefined && settings.source("serve.port") === "default";
  const url = given ?? (isUsual ? undefined : `http://127.0.0.1:${settings.value("serve.port")}`);
  const pair = remote ? randomBytes(9).toString("base64url") : undefined;
  // it opens what the extension needs, and nothing else
  const token = pairingToken(pairingPath(io.env), []).token();
  const event = installExtension(name, folder, { url, token, pair }, force);
  const words = extensionText[locale];
  out.emit({ event, name, folder, pair: pair ?? null }, words[event](printable(folder)));
  if (pair !== undefined && !out.isJson) out.note(words.code(pair));
}

function uninstall({ operands, context: { locale }, out }: Desk): void {
  const name = readName(operands[0]);
  const folder = extensionFolder(name, readDir(operands[1]));
  const left = uninstallExtension(name, folder);
  const words = extensionText[locale];
  out.emit({ event: "removed", name, folder, left }, words.removed(printable(folder)));
  if (left.length > 0 && !out.isJson) out.note(words.left(left.map(printable).join(", ")));
}

/** The extensions of the programs in these folders, and of those where they usually are. */
function* extensionsOf(dirs: readonly string[], { io }: CommandContext) {
  const seen = new Set<string>();
  for (const dir of [...dirs, ...findPrograms(io.env).map(({ root }) => root)]) {
    for (const name of names) {
      let folder: string;
      try {
        folder = extensionFolder(name, dir);
      } catch {
        continue; // not that program
      }
      if (seen.has(folder)) continue;
      seen.add(folder);
      yield { name, ...extensionIn(name, folder) };
    }
  }
}

function list({ operands, context, out }: Desk): void {
  const words = extensionText[context.locale];
  for (const dir of operands) if (!existsSync(dir)) extensionFolder("forge", dir);
  const found = [...extensionsOf(operands, context)];
  for (const one of found) out.emit(one);
  if (found.length === 0) return out.note(words.none);
  out.table([
    ["NAME", "STATE", "FOLDER"],
    ...found.map(({ name, state, folder }) => [name, words.states[state], printable(folder)]),
  ], { isWhole: true });
}

const work = { install, uninstall, list };

// deno-lint-ignore require-await -- every command's run resolves
async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const [word, ...operands] = args.operands;
  const action = readAction(word, actions);
  using out = output(context, args.flags);
  work[action]({ operands, args, context, out });
  return ExitCode.ok;
}

/** `civikit extension`: civikit inside web UIs. */
export const extensionCommand: Command = {
  usage: "extension [install|uninstall|list] [...] [options]",
  flags,
  actions,
  usualAction: "list",
  help: bilingual(extensionText, ({ help }) => help),
  run,
};
