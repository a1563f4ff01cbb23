import type { TrialResult } from "../../testing/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { outputFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import { type Output, output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { sandboxText } from "../texts/sandbox.ts";
import { bilingual } from "../texts/texts.ts";
import { loadPart } from "../missing_part.ts";

// these paths are hidden from Deno, which would read all of them for the help, too
const loadCheck = async () =>
  await import("../run/sandbox/check_command.ts" as string) as typeof import("../run/sandbox/check_command.ts");
const loadSandbox = async () =>
  await import("../run/sandbox/run_sandbox.ts" as string) as typeof import("../run/sandbox/run_sandbox.ts");
const loadFaults = async () =>
  await import("../run/sandbox/sandbox_faults.ts" as string) as typeof import("../run/sandbox/sandbox_faults.ts");

const flags = {
  port: {
    type: "whole",
    short: "p",
    value: "N",
    least: 0,
    most: 65_535,
    default: 0,
    help: { en: "port to listen on; 0 is any free one", "zh-TW": "伺服器聽哪個連接埠" },
  },
  faults: {
    type: "list",
    value: "NAMES",
    help: {
      en: "trouble from the start, such as reset,expire,429",
      "zh-TW": "一開始就製造的麻煩，例如 reset,expire,429",
    },
    suggests: ["reset", "fin", "expire", "429", "busy", "stall", "slow", "corrupt", "range", "html", "maintenance"],
  },
  only: {
    type: "list",
    value: "TRIALS",
    help: { en: "check: only these trials, by name", "zh-TW": "check：只做這些項目（以名稱指定）" },
  },
  maxTime: {
    type: "whole",
    value: "SECS",
    least: 1,
    most: 3600,
    default: 75,
    help: { en: "check: longest time for a trial", "zh-TW": "check：每個項目最長的時間" },
  },
  markdown: { type: "switch", help: { en: "as Markdown", "zh-TW": "以 Markdown 輸出" } },
  json: outputFlags.json,
} as const satisfies Flags;

type SandboxArgs = Args<typeof flags>;

/** The trials a check may be asked for by name. */
const trialNames = Object.keys(sandboxText.en.trials);

function readCheck({ operands: [, ...command], flags }: SandboxArgs) {
  if (flags.port !== 0 || flags.faults) throw new UsageError(bilingual(sandboxText, (t) => t.notBoth));
  if (command.length === 0) throw new UsageError(bilingual(sandboxText, (t) => t.noCommand));
  for (const place of ["{url}", "{out}"]) {
    if (!command.some((word) => word.includes(place))) {
      throw new UsageError(bilingual(sandboxText, (t) => t.noPlace(place)));
    }
  }
  const unknown = flags.only?.find((name) => !trialNames.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(bilingual(sandboxText, (t) => t.unknownTrial(printable(unknown), trialNames)));
  }
  return { command, only: flags.only, limitMs: flags.maxTime * 1000 };
}

async function check(args: SandboxArgs, context: CommandContext, out: Output): Promise<number> {
  const { locale, style } = context;
  const text = sandboxText[locale];
  const asked = readCheck(args);
  const { checkCommand } = await loadPart(loadCheck);
  const results: TrialResult[] = [];
  if (args.flags.markdown) out.print("| | |\n| --- | --- |\n");
  for await (const result of checkCommand(asked, context)) {
    const { trial, verdict, isGood, code, requests, sentBytes } = result;
    results.push(result);
    const { name } = trial;
    const what = text.trials[name] ?? trial.what;
    const said = text.verdicts[verdict];
    const ending = code === undefined ? "" : `, exit ${code}`;
    const line = args.flags.markdown
      ? `| ${what} | ${isGood ? said : `**${said}**`}${ending} |`
      : `${(isGood ? style.good : style.bad)(said)}${ending}  ${what} (${name}, ${formatBytes(sentBytes)})`;
    out.show({ event: "trial", name, verdict, isGood, code: code ?? null, requests, sentBytes }, `${line}\n`);
  }
  const good = results.filter(({ isGood }) => isGood).length;
  out.finish({ good, trials: results.length }, args.flags.markdown ? "" : `${text.good(good, results.length)}\n`);
  return good === results.length ? ExitCode.ok : ExitCode.verification;
}

async function run(args: SandboxArgs, context: CommandContext): Promise<number> {
  using out = output(context, args.flags);
  const { operands: [word], flags: { port, faults = [], only, markdown } } = args;
  if (word !== undefined) {
    readAction(word, ["check"]);
    return await check(args, context, out);
  }
  for (const [name, given] of Object.entries({ only, markdown })) {
    if (given) throw new UsageError(bilingual(sandboxText, (t) => t.onlyForCheck(name)));
  }
  const [{ runSandbox }, { sandboxFaults }] = await Promise.all([
    loadPart(loadSandbox),
    loadPart(loadFaults),
  ]);
  const words = Object.keys(sandboxFaults);
  const unknown = faults.find((name) => !words.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(bilingual(sandboxText, (t) => t.unknownFault(printable(unknown), words)));
  }
  await runSandbox({ port, faults }, context, out);
  return ExitCode.ok;
}

/** `civikit sandbox`: a Civitai of one's own, and what a downloader does to it. */
export const sandboxCommand: Command = {
  usage: "sandbox [check -- COMMAND ...] [options]",
  help: bilingual(sandboxText, ({ help }) => help),
  actions: ["check"],
  flags,
  run,
};
