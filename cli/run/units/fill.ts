import { InputError } from "../../../transport/mod.ts";
import { originals, systemOf, type UnitKind } from "./originals.ts";
import { put } from "./put.ts";

/** What is filled into a unit. */
export interface UnitParts {
  /** The program with all its arguments. */
  readonly words: readonly string[];
  /** Whether Deno is what runs it. */
  readonly isDeno: boolean;
  /** Folders it may write to; it starts in the first. */
  readonly roots: readonly string[];
  /** Whether the first of them is where models go, whatever the settings say. */
  readonly isRootGiven: boolean;
  /** Variables it gets besides those of the original; of a task `UserId`, who it is for. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder of its output, where the unit says so; undefined for the example. */
  readonly logs: string | undefined;
}

/** A word for systemd, which knows %, quotes and backslashes. */
const systemdWord = (word: string) => {
  const plain = word.replaceAll("%", "%%");
  return /^[\w%@./:=,+-]+$/.test(plain) ? plain : `"${plain.replace(/["\\]/g, "\\$&")}"`;
};
/** The same where variables are looked for. */
const commandWord = (word: string) => systemdWord(word.replaceAll("$", "$$$$"));

/** A word as programs under Windows read it. */
export function windowsWord(word: string): string {
  if (/^[^\s"]+$/.test(word)) return word;
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, "$&$&")}"`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const xml = (text: string) => text.replace(/[&<>"]/g, (sign) => entities[sign]!);

function systemd(text: string, { words, isDeno, roots, isRootGiven, env }: UnitParts): string {
  const more = Object.entries(env).map(([name, value]) => `Environment=${systemdWord(`${name}=${value}`)}\n`).join("");
  let filled = put(text, /^ExecStart=.*$/m, `ExecStart=${words.map(commandWord).join(" ")}`);
  filled = put(filled, /^WorkingDirectory=.*$/m, `WorkingDirectory=${roots[0]!.replaceAll("%", "%%")}`);
  if (/^ReadWritePaths=/m.test(filled)) {
    filled = put(filled, /^ReadWritePaths=.*$/m, `ReadWritePaths=${roots.map(systemdWord).join(" ")}`);
  }
  const root = /^# where models go.*\nEnvironment=CIVIKIT_ROOT=.*\n/m;
  filled = isRootGiven
    ? put(filled, /^Environment=CIVIKIT_ROOT=.*$/m, `Environment=${systemdWord(`CIVIKIT_ROOT=${roots[0]}`)}`)
    : put(filled, root, "");
  const last = "Environment=DENO_NO_UPDATE_CHECK=1\n";
  filled = put(filled, new RegExp(`^${last}`, "m"), `${last}${more}`);
  return isDeno ? filled : filled.replace(/^Environment=DENO_.*\n/gm, "");
}

function launchd(text: string, { words, roots, isRootGiven, isDeno, env, logs }: UnitParts): string {
  const string = (value: string) => `<string>${xml(value)}</string>`;
  const array = words.map((word) => `      ${string(word)}\n`).join("");
  let filled = put(text, /(?<=<key>ProgramArguments<\/key>\s*<array>\n)[\s\S]*?(?=\s*<\/array>)/, array.trimEnd());
  filled = put(filled, /(?<=<key>WorkingDirectory<\/key>\s*)<string>.*<\/string>/, string(roots[0]!));
  for (const stream of logs === undefined ? [] : ["Out", "Error"]) {
    const pattern = new RegExp(`(?<=<key>Standard${stream}Path</key>\\s*)<string>.*</string>`);
    filled = put(filled, pattern, string(`${logs}/service.log`));
  }
  const root = / *<!-- where models go.*-->\n *<key>CIVIKIT_ROOT<\/key>\n *<string>.*<\/string>\n/;
  filled = isRootGiven
    ? put(filled, /(?<=<key>CIVIKIT_ROOT<\/key>\s*)<string>.*<\/string>/, string(roots[0]!))
    : put(filled, root, "");
  if (!isDeno) filled = put(filled, / *<key>DENO_NO_UPDATE_CHECK<\/key>\n *<string>1<\/string>\n/, "");
  const more = Object.entries(env).map(([name, value]) => `      <key>${name}</key>\n      ${string(value)}\n`).join(
    "",
  );
  return put(filled, /(?<=<key>EnvironmentVariables<\/key>\s*<dict>\n)/, more);
}

/** What the originals for Windows call things. */
const names = {
  servy: { program: "ExecutablePath", options: "Parameters", folder: "StartupDirectory" },
  winsw: { program: "executable", options: "arguments", folder: "workingdirectory" },
  task: { program: "Command", options: "Arguments", folder: "WorkingDirectory" },
} as const;

function windows(kind: keyof typeof names, text: string, parts: UnitParts): string {
  const { words: [program, ...options], roots, isRootGiven, isDeno, env, logs } = parts;
  const element = (name: string) => new RegExp(`(?<=<${name}>)[^<]*(?=</${name}>)`);
  let filled = put(text, element(names[kind].program), xml(program!));
  filled = put(filled, element(names[kind].options), xml(options.map(windowsWord).join(" ")));
  filled = put(filled, element(names[kind].folder), xml(roots[0]!));
  if (kind === "task") {
    return env["UserId"] === undefined ? filled : filled.replace(/(?<=<UserId>)[^<]*/g, () => xml(env["UserId"]!));
  }
  const variables = {
    ...(isRootGiven && { CIVIKIT_ROOT: roots[0]! }),
    ...(isDeno && { DENO_NO_UPDATE_CHECK: "1" }),
    ...env,
  };
  if (kind === "servy") {
    const pairs = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    filled = put(filled, element("EnvironmentVariables"), xml(pairs.join(";")));
    for (const name of logs === undefined ? [] : ["StdoutPath", "StderrPath"]) {
      filled = put(filled, element(name), xml(`${logs}\\service.log`));
    }
  }
  if (kind === "winsw") {
    const lines = Object.entries(variables).map(([name, value]) => `  <env name="${name}" value="${xml(value)}"/>\n`);
    filled = put(filled, /(?: *<env .*\/>\n)+/, lines.join(""));
    if (logs !== undefined) filled = put(filled, element("logpath"), xml(logs));
  }
  return filled;
}

/**
 * The unit of a kind with these parts in it, in the place of the examples.
 *
 * @throws {InputError} `invalid_path` for a path that no unit can hold.
 */
export function filledUnit(kind: UnitKind, parts: UnitParts): string {
  const bad = [...parts.words, ...parts.roots, ...Object.values(parts.env)]
    // deno-lint-ignore no-control-regex
    .find((word) => /[\x00-\x1f]/.test(word));
  if (bad !== undefined) {
    throw new InputError(`making a unit with ${JSON.stringify(bad)}: there is a control character in it`, {
      code: "invalid_path",
      input: bad,
    });
  }
  const text = originals[kind];
  if (systemOf[kind] === "linux") return systemd(text, parts);
  return kind === "launchd" ? launchd(text, parts) : windows(kind as keyof typeof names, text, parts);
}
