import { resolve } from "node:path";
import {
  endedStates,
  type JobAction,
  type JobOptions,
  type JobQueue,
  type JobState,
  jobStates,
} from "../../hub/queue/mod.ts";
import { InputError } from "../../transport/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { fetchFlags, fileFlags, hashFlags, listFlags, outputFlags, siteFlags } from "../options/shared_flags.ts";
import { layoutWords } from "../settings/check_text.ts";
import { UsageError } from "../options/usage_error.ts";
import { addReferences, openQueue } from "../run/queue_file.ts";
import { queueRun } from "../run/queue_run.ts";
import { collectReferences } from "../run/reference_list.ts";
import { showJobs } from "../run/show_jobs.ts";
import { type Output, output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { type QueueText, queueText } from "../texts/queue.ts";
import { bilingual } from "../texts/texts.ts";

const actions = [
  "add",
  "list",
  "run",
  "pause",
  "resume",
  "skip",
  "move",
  "retry",
  "cancel",
  "remove",
  "clear",
] as const;

const flags = {
  dir: {
    type: "text",
    short: "d",
    value: "FOLDER",
    usual: { en: "that of whoever works it off", "zh-TW": "由處理佇列的程式決定" },
    help: { en: "add: folder the files go into", "zh-TW": "下載的檔案放在哪個資料夾" },
  },
  root: {
    type: "text",
    value: "FOLDER",
    help: {
      en: "add: folder below which --layout makes folders",
      "zh-TW": "使用模型的程式所在的資料夾；`layout` 與 `folders` 從這裡算起",
    },
  },
  layout: {
    type: "text",
    value: "NAME",
    suggests: layoutWords,
    help: {
      en: "add: folders below the root, by program or template",
      "zh-TW": "模型放在根資料夾下的哪個資料夾（版面）",
    },
  },
  output: {
    type: "text",
    short: "o",
    value: "NAME",
    help: {
      en: "add: file name to save under (one file only)",
      "zh-TW": "下載的檔案叫什麼名字（只有一個檔案時）；不給就照 Civitai 或伺服器的命名",
    },
  },
  ...fileFlags,
  sidecars: {
    type: "switch",
    help: {
      en: "add: with .civitai.info, preview and .json beside it",
      "zh-TW": "模型旁邊寫其他程式會讀的附屬檔",
    },
  },
  sha256: {
    type: "digest",
    value: "HEX",
    help: { en: "add: the SHA-256 the file must have", "zh-TW": "檔案一定要有這個 SHA-256" },
  },
  from: {
    type: "text",
    short: "i",
    value: "FILE",
    help: {
      en: "add: read references from FILE, one a line; # starts a comment",
      "zh-TW": "要下載什麼，從檔案讀，一行一個（UTF-8，或有 BOM 的 UTF-16）",
    },
  },
  force: {
    ...fetchFlags.force,
    help: { ...fetchFlags.force.help, en: "add: replace other files that are in the way" },
  },
  before: {
    type: "text",
    value: "ID",
    help: { en: "move: right before this job", "zh-TW": "佇列的項目移到這一項前面" },
  },
  after: { type: "text", value: "ID", help: { en: "move: right after this job", "zh-TW": "佇列的項目移到這一項後面" } },
  state: {
    type: "list",
    value: "NAMES",
    suggests: jobStates,
    help: { en: "list: only in these states", "zh-TW": "佇列只列這些狀態的" },
  },
  limit: listFlags.limit,
  all: listFlags.all,
  resume: listFlags.resume,
  watch: {
    type: "switch",
    short: "w",
    help: {
      en: "run: wait for more when the queue is empty",
      "zh-TW": "持續更新傳輸清單，或持續處理佇列，直到按 Ctrl-C",
    },
  },
  jobs: fetchFlags.jobs,
  parallel: fetchFlags.parallel,
  limitRate: fetchFlags.limitRate,
  ...hashFlags,
  ...outputFlags,
  ...siteFlags,
} as const satisfies Flags;

type QueueArgs = Args<typeof flags>;

/** What the actions work with. */
interface Desk {
  readonly queue: JobQueue;
  readonly operands: readonly string[];
  readonly args: QueueArgs;
  readonly context: CommandContext;
  readonly out: Output;
  readonly baseUrl: string;
}

/** Puts what can be understood into the queue, and says what cannot. */
async function add({ queue, operands, args: { flags }, context, out, baseUrl }: Desk): Promise<number> {
  const words = queueText[context.locale];
  if (operands.length === 0 && flags.from === undefined) {
    throw new UsageError("nothing to add: give a version id, model:<id>, an AIR or a URL");
  }
  const { file, allFiles, dir, root, layout, output, sidecars, sha256, force } = flags;
  const options: JobOptions = {
    ...{ file, layout, output, sha256, dir: dir && resolve(dir), root: root && resolve(root) },
    ...(allFiles && { allFiles }),
    ...(sidecars && { sidecars }),
    ...(force && { force }),
  };
  const references = await collectReferences(operands, flags.from, context.io);
  return await addReferences(queue, references, options, { out, words, baseUrl });
}

async function list({ queue, args: { flags }, context, out }: Desk): Promise<number> {
  const states = flags.state?.map((state) => readState(state));
  const { all, limit, resume: after } = flags;
  await showJobs(queue, { states, after, limit: all ? Infinity : limit }, out, queueText[context.locale]);
  return ExitCode.ok;
}

function readState(text: string): JobState {
  const state = jobStates.find((state) => state === text.trim().toLowerCase());
  if (state !== undefined) return state;
  throw new UsageError(`option --state "${printable(text)}": unknown, ${jobStates.join(", ")} are the states`);
}

/** What `all` stands for. */
const allOf: Readonly<Record<JobAction, readonly JobState[]>> = {
  pause: jobStates,
  resume: jobStates,
  skip: [],
  retry: ["failed"],
  cancel: ["waiting", "paused", "resolving", "downloading", "verifying"],
  remove: jobStates,
};

async function change(action: JobAction, { queue, operands, context, out }: Desk): Promise<number> {
  const words = queueText[context.locale];
  if (operands.length === 0 || (action === "skip" && operands[0] === "all")) throw new UsageError(words.idsDue);
  if (operands.length === 1 && operands[0] === "all") {
    const changed = await queue.changeAll(allOf[action], action);
    return out.finish({ action, changed }, `${words.changed(changed, action)}\n`);
  }
  let changed = 0;
  for (const id of operands) {
    try {
      const job = await queue.change(id, action);
      if (job === undefined) throw missing(id, words);
      changed++;
      out.emit({ event: action, ...job });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      out.fail(error, printable(id));
    }
  }
  return out.finish({ action, changed }, `${words.changed(changed, action)}\n`);
}

function missing(id: string, words: QueueText): InputError {
  return new InputError(words.noJob(printable(id)), { code: "invalid_argument", input: id });
}

async function move({ queue, operands, args: { flags }, context, out }: Desk): Promise<number> {
  const words = queueText[context.locale];
  const { before, after } = flags;
  const [id, ...more] = operands;
  if (id === undefined || more.length > 0) throw new UsageError(words.oneId);
  if ((before === undefined) === (after === undefined)) throw new UsageError(words.moveWhere);
  const job = await queue.move(id, before === undefined ? { after: after! } : { before });
  if (job === undefined) throw missing(id, words);
  out.emit({ event: "move", ...job });
  return out.finish({ action: "move", changed: 1 }, `${words.changed(1, "move")}\n`);
}

async function clear({ queue, context, out }: Desk): Promise<number> {
  const changed = await queue.changeAll(endedStates, "remove");
  return out.finish({ action: "clear", changed }, `${queueText[context.locale].changed(changed, "remove")}\n`);
}

async function act(action: typeof actions[number], desk: Desk): Promise<number> {
  switch (action) {
    case "add":
      return await add(desk);
    case "list":
      return await list(desk);
    case "run":
      return await queueRun(desk.queue, desk.args, desk.context, desk.out);
    case "move":
      return await move(desk);
    case "clear":
      return await clear(desk);
    default:
      return await change(action, desk);
  }
}

async function run(args: QueueArgs, context: CommandContext): Promise<number> {
  const [word, ...operands] = args.operands;
  const action = readAction(word, actions);
  using out = output(context, args.flags);
  const baseUrl = context.settings.value("baseUrl");
  await using queue = await openQueue(context, baseUrl, out.note);
  return await act(action, { queue, operands, args, context, out, baseUrl });
}

/** `civikit queue`: what is to be downloaded, by a service or later. */
export const queueCommand: Command = {
  usage: "queue [<action>] [<what>...] [options]",
  flags,
  actions,
  usualAction: "list",
  help: bilingual(queueText, ({ help }) => help),
  run,
};
