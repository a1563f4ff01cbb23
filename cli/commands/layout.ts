import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import { placeFlags } from "../options/download_place.ts";
import type { Flags } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { outputFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import { comfyPaths, modelPlaces, webuiArguments, writeComfyPaths } from "../run/export_layout.ts";
import { type Output, output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { layoutText } from "../texts/layout.ts";
import { bilingual } from "../texts/texts.ts";

const flags = {
  out: {
    type: "text",
    value: "FILE",
    help: { en: "write it into FILE, beside what is there", "zh-TW": "寫進檔案；檔案裡其他的東西都保留" },
  },
  ...placeFlags,
  json: outputFlags.json,
  quiet: outputFlags.quiet,
} as const satisfies Flags;

const programs = ["comfyui", "a1111", "forge"] as const;

function programOf(text: string | undefined): typeof programs[number] {
  const list = programs.join(", ");
  if (text === undefined) throw new UsageError(bilingual(layoutText, (t) => t.programDue(list)));
  const known = programs.find((name) => name === text.toLowerCase());
  if (known !== undefined) return known;
  throw new UsageError(bilingual(layoutText, (t) => t.programUnknown(printable(text), list)));
}

async function exportComfy(file: string | undefined, context: CommandContext, out: Output): Promise<void> {
  const places = modelPlaces(context.settings);
  const words = layoutText[context.locale];
  if (file === undefined) {
    const text = await comfyPaths(places, undefined, "extra_model_paths.yaml");
    return out.show({ program: "comfyui", root: places.root, text }, text);
  }
  const state = await writeComfyPaths(places, file);
  out.emit({ event: state, program: "comfyui", root: places.root, path: file }, words[state](printable(file)));
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { operands: [action, name], flags: { out: file, json } } = args;
  readAction(action, ["export"]);
  const program = programOf(name);
  using out = output(context, args.flags);
  if (program === "comfyui") {
    await exportComfy(file, context, out);
    return ExitCode.ok;
  }
  if (file !== undefined) throw new UsageError(bilingual(layoutText, (t) => t.outIsComfy));
  const places = modelPlaces(context.settings);
  const { line, left, arguments: words } = webuiArguments(program, places);
  out.show({ program, root: places.root, arguments: words, left }, `${line}\n`);
  if (left.length > 0 && !json) out.note(layoutText[context.locale].left(left.map(printable).join(", ")));
  return ExitCode.ok;
}

/** `civikit layout`: says to programs where the models are. */
export const layoutCommand: Command = {
  usage: "layout export comfyui|a1111|forge [options]",
  flags,
  actions: ["export"],
  mostOperands: 2,
  help: bilingual(layoutText, ({ help }) => help),
  run,
};
