import { statSync } from "node:fs";
import { readPlainText, rememberHeader } from "../../transport/internal.ts";
import type { HostHeaders } from "../../transport/mod.ts";
import type { Io } from "../terminal/io.ts";
import { printable } from "../terminal/text.ts";
import { isGranted } from "./rights.ts";
import type { HeaderRules, HeaderSource } from "./setting.ts";
import { invalid } from "./setting_words.ts";

function fileValue(path: string, setting: string): string {
  const refuse = (state: string) => invalid(`reading ${setting} from "${printable(path)}": ${state}`, "headers");
  if (!isGranted([{ name: "read", path }])) throw refuse("Deno was not given --allow-read for it");
  try {
    if (Deno.build.os !== "windows" && (statSync(path).mode & 0o077) !== 0) {
      throw refuse(`other users can read it; run: chmod 600 "${printable(path)}", and better make a new token`);
    }
    return readPlainText(path);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "invalid_config") throw error;
    throw refuse(code === "ENOENT" ? "there is no such file" : "it cannot be read");
  }
}

function valueOf(source: HeaderSource, setting: string, { env }: Pick<Io, "env">): string | undefined {
  const text = ("env" in source ? env(source.env) ?? "" : fileValue(source.file, setting)).trim();
  // never shown: the value is what it is all about
  if (/^[\x20-\x7e]*$/.test(text)) return text === "" ? undefined : text;
  throw invalid(`reading ${setting}: it has characters no header may hold`, "headers");
}

/**
 * The headers for single hosts, with their values from the environment and from files. What the environment does not have
 * is left out, and `note` is told: the host then answers as to anyone.
 *
 * @throws {InputError} `invalid_config` when a file cannot be used or is open to others; its value is not shown.
 */
export function headerValues(rules: HeaderRules, io: Pick<Io, "env">, note: (text: string) => void): HostHeaders {
  return Object.fromEntries(
    Object.entries(rules).map(([host, headers]) => {
      const values = Object.entries(headers).flatMap(([name, source]) => {
        const setting = `headers.${host}.${name}`;
        const value = valueOf(source, setting, io);
        if (value === undefined) {
          const place = "env" in source ? source.env : `"${printable(source.file)}"`;
          note(`warning: ${setting}: ${place} is not set or empty; ${host} is asked without it`);
          return [];
        }
        rememberHeader(name, value);
        return [[name, value] as const];
      });
      return [host, Object.fromEntries(values)];
    }),
  );
}
