import { isRecord, rememberSecret } from "../../transport/internal.ts";
import { refuse } from "./refuse.ts";
import type { HeaderRules, HeaderSource, SettingOf } from "./setting.ts";

const octet = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;

/** What an item of a list looks like, the address in it that has to be one, and what is said where it is not. */
interface Item {
  readonly form: RegExp;
  readonly url?: (item: string) => string;
  readonly state: string;
}

const items: Readonly<Record<SettingOf<"list">["of"], Item>> = {
  host: {
    form: /^(?:[\w-]+\.)*[\w-]+(?::\d{1,5})?$|^\[[\da-f:]+\](?::\d{1,5})?$/i,
    state: "not a host such as box.lan",
  },
  path: { form: /^[^\p{Cc}]+$/u, state: "not a path" },
  target: {
    form: /^(?:a1111|forge|sdnext|comfyui|invokeai|webhook)=https?:\/\/[^\s/?#@]+(?:\/[^\s?#@]*)?$/i,
    url: (item) => item.slice(item.indexOf("=") + 1),
    state: "not a program and its address such as forge=http://127.0.0.1:7860",
  },
  ignore: {
    form: /^(?:version:[1-9]\d{0,14}|model:[1-9]\d{0,14}|base:[^\p{Cc}]*\S[^\p{Cc}]*)$/u,
    state: "not version:ID, model:ID or base:NAME",
  },
  network: {
    form: new RegExp(
      String
        .raw`^(?:${octet}\.){3}${octet}(?:/(?:[12]?\d|3[0-2]))?$|^[\da-f]*:[\da-f:.]*(?:/(?:\d{1,2}|1[01]\d|12[0-8]))?$`,
      "i",
    ),
    url: (item) => item.includes(":") ? `http://[${item.split("/")[0]}]` : `http://${item.split("/")[0]}`,
    state: "not an address or a network such as 127.0.0.1 or 10.89.0.0/16",
  },
  otherBase: { form: /^(?:model:[1-9]\d{0,14}|all)$/, state: "not model:ID or all" },
  origin: { form: /^https?:\/\/[^\s/?#@]+$/i, url: (item) => item, state: "not an origin such as https://ui.example" },
};

/** A list, item by item. */
export function checkItems({ of }: SettingOf<"list">, list: readonly string[]): readonly string[] {
  const { form, url, state } = items[of];
  // the path of a webhook may be what opens it; also where the rest is wrong
  const hooks = of === "target" ? list.filter((item) => /^webhook=/i.test(item)) : [];
  for (const part of hooks.flatMap((hook) => hook.split("/").slice(3))) rememberSecret(part);
  const wrong = list.find((item) => !form.test(item) || url !== undefined && !URL.canParse(url(item)));
  if (wrong !== undefined) refuse(`"${wrong}" is ${state}`);
  return list;
}

const typeName = /^[A-Za-z][\w .-]*$/;
const headerName = /^[!#$%&'*+.^`|~\w-]+$/;
const sourceNames = ["env", "file"] as const;

/** Types of models and the folders they go to. */
export function checkFolders(value: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  for (const [type, folder] of Object.entries(value)) {
    if (!typeName.test(type)) refuse(`"${type}" is not a type of models such as LORA`);
    if (typeof folder !== "string" || folder.trim() === "") refuse(`the folder of ${type} is no text`);
  }
  return value as Record<string, string>;
}

function readSource(host: string, name: string, value: unknown): HeaderSource {
  const [kind, ...more] = isRecord(value) ? Object.keys(value) : [];
  const known = sourceNames.find((word) => word === kind);
  const place = isRecord(value) && known !== undefined ? value[known] : undefined;
  if (more.length === 0 && known === "env" && typeof place === "string" && /^\w+$/.test(place)) return { env: place };
  if (more.length === 0 && known === "file" && typeof place === "string" && place !== "") return { file: place };
  return refuse(
    `the value of ${name} for ${host} may not stand here: {"env": "NAME"} or {"file": "PATH"} says where it is`,
  );
}

/** Hosts, their headers, and where the value of each is. */
export function checkHeaders(value: Readonly<Record<string, unknown>>): HeaderRules {
  return Object.fromEntries(
    Object.entries(value).map(([host, headers]) => {
      if (!items.host.form.test(host)) refuse(`"${host}" is ${items.host.state}`);
      if (!isRecord(headers)) return refuse(`the headers of ${host} are no object`);
      return [
        host,
        Object.fromEntries(
          Object.entries(headers).map(([name, source]) => {
            if (!headerName.test(name)) refuse(`"${name}" is not the name of a header`);
            return [name, readSource(host, name, source)];
          }),
        ),
      ];
    }),
  );
}

/** `A=x,B=y` as pairs. */
export function pairs(text: string, form: string): [string, string][] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "").map((part) => {
    const at = part.indexOf("=");
    return at > 0
      ? [part.slice(0, at).trim(), part.slice(at + 1).trim()]
      : refuse(`"${part}" is not of the form ${form}`);
  });
}

/** `HOST/HEADER=env:NAME` as the file has it. */
export function readHeadersText(text: string): Record<string, unknown> {
  const rules: Record<string, Record<string, unknown>> = {};
  for (const [place, source] of pairs(text, "HOST/HEADER=env:NAME")) {
    const [host = "", name = ""] = place.split("/");
    const [, kind, where] = /^(env|file):(.+)$/s.exec(source) ?? [];
    // the value itself, should it stand there, is not repeated
    if (kind === undefined) refuse(`where the value of ${name} is: env:NAME or file:PATH is due`);
    (rules[host] ??= {})[name] = { [kind!]: where };
  }
  return rules;
}
