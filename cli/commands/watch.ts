import { resolve } from "node:path";
import type { WatchAction, WatchFilters, WatchOptions } from "../../hub/watch/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { fetchFlags, listFlags, outputFlags, searchFlags, siteFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import { addRules, changeRules, editRule, findRule, type RuleGiven, type RulesDesk } from "../run/edit_rules.ts";
import { openWatch } from "../run/watch_file.ts";
import { watchRun } from "../run/watch_run.ts";
import { layoutWords } from "../settings/check_text.ts";
import { output } from "../terminal/output.ts";
import { parseSize, printable } from "../terminal/text.ts";
import { showFinds, showRounds, showRule, showRules } from "../run/show_rules.ts";
import { bilingual } from "../texts/texts.ts";
import { watchText } from "../texts/watch.ts";

const actions = ["add", "list", "show", "edit", "pause", "resume", "remove", "run", "now", "history"] as const;

const flags = {
  ...{ type: searchFlags.type, base: searchFlags.base },
  format: {
    type: "list",
    value: "NAMES",
    suggests: ["SafeTensor", "GGUF", "PickleTensor", "ONNX", "Diffusers"],
    help: {
      en: "only with a file in one of these formats, and that file is taken",
      "zh-TW": "只要有這些格式檔案的，並下載那個檔案，例如 `SafeTensor,GGUF`",
    },
  },
  minSize: {
    type: "text",
    value: "SIZE",
    help: { en: "only with a file of at least this size: 10M", "zh-TW": "只要檔案至少這麼大的，例如 `10M`" },
  },
  maxSize: {
    type: "text",
    value: "SIZE",
    help: { en: "only with a file of at most this size: 7G", "zh-TW": "只要檔案最多這麼大的，例如 `7G`" },
  },
  level: {
    type: "word",
    value: "LEVEL",
    words: ["pg", "pg13", "r", "x", "xxx"],
    help: {
      en: "up to this level: pg, pg13, r, x, xxx (default: all)",
      "zh-TW": "最高到哪個分級：`pg`、`pg13`、`r`、`x`、`xxx`；不給就是全部",
    },
  },
  early: {
    type: "word",
    value: "HOW",
    words: ["take", "wait", "skip"],
    help: {
      en: "early access: take (the queue waits, default), wait (found once it is public), skip",
      "zh-TW": "搶先體驗的版本：`take`（佇列等到公開，預設）、`wait`（公開後才算找到）、`skip`（略過）",
    },
  },
  schedule: {
    type: "text",
    value: "WHEN",
    mayBeEmpty: true,
    usual: { en: "the setting watch.schedule", "zh-TW": "設定 watch.schedule" },
    help: {
      en: 'hourly, daily, weekly, "every 6h", "daily at 07:30", five words of cron; "" takes it back',
      "zh-TW": '多久執行一次：`hourly`、`daily`、`weekly`、`"every 6h"`、`"daily at 07:30"` 或 cron；`""` 恢復預設',
    },
  },
  timeZone: {
    type: "text",
    value: "ZONE",
    usual: { en: "that of this machine", "zh-TW": "這台電腦的時區" },
    help: {
      en: "zone of the schedule's clock, such as Asia/Taipei",
      "zh-TW": "排程看哪個時區的時間，例如 `Asia/Taipei`",
    },
  },
  tell: { type: "switch", help: { en: "new ones are only told", "zh-TW": "新的只通知，不加入佇列" } },
  enqueue: { type: "switch", help: { en: "new ones go to the queue (default)", "zh-TW": "新的加入佇列（預設）" } },
  since: {
    type: "span",
    value: "TIME",
    usual: { en: "what is published from now on", "zh-TW": "從現在起發布的" },
    help: {
      en: "add: what was published in the last TIME counts as new: 24h, 7d",
      "zh-TW": "只看最近這段時間：`90m`、`24h`、`7d`",
    },
  },
  backlog: {
    type: "whole",
    value: "N",
    least: 0,
    most: 100,
    default: 0,
    help: { en: "add: so many of the newest that are there count as new", "zh-TW": "已經在那裡的，最新的幾個也算新的" },
  },
  dir: {
    type: "text",
    short: "d",
    value: "FOLDER",
    usual: { en: "that of whoever works the queue off", "zh-TW": "由處理佇列的程式決定" },
    help: { en: "folder the files go into", "zh-TW": "下載的檔案放在哪個資料夾" },
  },
  root: {
    type: "text",
    value: "FOLDER",
    help: {
      en: "folder below which --layout makes folders",
      "zh-TW": "使用模型的程式所在的資料夾；`layout` 與 `folders` 從這裡算起",
    },
  },
  layout: {
    type: "text",
    value: "NAME",
    suggests: layoutWords,
    help: { en: "folders below the root, by program or template", "zh-TW": "模型放在根資料夾下的哪個資料夾（版面）" },
  },
  allFiles: { type: "switch", help: { en: "every file of a version", "zh-TW": "要版本裡的每個檔案" } },
  sidecars: {
    type: "switch",
    help: { en: "with .civitai.info, preview and .json beside it", "zh-TW": "模型旁邊寫其他程式會讀的附屬檔" },
  },
  once: { type: "switch", help: { en: "run: end when nothing is due", "zh-TW": "沒有事可做就結束，不繼續等" } },
  rounds: { type: "switch", help: { en: "history: the rounds", "zh-TW": "列出每一輪，而不是找到的東西" } },
  limit: listFlags.limit,
  dryRun: fetchFlags.dryRun,
  ...outputFlags,
  ...siteFlags,
} as const satisfies Flags;

