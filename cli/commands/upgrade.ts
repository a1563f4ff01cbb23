import { resolve } from "node:path";
import script from "../../deploy/upgrade.sh" with { type: "text" };
import { CivikitError, version } from "../../transport/mod.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { outputFlags, serviceFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { scopeEnv } from "../run/units/service_scope.ts";
import { thisProgram } from "../run/units/program.ts";
import { type KeptFile, keptFiles } from "../run/upgrade/kept_files.ts";
import { upgradeCommands } from "../run/upgrade/upgrade_commands.ts";
import { loadKeys } from "../settings/keys.ts";
import { interrupt } from "../terminal/interrupt.ts";
import { type Output, output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { bilingual } from "../texts/texts.ts";
import { upgradeHelp, upgradeText } from "../texts/upgrade.ts";

const flags = { system: serviceFlags.system, json: outputFlags.json } as const satisfies Flags;

/** What an action works with. */
interface Act {
  readonly folder: string;
  readonly files: readonly KeptFile[];
  readonly context: CommandContext;
  readonly out: Output;
}

// what each action needs is loaded by it; the casts hide the paths from Deno, which would read them at every start
async function check({ context, out }: Act): Promise<number> {
  const { io, settings, locale } = context;
  const text = upgradeText[locale];
  using stop = interrupt(io, { onFirst: out.close, onSecond: out.close });
  const { commandStack } = await import("../run/stack.ts" as string) as typeof import("../run/stack.ts");
  const { publishedVersion } = await import(
    "../run/upgrade/newer_version.ts" as string
  ) as typeof import("../run/upgrade/newer_version.ts");
  const registry = settings.value("upgrade.registry");
  using stack = await commandStack(context, { keys: loadKeys(io.env), named: [registry], note: out.note });
  const { latest, isNewer } = await publishedVersion(stack.transport, registry, stop.signal);
  const program = thisProgram();
  const commands = isNewer ? upgradeCommands(program, latest) : [];
  if (isNewer && (program.kind === "bundle" || program.kind === "binary")) out.note(text.release);
  const lines = (words: readonly string[]) => words.map((word) => `  ${printable(word)}\n`).join("");
  const again = ["civikit service install", "civikit service status"];
  out.show(
    { version, latest, isNewer, commands },
    isNewer
      ? `${text.newer(version, latest)}\n${text.left}\n${lines(commands)}${text.service}\n${lines(again)}`
      : `${text.newest(version)}\n`,
  );
  return ExitCode.ok;
}

async function backup({ folder, files, context: { locale }, out }: Act): Promise<number> {
  const { makeBackup } = await import(
    "../run/upgrade/backup.ts" as string
  ) as typeof import("../run/upgrade/backup.ts");
  const made = await makeBackup(files, folder, new Date());
  out.show({ folder, ...made }, `${upgradeText[locale].backedUp(made.files.length, printable(folder))}\n`);
  return ExitCode.ok;
}

/** Refuses where a service still works on what is to be replaced. */
async function checkNobody(path: string | undefined): Promise<void> {
  const { livingWorkers } = await import("../../hub/queue/mod.ts" as string) as typeof import("../../hub/queue/mod.ts");
  // not opened: a newer version may have made of it what this one cannot read, which is why it is replaced
  const [worker] = path === undefined ? [] : livingWorkers(path);
  if (worker === undefined) return;
  throw new CivikitError(`replacing "${printable(path!)}": ${printable(worker)} works on it`, {
    code: "target_locked",
    reason: "service_running",
  });
}

async function restore({ folder, files, context: { locale }, out }: Act): Promise<number> {
  await checkNobody(files.find(({ name }) => name === "queue.sqlite")?.path);
  const { restoreBackup } = await import(
    "../run/upgrade/restore.ts" as string
  ) as typeof import("../run/upgrade/restore.ts");
  const names = restoreBackup(files, folder);
  out.show({ folder, files: names }, `${upgradeText[locale].restored(names.length, printable(folder))}\n`);
  return ExitCode.ok;
}

async function migrate({ files, context: { locale }, out }: Act): Promise<number> {
  const text = upgradeText[locale];
  const { migrateFile } = await import(
    "../run/upgrade/migrate.ts" as string
  ) as typeof import("../run/upgrade/migrate.ts");
  let count = 0;
  for (const file of files) {
    try {
      const migrated = await migrateFile(file);
      if (migrated === undefined) continue;
      count++;
      out.show(migrated, `${text.migrated(migrated.name, migrated.from, migrated.to)}\n`);
    } catch (error) {
      out.fail(error, printable(file.path));
    }
  }
  return out.finish({ migrated: count }, count === 0 ? `${text.nothing}\n` : "");
}

function printScript({ out }: Act): number {
  out.show({ script }, script);
  return ExitCode.ok;
}

/** The actions, with how many words each takes. */
const actions = {
  check: { words: 0, run: check },
  backup: { words: 1, run: backup },
  migrate: { words: 0, run: migrate },
  restore: { words: 1, run: restore },
  script: { words: 0, run: printScript },
} as const;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { operands: [word, ...operands], flags: { system, json } } = args;
  const name = readAction(word, Object.keys(actions) as (keyof typeof actions)[]);
  const { words, run } = actions[name];
  if (operands.length > words) throw new UsageError(`operand "${printable(operands[words]!)}": not expected`);
  if (operands.length < words) throw new UsageError(bilingual(upgradeText, (t) => t.folderDue(name)));
  using out = output(context, { json });
  const files = keptFiles({ env: scopeEnv(system ? "system" : "user", context.io.env) });
  return await run({ folder: resolve(operands[0] ?? "."), files, context, out });
}

/** `civikit upgrade`: to a newer version, and back. */
export const upgradeCommand: Command = {
  usage: "upgrade [check|backup|migrate|restore|script] [<folder>] [options]",
  operands: { backup: "folder", restore: "folder" },
  flags,
  actions: Object.keys(actions),
  usualAction: "check",
  help: upgradeHelp,
  run,
};
