import { closest } from "../../transport/internal.ts";
import { parseArgs } from "@std/cli/parse-args";
import { printable } from "../terminal/text.ts";
import { type Flags, type NamedFlag, namedFlags, optionName, type Values } from "./flags.ts";
import { readFlags } from "./read_flags.ts";
import { UsageError } from "./usage_error.ts";
import { bilingual } from "../texts/texts.ts";
import { usageText } from "../texts/usage.ts";

/** A command line taken apart. */
export interface Args<F extends Flags> {
  /** What is not an option, in order. */
  readonly operands: readonly string[];
  /** The options. */
  readonly flags: Values<F>;
}

/** A command line taken apart, its options as they were typed. */
export interface SplitArgs<F extends Flags> {
  /** What is not an option, in order. */
  readonly operands: readonly string[];
  /** Tells whether an option was given. */
  has(name: keyof F): boolean;
  /**
   * The options.
   *
   * @throws {UsageError} when one of them has a value it cannot have.
   */
  read(): Values<F>;
}

const secretFlags = new Set(["key", "token", "api-key", "apikey", "api_key", "password"]);

function refuse(name: string, flags: readonly NamedFlag[]): never {
  if (secretFlags.has(name.toLowerCase())) {
    throw new UsageError(bilingual(usageText, (t) => t.secret(name)));
  }
  const dashed = name.length > 1 ? `--${name}` : `-${name}`;
  const near = name.length > 1 ? closest(name, flags.map((flag) => flag.name)) : undefined;
  throw new UsageError(bilingual(usageText, (t) => t.unknownOption(printable(dashed), near ? `--${near}` : "")));
}

/**
 * Where in `args` the first word stands that is neither an option of `flags` nor the value of one; -1 when all are.
 *
 * @throws {UsageError} for an option before it that is not in the table.
 */
export function firstOperand(args: readonly string[], flags: Flags): number {
  const named = namedFlags(flags);
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") return at + 1 < args.length ? at + 1 : -1;
    if (!arg.startsWith("-") || arg === "-") return at;
    const [, dashes, word, value] = /^(--?)([^=]*)(=.*)?$/s.exec(arg)!;
    // of several letters in one, only the last can take the next word for its value
    const flag = named.find(({ name, short }) => dashes === "--" ? name === word : short === word!.at(-1));
    if (flag === undefined) refuse(word!, named);
    if (flag.type !== "switch" && value === undefined) at++;
  }
  return -1;
}

/**
 * Takes `args` apart by the table `flags`. `--` ends the options; a lone `-` is an operand or a value.
 *
 * @throws {UsageError} for an option that is not in the table, or one without its value.
 */
export function splitArgs<F extends Flags>(args: readonly string[], flags: F): SplitArgs<F> {
  const named = namedFlags(flags);
  const valued = named.filter(({ type }) => type !== "switch");
  const dashes = new Set(valued.flatMap(({ name, short }) => [`--${name}`, `-${short}`]));
  // parseArgs takes a lone "-" for an option; here it means standard input. An option that is given "" is not one without
  // its value
  const joined: string[] = [];
  for (const arg of args) {
    const last = joined.at(-1);
    const isValue = arg === "-" || arg === "";
    if (isValue && last !== undefined && dashes.has(last)) joined[joined.length - 1] = `${last}=${arg}`;
    else joined.push(arg);
  }
  const parsed: Record<string, unknown> & { _: (string | number)[] } = parseArgs(joined, {
    "--": true,
    alias: Object.fromEntries(named.flatMap(({ name, short }) => short ? [[name, [short]]] : [])),
    boolean: named.filter(({ type }) => type === "switch").map(({ name }) => name),
    string: [...valued.map(({ name }) => name), "_"],
    unknown(arg, key) {
      if (key !== undefined && arg.startsWith("-") && arg !== "-") refuse(key, named);
    },
  });
  const isEmptied = ({ name, short, ...flag }: NamedFlag) =>
    "mayBeEmpty" in flag && joined.some((arg) => arg === `--${name}=` || arg === `-${short}=`);
  for (const flag of valued) {
    const { name } = flag;
    if (parsed[name] === "" && !isEmptied(flag)) throw new UsageError(bilingual(usageText, (t) => t.noValue(name)));
  }
  const given = (name: string) => parsed[name] as string | boolean | undefined;
  return {
    operands: [...parsed._, ...parsed["--"] as string[]].map(String),
    has: (name) => (given(optionName(String(name))) ?? false) !== false,
    read: () => readFlags(flags, given),
  };
}

/** {@linkcode splitArgs}, and the options read. */
export function readArgs<F extends Flags>(args: readonly string[], flags: F): Args<F> {
  const { operands, read } = splitArgs(args, flags);
  return { operands, flags: read() };
}
