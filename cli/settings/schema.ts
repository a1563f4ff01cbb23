import type { JsonObject } from "./with_setting.ts";
import type { Setting } from "./setting.ts";
import { settingKeys, settingRow } from "./table.ts";
import { settingsVersion } from "./versions.ts";

const texts = { type: "array", items: { type: "string" } };
const source = (name: string) => ({
  type: "object",
  properties: { [name]: { type: "string" } },
  required: [name],
  additionalProperties: false,
});

/** What JSON a setting may be. */
function typeOf(setting: Setting): JsonObject {
  switch (setting.kind) {
    case "switch":
      return { type: "boolean" };
    case "number":
      return { type: setting.isFractional ? "number" : "integer", minimum: setting.least, maximum: setting.most };
    case "size":
      return {
        anyOf: [{ type: "integer", minimum: setting.least, maximum: setting.most }, {
          type: "string",
          pattern: "^[0-9.]+[KMGkmg]?$",
        }],
      };
    case "word":
      return { enum: setting.words };
    case "rate":
      return { type: ["string", "integer"] };
    case "list":
      return texts;
    case "folders":
      return { type: "object", additionalProperties: { type: "string" } };
    case "headers":
      return {
        type: "object",
        additionalProperties: {
          type: "object",
          additionalProperties: { anyOf: [source("env"), source("file")] },
        },
      };
    default:
      return { type: "string" };
  }
}

/** The schema of one setting: null stands for «not set». */
function schemaOf(setting: Setting): JsonObject {
  const described = { description: `${setting.help.en}\n${setting.help["zh-TW"]}` };
  const unset = { anyOf: [typeOf(setting), { type: "null" }], ...described };
  return setting.default === undefined ? unset : { ...unset, default: setting.default };
}

/** The JSON Schema of the settings file, by which editors complete it and show each setting's help. */
export function settingsSchema(): JsonObject {
  const sections: Record<string, Record<string, JsonObject>> = {};
  const alone: Record<string, JsonObject> = {};
  for (const key of settingKeys) {
    const [first, name] = key.split(".") as [string, string | undefined];
    if (name === undefined) alone[first] = schemaOf(settingRow(key));
    else (sections[first] ??= {})[name] = schemaOf(settingRow(key));
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "civikit settings",
    type: "object",
    properties: {
      $schema: { type: "string" },
      version: { type: "integer", default: settingsVersion, description: "Form of this file; civikit sees to it." },
      ...Object.fromEntries(
        Object.entries(sections).map(([name, properties]) => [name, { type: "object", properties }]),
      ),
      ...alone,
    },
  };
}
