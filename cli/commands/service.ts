import { dirname, resolve } from "node:path";
import { CivikitError } from "../../transport/mod.ts";
import { closest } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { outputFlags, serviceFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { askHealth, serviceUrl } from "../run/units/ask_health.ts";
import { containerKinds, filledContainer } from "../run/units/containers.ts";
import { makeUnit, originFor, programFor } from "../run/units/make_unit.ts";
import { commandsToStart, commandsToStop } from "../run/units/next_commands.ts";
import { systemOf, type UnitKind, unitKinds } from "../run/units/originals.ts";
import { removeUnit } from "../run/units/remove_unit.ts";
import { originOf } from "../run/units/seal.ts";
import { placeOf, scopeEnv, scopeSettings, unitWishes } from "../run/units/service_scope.ts";
import type { ServiceStatus } from "../run/units/service_status.ts";
import { lookAtUnit, unitDiff, unitKindOf, unitPath, type UnitScope, writeUnit } from "../run/units/unit_file.ts";
import { queuePath } from "../settings/places.ts";
import { alignedRows } from "../terminal/columns.ts";
import { type Output, output } from "../terminal/output.ts";
import { printable, withColons } from "../terminal/text.ts";
import { bilingual } from "../texts/texts.ts";
import { serviceHelp, serviceText } from "../texts/units.ts";

const flags = {
  ...serviceFlags,
  port: { type: "setting", setting: "serve.port", short: "p", value: "N" },
  json: outputFlags.json,
} as const satisfies Flags;

const actions = ["install", "uninstall", "status", "health", "print"] as const;

/** What an action works with. */
interface Act {
  readonly operands: readonly string[];
  readonly scope: UnitScope;
  readonly context: CommandContext;
  readonly out: Output;
}

/** The unit of this system and scope, and where it belongs. @throws {UsageError} Where there is none. */
function unitHere({ scope, context: { io } }: Act): { readonly kind: UnitKind; readonly path: string } {
  const kind = unitKindOf(scope);
  if (kind === undefined) throw new UsageError(bilingual(serviceText, (t) => t.noUnit));
  const path = unitPath(kind, io.env);
  if (path === undefined) throw new UsageError(bilingual(serviceText, (t) => t.noPlace));
  return { kind, path };
}

const typedPort = ({ settings }: CommandContext) =>
  settings.source("serve.port") === "flag" ? settings.value("serve.port") : undefined;

/** Files of this civikit that the unit for the whole machine would hide from it. */
function hiddenFiles(kind: UnitKind): readonly string[] {
  return kind === "systemd" ? programFor(kind).files.filter((path) => /^\/(?:home|root|run\/user)\//.test(path)) : [];
}

async function install(act: Act): Promise<number> {
  const { operands, context, out } = act;
  const { io, settings, locale } = context;
  const text = serviceText[locale];
  const { kind, path } = unitHere(act);
  const wishes = unitWishes(operands, settings, typedPort(context));
  const unit = makeUnit(kind, originFor(kind, wishes, io.env));
  const file = lookAtUnit(kind, path);
  let result: ReturnType<typeof writeUnit>;
  try {
    result = writeUnit(file, unit);
  } catch (error) {
    if (!(error instanceof CivikitError) || error.reason !== "unit_edited") throw error;
    out.fail(error, printable(path));
    out.print(`${text.diff}\n${printableLines(await unitDiff(path, file.text!, unit))}`);
    return out.finish({ path, kind, result: "refused" }, "");
  }
  const commands = commandsToStart(kind, {
    path,
    wishes,
    isWritten: result !== "forbidden",
    isReplaced: result === "replaced" || result === "forbidden" && file.state !== "absent",
    program: programFor(kind).words,
    env: io.env,
  });
  for (const hidden of hiddenFiles(kind)) out.note(text.hidden(printable(hidden)));
  out.note(text[result](printable(path)));
  const lines = commands.map((command) => `  ${printable(command)}\n`).join("");
  out.show({ path, kind, result, commands }, `${text.left}\n${lines}`);
  return ExitCode.ok;
}

/** Lines that a terminal may be shown. */
const printableLines = (text: string) => text.split("\n").map(printable).join("\n");

function uninstall(act: Act): number {
  const { scope, context: { io, locale }, out } = act;
  const text = serviceText[locale];
  const { kind, path } = unitHere(act);
  const result = removeUnit(lookAtUnit(kind, path));
  const shown = printable(path);
  out.note(text[result](shown));
  const isOver = result === "removed" || result === "absent";
  const commands = result === "kept" ? [] : commandsToStop(kind, path, isOver);
  const lines = commands.map((command) => `  ${printable(command)}\n`).join("");
  const queue = queuePath(scopeEnv(scope, io.env));
  if (queue !== undefined) out.note(text.stay(printable(dirname(queue))));
  out.show({ path, kind, result, commands }, lines === "" ? "" : `${text.left}\n${lines}`);
  return isOver ? ExitCode.ok : ExitCode.other;
}

/** The service as it was installed, and where it listens. */
async function serviceHere({ scope, context }: Act) {
  const { io } = context;
  const env = scopeEnv(scope, io.env);
  const kind = unitKindOf(scope);
  const path = kind && unitPath(kind, io.env);
  const unit = kind === undefined || path === undefined ? undefined : { kind, path };
  const { text } = unit === undefined ? { text: undefined } : lookAtUnit(unit.kind, unit.path);
  const settings = await scopeSettings(scope, context);
  return { env, unit, place: placeOf(settings, text === undefined ? undefined : originOf(text), io.env) };
}

function statusRows(status: ServiceStatus, { locale }: CommandContext): string[][] {
  const text = serviceText[locale];
  const { rows } = text;
  const { unit, process, health, silence, queue, lastError, versions } = status;
  const time = (ms: number) => new Date(ms).toISOString();
  const parts = Object.entries(health?.checks ?? {})
    .map(([name, { level, output = "" }]) => `${name} ${text.health[level]}${output === "" ? "" : ` (${output})`}`);
  const counts = Object.entries(queue ?? {}).filter(([, count]) => count > 0).map(([name, count]) =>
    `${name} ${count}`
  );
  const shownQueue = queue === null ? text.unknown : counts.join(", ") || text.none;
  return [
    [rows.state, text.levels[status.level]],
    [rows.unit, unit === null ? text.none : `${text.units[unit.state]} (${unit.path})`],
    [rows.process, process === null ? text.none : text.process(process.pid, time(process.startedMs))],
    [rows.address, silence === null ? status.url : `${status.url}: ${silence}`],
    [rows.health, parts.join(", ") || text.none],
    [rows.queue, shownQueue],
    [rows.lastError, lastError === null ? text.none : `${time(lastError.atMs)} ${lastError.code} ${lastError.target}`],
    [rows.versions, text.versions(versions.command, versions.service ?? text.none, versions.unit ?? text.none)],
  ];
}

const statusCodes = { ok: ExitCode.ok, warning: ExitCode.other, stopped: ExitCode.network } as const;

async function status(act: Act): Promise<number> {
  const { context, out } = act;
  // the queue and the statistics are opened here alone; the cast hides them from who only asks for the health
  const { serviceStatus } = await import(
    "../run/units/service_status.ts" as string
  ) as typeof import("../run/units/service_status.ts");
  const found = await serviceStatus(await serviceHere(act));
  out.emit(found);
  // whole, however narrow the terminal: what is cut out of a path or an error is what one looks for
  out.print(alignedRows(statusRows(found, context).map((row) => row.map(printable))));
  return statusCodes[found.level];
}

async function health(act: Act): Promise<number> {
  const { context: { locale }, out } = act;
  const text = serviceText[locale];
  const { place } = await serviceHere(act);
  const answer = await askHealth(place);
  const url = serviceUrl(place);
  if (typeof answer === "string") {
    out.show({ url, level: null, error: answer }, `${withColons(text.levels.stopped, url, printable(answer))}\n`);
    return ExitCode.other;
  }
  const { level, version } = answer;
  out.show({ url, level, version }, `${withColons(text.health[level], `${url}, civikit ${printable(version)}`)}\n`);
  return level === "error" ? ExitCode.other : ExitCode.ok;
}

function print({ operands: [name, ...folders], context, out }: Act): number {
  const { io, settings, locale } = context;
  const kinds = [...unitKinds, ...containerKinds];
  if (name === undefined) throw new UsageError(bilingual(serviceText, (t) => t.kindDue(kinds)));
  const container = containerKinds.find((kind) => kind === name.toLowerCase());
  if (container !== undefined) {
    const root = folders[0] === undefined ? undefined : resolve(folders[0]);
    const text = filledContainer(container, { root, port: typedPort(context) });
    out.show({ kind: container, text }, text);
    return ExitCode.ok;
  }
  const kind = unitKinds.find((kind) => kind === name.toLowerCase());
  if (kind === undefined) {
    const near = closest(name, kinds);
    throw new UsageError(
      bilingual(serviceText, (t) => t.kindUnknown(printable(name), near === undefined ? kinds : [near])),
    );
  }
  const isHere = systemOf[kind] === Deno.build.os;
  const example = systemOf[kind] === "windows" ? "C:\\models" : "/srv/models";
  const wishes = isHere || folders.length > 0
    ? unitWishes(folders, settings, typedPort(context), example)
    : { roots: [example], isRootGiven: true, options: [] };
  if (!isHere) out.note(serviceText[locale].example);
  for (const hidden of hiddenFiles(kind)) out.note(serviceText[locale].hidden(printable(hidden)));
  // a unit is taken as it is: what it is printed for is a file
  const text = makeUnit(kind, originFor(kind, wishes, isHere ? io.env : () => undefined));
  out.show({ kind, text }, text);
  return ExitCode.ok;
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { operands: [word, ...operands], flags: { system, json } } = args;
  const name = readAction(word, actions);
  if (operands.length > 0 && name !== "install" && name !== "print") {
    throw new UsageError(`operand "${printable(operands[0]!)}": not expected`);
  }
  const out = output(context, { json });
  const act: Act = { operands, scope: system ? "system" : "user", context, out };
  return await { install, uninstall, status, health, print }[name](act);
}

/** `civikit service`: keeps the service running. */
export const serviceCommand: Command = {
  usage: "service [install|uninstall|status|health|print] [...] [options]",
  operands: { install: "folder", print: "folder" },
  flags,
  actions,
  usualAction: "status",
  help: serviceHelp,
  run,
};
