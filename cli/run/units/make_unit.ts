import { join } from "node:path";
import { version } from "../../../transport/mod.ts";
import { homeFolder, programData } from "../../settings/places.ts";
import type { Io } from "../../terminal/io.ts";
import { filledUnit } from "./fill.ts";
import { systemOf, type UnitKind } from "./originals.ts";
import { type Program, thisProgram } from "./program.ts";
import { sealed, type UnitOrigin } from "./seal.ts";

/** What a unit is made for. */
export type UnitWishes = Pick<UnitOrigin, "roots" | "isRootGiven" | "options">;

/** Variables that say where civikit keeps its things: the service is to keep them where the commands do. */
const placeNames = [
  "CIVIKIT_STATE_DIR",
  "CIVIKIT_CACHE",
  "XDG_CONFIG_HOME",
  "XDG_CACHE_HOME",
  "XDG_STATE_HOME",
  "DENO_DIR",
  "CIVIKIT_BASE_URL",
];

/** What a service of one user gets, so that it finds what that user's commands find. */
function userEnv(env: Io["env"]): Record<string, string> {
  return Object.fromEntries(placeNames.flatMap((name) => {
    const value = env(name);
    return value ? [[name, value]] : [];
  }));
}

/** What a service of a whole Windows machine gets: its account has no folders of its own. */
function machineEnv(env: Io["env"]): Record<string, string> {
  const data = programData(env);
  return { XDG_CONFIG_HOME: data, XDG_CACHE_HOME: `${data}\\civikit\\cache`, CIVIKIT_STATE_DIR: `${data}\\civikit` };
}

function envOf(kind: UnitKind, env: Io["env"]): Record<string, string> {
  if (kind === "systemd") return {};
  if (kind === "task") {
    const [domain, name] = [env("USERDOMAIN"), env("USERNAME")];
    return name ? { UserId: domain ? `${domain}\\${name}` : name } : {};
  }
  return kind === "servy" || kind === "winsw" ? machineEnv(env) : userEnv(env);
}

/** The folder of what a unit prints, where the system keeps no journal. */
function logsOf(kind: UnitKind, env: Io["env"]): string | undefined {
  const home = homeFolder(env);
  if (kind === "launchd") return home && join(home, "Library", "Logs", "civikit");
  return Deno.build.os === "windows" ? join(programData(env), "civikit", "logs") : undefined;
}

/** An example, for a unit that is printed on another system than its own. */
const examples = {
  linux: "/usr/local/bin/civikit",
  darwin: "/usr/local/bin/civikit",
  windows: "C:\\civikit\\civikit.exe",
} as const;

/** The program a unit of this kind starts: this civikit, or an example where the unit is for another system. */
export function programFor(kind: UnitKind): Program {
  const system = systemOf[kind];
  if (system === Deno.build.os) return thisProgram();
  return { kind: "binary", words: [examples[system]], files: [] };
}

/** What a unit of this kind is made for by whoever has this environment. */
export function originFor(kind: UnitKind, wishes: UnitWishes, env: Io["env"]): UnitOrigin {
  return { version, ...wishes, env: envOf(kind, env), logs: logsOf(kind, env) ?? null };
}

/** The text of a unit that starts this civikit, sealed. What it was made for decides, not who makes it again. */
export function makeUnit(kind: UnitKind, { roots, isRootGiven, options, env, logs }: UnitOrigin): string {
  const { kind: how, words } = programFor(kind);
  const text = filledUnit(kind, {
    words: [...words, "serve", ...options],
    isDeno: how !== "binary",
    roots,
    isRootGiven,
    env,
    logs: logs ?? undefined,
  });
  return sealed(text, { version, roots, isRootGiven, options, env, logs });
}
