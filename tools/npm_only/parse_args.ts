/**
 * `@std/cli/parse-args` over minimist, its ancestor, for networks that reach npm but not JSR.
 *
 * The two differ in three points, settled here: a repeated option keeps its last value unless it is in `collect`, a
 * collected one is always an array, and `--no-x` negates only what is in `negatable`.
 *
 * @module
 */
// @ts-types="npm:@types/minimist@1.2.5"
import minimist from "npm:minimist@1.2.8";

/** Options of {@linkcode parseArgs}: the part of the real ones that is used here. */
export interface ParseOptions<
  TBoolean extends string = string,
  TString extends string = string,
  TCollect extends string = string,
  TDefault extends Record<string, unknown> = Record<string, unknown>,
  TDoubleDash extends boolean = boolean,
> {
  /** What follows `--` goes to its own list instead of `_`. */
  "--"?: TDoubleDash;
  /** Further names of an option. */
  alias?: Record<string, string | readonly string[]>;
  /** Options that take no value; false unless given. */
  boolean?: TBoolean | readonly TBoolean[];
  /** Options that may come several times. */
  collect?: TCollect | readonly TCollect[];
  /** Values of options that are not given. */
  default?: TDefault;
  /** Options that `--no-NAME` sets to false. */
  negatable?: string | readonly string[];
  /** What follows the first argument that is no option is left alone. */
  stopEarly?: boolean;
  /** Options whose value is never read as a number. */
  string?: TString | readonly TString[];
  /** Called for each undeclared argument; it is left out where this returns false. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What was given on the command line. */
export type Args<
  TBoolean extends string = never,
  TString extends string = never,
  TCollect extends string = never,
  TDefault extends Record<string, unknown> = Record<never, never>,
  TDoubleDash extends boolean = false,
> =
  & Record<string, unknown>
  & { [K in TBoolean]: boolean }
  & { [K in Exclude<TString, TCollect | keyof TDefault>]?: string }
  & { [K in Exclude<Extract<TString, keyof TDefault>, TCollect>]: string | TDefault[K] }
  & { [K in Extract<TCollect, TString>]: string[] }
  & { [K in Exclude<TCollect, TString | TBoolean>]: unknown[] }
  & { _: (string | number)[] }
  & (TDoubleDash extends true ? { "--": string[] } : Record<never, never>);

const list = (value: string | readonly string[] = []): string[] => typeof value === "string" ? [value] : [...value];

/** Reads command line arguments. */
export function parseArgs<
  const TBoolean extends string = never,
  const TString extends string = never,
  const TCollect extends string = never,
  TDefault extends Record<string, unknown> = Record<never, never>,
  TDoubleDash extends boolean = false,
>(
  args: readonly string[],
  options: ParseOptions<TBoolean, TString, TCollect, TDefault, TDoubleDash> = {},
): Args<TBoolean, TString, TCollect, TDefault, TDoubleDash> {
  const { alias = {}, collect, negatable, unknown } = options;
  const names = (name: string): string[] => {
    const group = Object.entries(alias).map(([key, others]) => [key, ...list(others)]);
    return group.find((members) => members.includes(name)) ?? [name];
  };
  const collected = new Set(list(collect).flatMap(names));
  const negated = new Set(list(negatable).flatMap(names));
  const declared = new Set([...list(options.boolean), ...list(options.string), ...collected].flatMap(names));

  const switches = new Set(list(options.boolean).flatMap(names));

  const end = args.indexOf("--");
  const literal = new Set<string>();
  const prepared = args.map((arg, index) => {
    const name = /^--no-([^=]+)$/.exec(arg)?.[1];
    if (name === undefined || negated.has(name) || (end >= 0 && index > end)) return arg;
    if (!declared.has(`no-${name}`)) literal.add(`no-${name}`);
    // minimist would read even a declared `--no-x` as x being false
    return declared.has(`no-${name}`) && !switches.has(`no-${name}`) ? arg : `--no-${name}=true`;
  });

  const given = minimist(prepared, {
    "--": options["--"] ?? false,
    alias: Object.fromEntries(Object.entries(alias).map(([key, others]) => [key, list(others)])),
    boolean: list(options.boolean),
    string: list(options.string),
    ...(options.default ? { default: options.default } : {}),
    stopEarly: options.stopEarly ?? false,
    ...(unknown
      ? {
        unknown: (arg: string): boolean => {
          const match = /^--?([^=]+)(?:=(.*))?$/s.exec(arg);
          const isLiteral = match?.[1] !== undefined && literal.has(match[1]);
          const result = isLiteral
            ? unknown(`--${match[1]}`, match[1], true)
            : match
            ? unknown(arg, match[1], match[2] ?? true)
            : unknown(arg);
          return result !== false;
        },
      }
      : {}),
  }) as Record<string, unknown>;

  for (const [key, value] of Object.entries(given)) {
    if (key === "_" || key === "--") continue;
    if (literal.has(key)) given[key] = true;
    else if (collected.has(key)) given[key] = Array.isArray(value) ? value : value === undefined ? [] : [value];
    else if (Array.isArray(value) && !(options.default && key in options.default && value === options.default[key])) {
      given[key] = value.at(-1);
    }
  }
  for (const key of collected) given[key] ??= [];
  return given as Args<TBoolean, TString, TCollect, TDefault, TDoubleDash>;
}
