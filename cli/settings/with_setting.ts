import { isRecord } from "../../transport/internal.ts";

/** A JSON object nobody has looked into. */
export type JsonObject = Record<string, unknown>;

/** `raw` without a setting, whichever way its key is written; sections that are empty then go too. */
export function withoutSetting(raw: JsonObject, key: string): JsonObject {
  const rest = Object.fromEntries(Object.entries(raw).filter(([name]) => name !== key));
  const [name = "", ...below] = key.split(".");
  const section = rest[name];
  if (below.length === 0 || !isRecord(section)) return rest;
  const left = withoutSetting(section, below.join("."));
  if (Object.keys(left).length > 0) return { ...rest, [name]: left };
  return withoutSetting(rest, name);
}

function withNested(raw: JsonObject, [name = "", ...below]: readonly string[], value: unknown): JsonObject {
  if (below.length === 0) return { ...raw, [name]: value };
  const section = raw[name];
  return { ...raw, [name]: withNested(isRecord(section) ? section : {}, below, value) };
}

/** `raw` with a setting, in its section; all else stays as it is and where it is. */
export function withSetting(raw: JsonObject, key: string, value: unknown): JsonObject {
  return withNested(
    Object.hasOwn(raw, key) && key.includes(".") ? withoutSetting(raw, key) : raw,
    key.split("."),
    value,
  );
}
