import type { CacheStore } from "../../cache/mod.ts";
import { CivikitError, InputError } from "../../transport/mod.ts";
import { missingRight } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import { storeFlags } from "../options/shared_flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { interrupt } from "../terminal/interrupt.ts";
import { cachePath, monitorPaths } from "../settings/places.ts";

const help = `Shows what the commands of the last 24 hours recorded, on a page that renews
itself, as JSON under /api, and for Prometheus under /metrics. It goes on until
it is interrupted.

It listens on 127.0.0.1. Any other --host needs a token of 16 characters or
more in CIVIKIT_SERVE_TOKEN, which browsers are asked for once and Prometheus
sends as a bearer token. Put a reverse proxy with TLS in front of it and name
the proxy's host with --allow-host.

examples:
  civikit serve
  civikit serve --port 9090
  CIVIKIT_SERVE_TOKEN=... civikit serve --host 0.0.0.0 --allow-host box.lan`;

const flags = {
  port: { type: "setting", setting: "serve.port", short: "p", value: "N" },
  host: { type: "setting", setting: "serve.host", value: "ADDRESS" },
  allowHost: { type: "setting", setting: "serve.allowedHosts", value: "NAMES" },
  ...storeFlags,
} as const satisfies Flags;

function serverOptions(args: Args<typeof flags>, { io }: CommandContext) {
  const { host: hostname, port, allowHost: allowedHosts } = args.flags;
  const token = io.env("CIVIKIT_SERVE_TOKEN") || undefined;
  return { hostname, port, allowedHosts, ...(token !== undefined && { token }) };
}

function listenError(error: unknown, place: string): CivikitError {
  const right = missingRight(error);
  if (right !== undefined) {
    const { reason, state } = right;
    return new CivikitError(`listening on "${place}": ${state}`, { code: "permission_denied", reason, cause: error });
  }
  const state = error instanceof Deno.errors.AddrInUse
    ? "in use"
    : error instanceof Deno.errors.PermissionDenied
    ? "not allowed; choose a --port above 1023"
    : "cannot be listened on";
  return new InputError(`listening on "${place}": ${state}`, {
    code: "invalid_argument",
    reason: error instanceof Deno.errors.AddrInUse ? "port_in_use" : undefined,
    input: place,
    cause: error,
  });
}

/** The commands' cache, where they made one. */
async function openCache({ io }: CommandContext): Promise<CacheStore | undefined> {
  const path = cachePath(io.env);
  if (!path) return undefined;
  try {
    if (!(await Deno.stat(path)).isFile) return undefined;
    const { sqliteStore } = await import("../../cache/mod.ts");
    return sqliteStore(path);
  } catch {
    return undefined;
  }
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io } = context;
  const { hostname, port, ...options } = serverOptions(args, context);
  const path = args.flags.store ?? monitorPaths(io.env)?.store;
  const { diagnostics, liveTable, metricsRegistry, statsStore } = await import("../../monitor/mod.ts");
  using store = path === undefined ? undefined : statsStore(path);
  using live = path === undefined ? undefined : liveTable(path);
  const registry = metricsRegistry();
  const cache = await openCache(context);
  const app = (() => {
    try {
      return diagnostics({
        registry,
        hostname,
        ...options,
        ...(store && { store }),
        ...(live && { live }),
        ...(cache && { cache: () => cache.stats() }),
      });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const { message } = error;
      throw new UsageError(message.startsWith("option token") ? `${message}; set CIVIKIT_SERVE_TOKEN` : message);
    }
  })();
  using _app = app;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  using _interrupt = interrupt(io, { onFirst: stop, onSecond: stop });
  const place = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({ hostname, port, onListen() {} }, app.fetch);
  } catch (error) {
    throw listenError(error, place);
  }
  const shown = hostname === "0.0.0.0" || hostname === "::" ? "127.0.0.1" : place.slice(0, place.lastIndexOf(":"));
  io.stdout(`http://${shown}:${server.addr.port}/\n`);
  if (io.isTerminal) io.stderr("Press Ctrl-C to stop.\n");
  await stopped;
  app.close();
  await server.shutdown();
  cache?.close();
  return ExitCode.ok;
}

/** `civikit serve`: the diagnostic server. */
export const serveCommand: Command = {
  name: "serve",
  summary: "Shows the numbers of the last 24 hours in the browser, and gives them to Prometheus.",
  usage: "serve [options]",
  mostOperands: 0,
  help,
  flags,
  run,
};
