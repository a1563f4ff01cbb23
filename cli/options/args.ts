import { parseArgs } from "@std/cli/parse-args";
import { closest, printable } from "../terminal/text.ts";

/** One option of a command. */
export interface Flag {
  /** Long name, without dashes. */
  readonly name: string;
  /** One-letter name. */
  readonly short?: string;
  /** What its value is called in the help; an option without it is a switch. */
  readonly value?: string;
  /** One line of help. */
  readonly about: string;
}

/** What the user typed cannot be meant; the message says what is wrong with it. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A command line taken apart. */
export interface ParsedArgs {
  /** What is not an option, in order. */
  readonly operands: readonly string[];
  /** Tells whether a switch was given. */
  has(name: string): boolean;
  /** The value of an option; undefined when it was not given. */
  value(name: string): string | undefined;
}

/** Options every command understands. */
export const commonFlags: readonly Flag[] = [
  { name: "help", short: "h", about: "show this help" },
  { name: "lang", value: "LANG", about: "language of the hints: en or zh-TW (default: CIVIKIT_LANG, then LANG)" },
  { name: "color", about: "use colours even where no terminal is seen" },
  { name: "no-color", about: "use no colours (so does NO_COLOR=1)" },
];

/** Only before a command, or alone. */
export const versionFlag: Flag = { name: "version", short: "V", about: "show the version" };

const secretFlags = new Set(["key", "token", "api-key", "apikey", "api_key", "password"]);

function refuse(name: string, flags: readonly Flag[]): never {
  if (secretFlags.has(name.toLowerCase())) {
    throw new UsageError(
      `option --${name}: not offered, because other users would see the key in the list of processes.\n` +
        "Set CIVITAI_API_KEY instead, or write the key to ~/.config/civikit/key (mode 0600).",
    );
  }
  const dashed = name.length > 1 ? `--${name}` : `-${name}`;
  const near = name.length > 1 ? closest(name, flags.map((flag) => flag.name)) : undefined;
  throw new UsageError(`option "${printable(dashed)}": unknown${near ? `; did you mean --${near}?` : ""}`);
}

/**
 * Where in `args` the first word stands that is neither an option of `flags` nor the value of one; -1 when all are.
 *
 * @throws {UsageError} for an option before it that is not in the table.
 */
export function firstOperand(args: readonly string[], flags: readonly Flag[]): number {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") return at + 1 < args.length ? at + 1 : -1;
    if (!arg.startsWith("-") || arg === "-") return at;
    const [, dashes, word, value] = /^(--?)([^=]*)(=.*)?$/s.exec(arg)!;
    // of several letters in one, only the last can take the next word for its value
    const flag = flags.find(({ name, short }) => dashes === "--" ? name === word : short === word!.at(-1));
    if (flag === undefined) refuse(word!, flags);
    if (flag.value !== undefined && value === undefined) at++;
  }
  return -1;
}

/**
 * Takes `args` apart by the table `flags`. `--` ends the options; a lone `-` is an operand or a value.
 *
 * @throws {UsageError} for an option that is not in the table, or one without its value.
 */
export function readArgs(args: readonly string[], flags: readonly Flag[]): ParsedArgs {
  const valued = flags.filter((flag) => flag.value !== undefined).map((flag) => flag.name);
  const switches = flags.filter((flag) => flag.value === undefined).map((flag) => flag.name);
  const dashes = new Set(flags.filter((flag) => flag.value).flatMap(({ name, short }) => [`--${name}`, `-${short}`]));
  // parseArgs takes a lone "-" for an option; here it means standard input
  const joined: string[] = [];
  for (const arg of args) {
    const last = joined.at(-1);
    if (arg === "-" && last !== undefined && dashes.has(last)) joined[joined.length - 1] = `${last}=-`;
    else joined.push(arg);
  }
  const parsed = parseArgs(joined, {
    "--": true,
    alias: Object.fromEntries(flags.flatMap(({ name, short }) => short ? [[name, [short]]] : [])),
    boolean: switches,
    string: [...valued, "_"],
    unknown(arg, key) {
      if (key !== undefined && arg.startsWith("-") && arg !== "-") refuse(key, flags);
    },
  });
  for (const name of valued) {
    if (parsed[name] === "") throw new UsageError(`option --${name}: needs a value`);
  }
  return {
    operands: [...parsed._, ...parsed["--"]].map(String),
    has: (name) => parsed[name] === true,
    value(name) {
      const value = parsed[name];
      return typeof value === "string" ? value : undefined;
    },
  };
}

/** The value of `name` as a whole number within `least` and `most`. */
export function wholeNumber(args: ParsedArgs, name: string, least: number, most: number): number | undefined {
  const text = args.value(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`option --${name} "${printable(text)}": not a whole number from ${least} to ${most}`);
  }
  return value;
}

/** The help lines of `flags`, in two columns. */
export function flagHelp(flags: readonly Flag[]): string {
  const left = flags.map(({ name, short, value }) => {
    return `${short ? `-${short}, ` : "    "}--${name}${value ? ` ${value}` : ""}`;
  });
  const width = Math.max(...left.map((text) => text.length));
  return flags.map(({ about }, index) => `  ${left[index]!.padEnd(width)}  ${about}`).join("\n");
}
