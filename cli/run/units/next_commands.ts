import { existsSync, readFileSync } from "node:fs";
import { keyPath } from "../../settings/places.ts";
import type { Io } from "../../terminal/io.ts";
import { shellWord } from "../../terminal/shell_word.ts";
import type { UnitKind } from "./originals.ts";
import type { UnitWishes } from "./make_unit.ts";

/** A word for the command prompt of Windows. */
const promptWord = (word: string) => `"${word}"`;

function hasUser(name: string): boolean {
  try {
    return readFileSync("/etc/passwd", "utf8").split("\n").some((line) => line.startsWith(`${name}:`));
  } catch {
    return false;
  }
}

/** What the commands go by. */
export interface CommandFacts {
  /** Where the unit is, or belongs. */
  readonly path: string;
  /** Whether it could be written. */
  readonly isWritten: boolean;
  /** Whether one of ours was there before. */
  readonly isReplaced: boolean;
  /** What it was made for. */
  readonly wishes: UnitWishes;
  /** The words this civikit is started with. */
  readonly program: readonly string[];
  /** The environment. */
  readonly env: Io["env"];
}

function systemCommands({ path, isWritten, isReplaced, wishes: { roots, options }, program, env }: CommandFacts) {
  const words = roots.map(shellWord).join(" ");
  const more = options.map((option) => ` ${shellWord(option)}`).join("");
  const civikit = program.map(shellWord).join(" ");
  const key = keyPath(env);
  return [
    ...(isWritten ? [] : [`${civikit} service print systemd ${words}${more} | sudo tee ${path} >/dev/null`]),
    ...(hasUser("civikit")
      ? []
      : ["sudo useradd --system --home-dir /var/lib/civikit --shell /usr/sbin/nologin civikit"]),
    ...roots.filter((root) => !existsSync(root))
      .map((root) => `sudo install -d -o civikit -g civikit -m 2775 ${shellWord(root)}`),
    ...(key !== undefined && existsSync(key)
      ? ["sudo install -d -m 700 /etc/civikit", `sudo install -m 600 ${shellWord(key)} /etc/civikit/key`]
      : []),
    "sudo systemctl daemon-reload",
    "sudo systemctl enable --now civikit.service",
    ...(isReplaced ? ["sudo systemctl restart civikit.service"] : []),
  ];
}

/** The commands that are left once a unit was written: civikit runs none itself. */
export function commandsToStart(kind: UnitKind, facts: CommandFacts): readonly string[] {
  const { path, isReplaced, wishes: { roots }, env } = facts;
  const folders = roots.filter((root) => !existsSync(root)).map((root) => `mkdir -p ${shellWord(root)}`);
  switch (kind) {
    case "systemd":
      return systemCommands(facts);
    case "systemd-user":
      return [
        ...folders,
        "systemctl --user daemon-reload",
        "systemctl --user enable --now civikit.service",
        ...(isReplaced ? ["systemctl --user restart civikit.service"] : []),
        `loginctl enable-linger ${env("USER") ? shellWord(env("USER")!) : "$USER"}`,
      ];
    case "launchd":
      return [
        ...folders,
        "mkdir -p ~/Library/Logs/civikit",
        ...(isReplaced ? ["launchctl bootout gui/$(id -u)/civikit"] : []),
        `launchctl bootstrap gui/$(id -u) ${shellWord(path)}`,
      ];
    case "task":
      return [
        `schtasks /Create /F /TN civikit /XML ${promptWord(path)}`,
        "schtasks /Run /TN civikit",
      ];
    case "servy":
      return [
        "winget install servy",
        `servy-cli import --config="xml" --path=${promptWord(path)} --install`,
        'servy-cli start --name="civikit"',
      ];
    case "winsw":
      return ["civikit-winsw.exe install", "civikit-winsw.exe start"];
  }
}

/** The commands that stop a service whose unit was taken away, or is to be: then one of them removes it. */
export function commandsToStop(kind: UnitKind, path: string, isRemoved: boolean): readonly string[] {
  switch (kind) {
    case "systemd":
      return isRemoved ? ["sudo systemctl stop civikit.service", "sudo systemctl daemon-reload"] : [
        "sudo systemctl disable --now civikit.service",
        `sudo rm ${shellWord(path)}`,
        "sudo systemctl daemon-reload",
      ];
    case "systemd-user":
      return ["systemctl --user stop civikit.service", "systemctl --user daemon-reload"];
    case "launchd":
      return ["launchctl bootout gui/$(id -u)/civikit"];
    case "task":
      return ["schtasks /End /TN civikit", "schtasks /Delete /F /TN civikit"];
    case "servy":
      return ['servy-cli stop --name="civikit"', 'servy-cli uninstall --name="civikit"'];
    case "winsw":
      return ["civikit-winsw.exe stop", "civikit-winsw.exe uninstall"];
  }
}
