import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import { projectFlags } from "../options/project_options.ts";
import { storeFlags } from "../options/shared_flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { serveToken } from "../settings/keys.ts";
import { pairingPath } from "../settings/places.ts";
import { interrupt } from "../terminal/interrupt.ts";
import { listenError } from "../run/listen_error.ts";
import { openBrowser } from "../run/open_browser.ts";
import { serveText } from "../texts/serve.ts";
import { serveHelp } from "../texts/service.ts";
import { loadPart } from "../missing_part.ts";

// these paths are hidden from Deno, which would read all of them for the help, too
const loadPairing = async () =>
  await import("../settings/pairing_token.ts" as string) as typeof import("../settings/pairing_token.ts");
const loadService = async () =>
  await import("../run/service_run.ts" as string) as typeof import("../run/service_run.ts");

const flags = {
  port: { type: "setting", setting: "serve.port", short: "p", value: "N" },
  host: { type: "setting", setting: "serve.host", value: "ADDRESS" },
  allowHost: { type: "setting", setting: "serve.allowedHosts", value: "NAMES" },
  open: { type: "switch", help: { en: "open the page in the browser", "zh-TW": "在瀏覽器開啟頁面" } },
  pair: {
    type: "switch",
    help: {
      en: "print address and pairing token for the userscript, and end",
      "zh-TW": "印出使用者腳本要填的位址與配對權杖，然後結束",
    },
  },
  project: projectFlags.project,
  ...storeFlags,
} as const satisfies Flags;

/** How long requests under way may take once it is to end, in milliseconds. */
const lastWordsMs = 2000;

function serverOptions(args: Args<typeof flags>, { io, settings }: CommandContext) {
  const { host: hostname, port, allowHost: allowedHosts } = args.flags;
  const token = serveToken(io.env);
  const trustedProxies = settings.value("serve.trustedProxies");
  return { hostname, port, allowedHosts, trustedProxies, ...(token !== undefined && { token }) };
}

/** As it is written in addresses; who listens everywhere is reached on this machine. */
function shownHost(hostname: string): string {
  if (hostname === "0.0.0.0" || hostname === "::") return "127.0.0.1";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** What a script in the browser is connected with, where no page can be looked at; a service may run meanwhile. */
async function pair({ hostname, port }: { hostname: string; port: number }, context: CommandContext): Promise<number> {
  const { io, locale } = context;
  const { pairingToken } = await loadPart(loadPairing);
  const token = pairingToken(pairingPath(io.env), [], true).token();
  io.stdout(`http://${shownHost(hostname)}:${port}/\n${token}\n`);
  if (io.isTerminal) io.stderr(`${serveText[locale].pair(port)}\n`);
  return ExitCode.ok;
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io, locale } = context;
  const words = serveText[locale];
  const { hostname, port, ...options } = serverOptions(args, context);
  if (args.flags.pair) return await pair({ hostname, port }, context);
  const note = (text: string) => io.stderr(`${text}\n`);
  const { openService } = await loadPart(loadService);
  const access = { hostname, ...options };
  await using app = await openService(context, { access, store: args.flags.store, project: args.flags.project, note })
    .catch((error) => {
      if (!(error instanceof TypeError)) throw error;
      const { message } = error;
      throw new UsageError(message.startsWith("option token") ? `${message}; set CIVIKIT_SERVE_TOKEN` : message);
    });
  using stop = interrupt(io, { onFirst: () => io.isTerminal && note(words.stopping), onSecond: () => {} });
  const place = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({ hostname, port, onListen() {} }, app.fetch);
  } catch (error) {
    throw listenError(error, place);
  }
  const url = `http://${shownHost(hostname)}:${server.addr.port}/`;
  io.stdout(`${url}\n`);
  if (io.isTerminal) note(words.stop);
  // what opens it may run as long as the browser does: nothing waits for it
  if (args.flags.open) void openBrowser(url).then((isOpened) => isOpened || note(words.notOpened));
  await app.work(stop.signal);
  await app.close();
  // answers under way are finished; whoever never ends asking is not waited for
  const { promise: isLate, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, lastWordsMs);
  await Promise.race([server.shutdown(), isLate]);
  clearTimeout(timer);
  return ExitCode.ok;
}

/** `civikit serve`: the download service. */
export const serveCommand: Command = {
  usage: "serve [options]",
  mostOperands: 0,
  help: serveHelp,
  flags,
  run,
};
