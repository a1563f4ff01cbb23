import { rmSync } from "node:fs";
import { wrapDiskError } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { outputFlags } from "../options/shared_flags.ts";
import { siteFlag, siteOption } from "../options/site_option.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { commonKey, keyPage } from "../settings/keys.ts";
import { keyPath } from "../settings/places.ts";
import { output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { keysText } from "../texts/keys.ts";

const help = {
  en: `Removes the key file, even one that cannot be read as a key. A key in the
environment is not touched, and the key itself stays valid until it is revoked at
${keyPage}.

examples:
  civikit logout
  civikit logout --site civitai.red`,
  "zh-TW": `移除金鑰檔，內容讀不懂也一樣移除。環境變數裡的金鑰不受影響；金鑰本身在撤銷之前
仍然有效，撤銷請到：
${keyPage}

範例：
  civikit logout
  civikit logout --site civitai.red`,
};

const flags = { ...siteFlag, json: outputFlags.json } as const satisfies Flags;

/** Removes a file; tells whether there was one. */
function remove(path: string): boolean {
  try {
    rmSync(path);
    return true;
  } catch (error) {
    const wrapped = wrapDiskError(error, path, "removing");
    if (wrapped.code === "folder_missing" || wrapped.reason === "not_a_folder") return false;
    throw wrapped;
  }
}

function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io, locale } = context;
  const text = keysText[locale];
  using out = output(context, args.flags);
  const { host } = siteOption(args.flags.site, context.settings.value("baseUrl"));
  const path = keyPath(io.env, host);
  const isRemoved = path !== undefined && remove(path);
  const event = { event: "logout", site: host, path: path ?? null, removed: isRemoved };
  out.emit(event, isRemoved ? text.removed(printable(path)) : text.nothing(host));
  if (isRemoved) out.note(text.revoke(keyPage));
  const left = commonKey(io.env);
  if (left !== undefined) out.note(text.left(left.source));
  return Promise.resolve(ExitCode.ok);
}

/** `civikit logout`: the key file is gone. */
export const logoutCommand: Command = {
  usage: "logout [options]",
  flags,
  mostOperands: 0,
  help,
  run,
};