type WatchArgs = Args<typeof flags>;

/** What the actions work with. */
interface Desk extends RulesDesk {
  readonly operands: readonly string[];
  readonly args: WatchArgs;
}

function sizeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  throw new UsageError(bilingual(watchText, (t) => t.sizeDue(name, printable(text))));
}

/** What of a rule was given; undefined where nothing was. */
function given({ flags }: WatchArgs): RuleGiven {
  const { type, base, format, minSize, maxSize, level, early, tell, enqueue } = flags;
  const { dir, root, layout, allFiles, sidecars, schedule, timeZone } = flags;
  if (tell && enqueue) throw new UsageError(bilingual(watchText, (t) => t.twoActions));
  const filters = {
    ...(base !== undefined && { bases: base }),
    ...(type !== undefined && { types: type }),
    ...(format !== undefined && { formats: format }),
    ...(minSize !== undefined && { minBytes: sizeOf("min-size", minSize) }),
    ...(maxSize !== undefined && { maxBytes: sizeOf("max-size", maxSize) }),
    ...(level !== undefined && { level }),
    ...(early !== undefined && { early }),
  } satisfies WatchFilters;
  const options = {
    ...(dir !== undefined && { dir: resolve(dir) }),
    ...(root !== undefined && { root: resolve(root) }),
    ...(layout !== undefined && { layout }),
    ...(allFiles && { allFiles }),
    ...(sidecars && { sidecars }),
  } satisfies WatchOptions;
  const action: WatchAction | undefined = tell ? "tell" : enqueue ? "queue" : undefined;
  return { filters, options, action, schedule, timeZone };
}

async function add(desk: Desk): Promise<number> {
  const { operands, args } = desk;
  if (operands.length === 0) throw new UsageError(bilingual(watchText, (t) => t.whatDue));
  const { since, backlog } = args.flags;
  const { schedule, ...rule } = given(args);
  const sinceMs = since === undefined ? undefined : Date.now() - since;
  return await addRules(operands, { ...rule, schedule: schedule || undefined, backlog, sinceMs }, desk);
}

/** The id of the one rule that was named. */
function oneId(operands: readonly string[]): string {
  const [id, ...more] = operands;
  if (id !== undefined && more.length === 0) return id;
  throw new UsageError(bilingual(watchText, (t) => t.oneId));
}

function edit(desk: Desk): number {
  const rule = findRule(oneId(desk.operands), desk);
  const { filters, options, ...others } = given(desk.args);
  const isSaid = [...Object.keys(filters), ...Object.keys(options)].length > 0 ||
    Object.values(others).some((value) => value !== undefined);
  if (!isSaid) throw new UsageError(bilingual(watchText, (t) => t.nothingToEdit));
  return editRule(rule, { filters, options, ...others }, desk);
}

function history(desk: Desk): number {
  const { store, operands, args, context, out } = desk;
  const rule = operands.length === 0 ? undefined : findRule(oneId(operands), desk).id;
  const which = { rule, limit: Math.min(args.flags.limit, 1000) };
  if (args.flags.rounds) showRounds(store, store.rounds(which), context, out);
  else showFinds(store, store.finds(which), context, out);
  return ExitCode.ok;
}

async function act(action: typeof actions[number], desk: Desk): Promise<number> {
  const { store, operands, args, context, out } = desk;
  switch (action) {
    case "add":
      return await add(desk);
    case "list":
      showRules(store, context, out);
      return ExitCode.ok;
    case "show":
      showRule(store, findRule(oneId(operands), desk), {
        ...{ locale: context.locale, schedule: context.settings.value("watch.schedule") },
      }, out);
      return ExitCode.ok;
    case "edit":
      return edit(desk);
    case "history":
      return history(desk);
    case "run":
      if (operands.length > 0) throw new UsageError(bilingual(watchText, (t) => t.idsDue));
      return await watchRun(store, { isDry: args.flags.dryRun, isWatching: !args.flags.once }, args, context, out);
    case "now": {
      const ids = operands.length === 0 || operands[0] === "all"
        ? store.list().filter(({ isPaused }) => !isPaused).map(({ id }) => id)
        : operands.map((id) => findRule(id, desk).id);
      return await watchRun(store, { ids, isDry: args.flags.dryRun }, args, context, out);
    }
    default:
      if (operands.length === 0) throw new UsageError(bilingual(watchText, (t) => t.idsDue));
      return changeRules(action, operands, desk);
  }
}

async function run(args: WatchArgs, context: CommandContext): Promise<number> {
  const [word, ...operands] = args.operands;
  const action = readAction(word, actions);
  using out = output(context, args.flags);
  using store = openWatch(context, context.settings, out.note);
  return await act(action, { store, operands, args, context, out, isDry: args.flags.dryRun });
}

/** `civikit watch`: what is published is found by itself. */
export const watchCommand: Command = {
  usage: "watch [<action>] [<what>...] [options]",
  flags,
  actions,
  usualAction: "list",
  help: bilingual(watchText, ({ help }) => help),
  run,
};
