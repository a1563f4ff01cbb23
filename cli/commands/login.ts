import { CivikitError } from "../../transport/mod.ts";
import type { Me } from "../../api/mod.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { outputFlags, siteFlags } from "../options/shared_flags.ts";
import { type KeySite, siteFlag, siteOption } from "../options/site_option.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode, exitCode } from "../exit_code.ts";
import { openSession } from "../run/session.ts";
import { checkKey, keyPage, loadKeys, onlyKey } from "../settings/keys.ts";
import { keyPath } from "../settings/places.ts";
import { writePrivate } from "../settings/private_file.ts";
import { readSettings } from "../settings/read_settings.ts";
import { invalid } from "../settings/setting_words.ts";
import { describeFailure } from "../terminal/failure.ts";
import { type Output, output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { keysText } from "../texts/keys.ts";

const help = {
  en: `Asks for the key on the terminal, where it is not shown; elsewhere it reads one
line of the standard input. The site is asked whose key it is, and a key it
refuses is not kept (exit code 3). The key is written to a file that only you
can read; "civikit paths" tells where. Keys are made at
${keyPage}.

Each site can have a key of its own; the one of civitai.com serves all the others.
CIVITAI_API_KEY goes before what is kept.

examples:
  civikit login
  civikit login --site civitai.red
  pass show civitai | civikit login`,
  "zh-TW": `在終端機詢問金鑰，輸入時不顯示；不是終端機時，從標準輸入讀一行。接著問網站這
是誰的金鑰，網站不接受就不存（結束代碼 3）。金鑰寫進只有您能讀的檔案，
「civikit paths」會告訴您在哪裡。金鑰在這裡建立：
${keyPage}

每個網站可以有自己的金鑰；civitai.com 的金鑰也用於其他網站。CIVITAI_API_KEY 優先
於存下來的金鑰。

範例：
  civikit login
  civikit login --site civitai.red
  pass show civitai | civikit login`,
};

const flags = {
  ...siteFlag,
  keep: {
    type: "switch",
    help: {
      en: "keep the key even if the site refuses it or cannot be asked",
      "zh-TW": "網站不接受或無法連線時，也存下金鑰",
    },
  },
  json: outputFlags.json,
  noMonitor: siteFlags.noMonitor,
} as const satisfies Flags;

type LoginArgs = Args<typeof flags>;

async function typedKey({ host, baseUrl }: KeySite, { io, locale }: CommandContext): Promise<string> {
  const typed = await io.askSecret(keysText[locale].ask(host, `${baseUrl}/user/account`));
  if (typed !== null) return checkKey(typed, "the terminal");
  const line = await io.stdinLine();
  if (line === null) {
    const state = "nothing there, and no terminal to ask on; try: civikit login < FILE";
    throw invalid(`reading the API key from the standard input: ${state}`, "the standard input");
  }
  return checkKey(line, "the standard input");
}

/** Whose key it is: null when the site refuses it, undefined when it could not be asked and nobody minds. */
async function ownerOf(
  key: string,
  { baseUrl }: KeySite,
  { flags }: LoginArgs,
  context: CommandContext,
  out: Output,
): Promise<Me | null | undefined> {
  const session = { ...out, keys: onlyKey(key, "the terminal") };
  // the site that is named, whichever one the settings name
  const { options } = context.settings;
  const settings = await readSettings({ ...options, flags: { ...options.flags, baseUrl } });
  using open = await openSession({ flags: { ...flags, baseUrl, askKey: false } }, { ...context, settings }, session);
  try {
    return await open.api.checkKey(open);
  } catch (error) {
    if (flags.keep && error instanceof CivikitError && !open.signal.aborted) return undefined;
    if (!open.signal.aborted) out.note(keysText[context.locale].notKept);
    throw error;
  }
}

async function run(args: LoginArgs, context: CommandContext): Promise<number> {
  const { io, style, locale } = context;
  const text = keysText[locale];
  using out = output(context, args.flags);
  const site = siteOption(args.flags.site, context.settings.value("baseUrl"));
  const path = keyPath(io.env, site.host);
  if (path === undefined) {
    throw invalid("keeping the API key: there is no home folder; set HOME, or CIVITAI_API_KEY instead", "HOME");
  }
  const key = await typedKey(site, context);
  const me = await ownerOf(key, site, args, context, out);
  if (me === null && !args.flags.keep) {
    const error = new CivikitError(`asking ${site.host} whose key it is: it does not accept this key`, {
      code: "unauthorized",
      reason: "key_refused",
    });
    if (out.isJson) throw error;
    io.stderr(`${describeFailure(error, undefined, locale, style)}${text.notKept}\n`);
    return exitCode(error);
  }
  writePrivate(path, `${key}\n`);
  const name = me?.username === undefined || me.username === null ? null : String(me.username);
  const isAccepted = me === undefined ? null : me !== null;
  if (me) out.note(text.hello(printable(name ?? String(me.id)), site.host));
  else out.note(me === null ? text.keptRefused(site.host) : text.keptUnasked(site.host));
  out.emit({ event: "login", site: site.host, user: me?.id ?? null, name, accepted: isAccepted, path });
  out.note(text.kept(printable(path)));
  const used = loadKeys(io.env).find(site.host);
  if (used !== undefined && used.key !== key) out.note(text.shadowed(used.source));
  return ExitCode.ok;
}

/** `civikit login`: an API key for all later commands. */
export const loginCommand: Command = {
  usage: "login [options]",
  flags,
  mostOperands: 0,
  help,
  run,
};
