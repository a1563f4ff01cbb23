import * as v from "valibot";
import type { SettingsPort } from "../settings_port.ts";
import type { Parts } from "../parts.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { doneSchema } from "./schemas.ts";

const settingSchema = v.object({
  key: v.string(),
  kind: v.string(),
  unit: v.nullable(v.string()),
  value: v.nullable(v.string()),
  source: v.picklist(["default", "file", "environment", "flag"]),
  default: v.nullable(v.string()),
  range: v.string(),
  help: v.string(),
});

const isThere = ({ settings }: Parts): boolean => settings !== undefined;
/** Only asked where {@linkcode isThere}. */
const port = ({ settings }: Parts): SettingsPort => settings!;

/** `/settings`. */
export const settingsEndpoints: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/settings",
    summary: "Lists every setting with its value and where that comes from. Of the API key: only whether it is set.",
    answer: v.object({ items: v.array(settingSchema), isKeySet: v.boolean() }),
    isThere,
    run: async ({ parts }) => ({ items: await port(parts).list("en"), isKeySet: await port(parts).apiKey.isSet() }),
  }),
  endpoint({
    method: "put",
    path: "/settings/{key}",
    summary: "Sets a setting in the user's file; `apiKey` sets the key of the API, which is never read.",
    body: v.strictObject({ value: v.pipe(v.string(), v.maxLength(10_000)) }),
    answer: doneSchema,
    isThere,
    async run({ parts, param, body: { value } }) {
      if (param("key") === "apiKey") await port(parts).apiKey.set(value);
      else await port(parts).set(param("key"), value);
      return { ok: true };
    },
  }),
  endpoint({
    method: "delete",
    path: "/settings/{key}",
    summary: "Takes a setting out of the user's file.",
    answer: doneSchema,
    isThere,
    async run({ parts, param }) {
      await port(parts).unset(param("key"));
      return { ok: true };
    },
  }),
];
