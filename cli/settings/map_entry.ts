import { isRecord } from "../../transport/internal.ts";
import type { SettingKey } from "./table.ts";

/** One entry of a setting that is a map: `folders.LORA`, `headers.huggingface.co/Authorization`. */
export interface MapEntry {
  /** The setting. */
  readonly key: Extract<SettingKey, "folders" | "headers">;
  /** The way to the entry within it. */
  readonly path: readonly [string, ...string[]];
}

/** The entry a name means; undefined where it is none. */
export function mapEntry(name: string): MapEntry | undefined {
  const [, type] = /^folders\.(.+)$/s.exec(name) ?? [];
  if (type !== undefined) return { key: "folders", path: [type] };
  const [, host, header] = /^headers\.([^/]+)\/(.+)$/s.exec(name) ?? [];
  return host === undefined ? undefined : { key: "headers", path: [host, header!] };
}

/** `map` with one entry, or without it where `value` is undefined; what is empty then goes too. */
export function withEntry(
  map: Readonly<Record<string, unknown>>,
  [name, ...below]: MapEntry["path"],
  value: unknown,
): Record<string, unknown> {
  const { [name]: old, ...rest } = map;
  const [next, ...more] = below;
  if (next === undefined) return value === undefined ? rest : { ...rest, [name]: value };
  const inner = withEntry(isRecord(old) ? old : {}, [next, ...more], value);
  return Object.keys(inner).length === 0 ? rest : { ...rest, [name]: inner };
}

/** Where the value of a header is, as `config set` writes it: `env:NAME` or `file:PATH`. */
export function entryValue({ key }: MapEntry, text: string): unknown {
  if (key === "folders") return text;
  const [, kind, where] = /^(env|file):(.+)$/s.exec(text) ?? [];
  return kind === undefined ? null : { [kind]: where };
}
