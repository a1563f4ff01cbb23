import type { CommandContext } from "../command.ts";
import { ExitCode, exitCode, sharedExitCode } from "../exit_code.ts";
import { isGranted } from "../settings/rights.ts";
import { invalid } from "../settings/setting_words.ts";
import type { SettingsStore } from "../settings/settings_store.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { settingsText } from "../texts/settings.ts";

/** Opens the file in an editor, where one may be run, and tells what is wrong with it after that. */
export async function editSettings(store: SettingsStore, { io, locale }: CommandContext, out: Output): Promise<number> {
  const { isThere } = store.read();
  if (!isThere) store.merge({});
  const [program, ...args] = (io.env("VISUAL") || io.env("EDITOR") || "").split(/\s+/).filter(Boolean);
  // no program is run of its own accord: this one was asked for, and only where Deno was told that it may be
  if (program === undefined || !isGranted([{ name: "run", command: program }])) {
    out.emit({ event: "edit", path: store.path, program: null }, settingsText[locale].noEditor(printable(store.path)));
    return ExitCode.ok;
  }
  let success: boolean;
  try {
    const streams = { stdin: "inherit", stdout: "inherit", stderr: "inherit" } as const;
    ({ success } = await new Deno.Command(program, { args: [...args, store.path], ...streams }).spawn().status);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw invalid(
      `running the editor "${printable(program)}": there is no such program; set VISUAL or EDITOR`,
      "EDITOR",
    );
  }
  if (!success) return ExitCode.other;
  const { faults } = store.read();
  for (const fault of faults) out.fail(fault, store.path);
  return sharedExitCode(faults.map(exitCode));
}
