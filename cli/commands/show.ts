import { statSync } from "node:fs";
import { modelFacts, setUsage } from "../../api/mod.ts";
import { factRows } from "../../hub/run/mod.ts";
import { CivikitError } from "../../transport/mod.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { hashFlags, outputFlags, siteFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Command, CommandContext } from "../command.ts";
import { openHashes } from "../run/hash_store.ts";
import { secondSource } from "../run/second_source.ts";
import { openSession } from "../run/session.ts";
import { output } from "../terminal/output.ts";
import { shellWord } from "../terminal/shell_word.ts";
import { printable } from "../terminal/text.ts";
import { columnName } from "../texts/columns.ts";
import { showHelp, showText } from "../texts/show.ts";
import { bilingual } from "../texts/texts.ts";

const flags = {
  offline: {
    type: "switch",
    help: { en: "ask nobody: only hash, and use what is remembered", "zh-TW": "不問任何人，只用記得的結果" },
  },
  note: {
    type: "text",
    value: "TEXT",
    mayBeEmpty: true,
    help: {
      en: "write a note in place of the last one; an empty one takes it away",
      "zh-TW": "寫下筆記，取代之前的；空的就是拿掉",
    },
  },
  ownTags: {
    type: "list",
    value: "WORD",
    help: {
      en: "put tags there, with commas between; -WORD takes one away",
      "zh-TW": "加上標籤，以逗號分隔；`-WORD` 是拿掉",
    },
  },
  words: {
    type: "list",
    mayBeEmpty: true,
    value: "WORD",
    help: { en: "your own trigger words; an empty list takes them away", "zh-TW": "自己的觸發詞；空的就是拿掉" },
  },
  ...hashFlags,
  ...outputFlags,
  ...siteFlags,
} as const satisfies Flags;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { locale, settings } = context;
  const { json, quiet, offline, note, ownTags: tags, words } = args.flags;
  const text = showText[locale];
  if (args.operands.length === 0) throw new UsageError(bilingual(showText, (t) => t.nothing));
  if (args.operands.length > 1 && (note ?? words) !== undefined) {
    throw new UsageError(bilingual(showText, (t) => t.oneNote));
  }
  const folder = args.operands.find((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
  if (folder !== undefined) throw new UsageError(bilingual(showText, (t) => t.isFolder(shellWord(printable(folder)))));
  const isChange = [note, tags, words].some((one) => one !== undefined);
  const addTags = tags?.filter((one) => !one.startsWith("-"));
  const removeTags = tags?.filter((one) => one.startsWith("-")).map((one) => one.slice(1));
  using out = output(context, { json, quiet });
  using cache = openHashes(args, context, out.note);
  using session = await openSession(args, context, out);
  const { api, transport, signal } = session;
  const second = offline ? undefined : secondSource(settings, transport);
  let shown = 0;
  for (const path of args.operands) {
    try {
      if (isChange && statSync(path, { throwIfNoEntry: false }) !== undefined) {
        await setUsage(path, { notes: note, addTags, removeTags, triggerWords: words, signal });
      }
      out.progress(text.hashing);
      const onError = (error: CivikitError) => out.fail(error, path);
      const facts = await modelFacts(offline ? null : api, path, { cache, hash: true, onError, signal });
      out.close();
      const copy = facts.goneAt !== null && facts.sha256 !== null && second !== undefined
        ? await second.byHash(facts.sha256, { signal }).catch(() => null)
        : null;
      shown++;
      if (json) out.show({ event: "model", ...facts, secondSource: copy && second!.name }, "");
      else {
        if (shown > 1) out.print("\n");
        const rows = factRows(facts, text, locale, copy && second!.name);
        out.facts(rows.map(([name, value]) => [columnName(locale, name), value]));
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof CivikitError)) throw error;
      out.fail(error, path);
    }
  }
  return out.finish({ shown }, "");
}

/** `civikit show`: everything that is known of model files. */
export const showCommand: Command = {
  usage: "show <file>... [options]",
  operands: "file",
  flags,
  help: showHelp,
  run,
};
