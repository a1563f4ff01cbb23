import { existsSync } from "node:fs";
import type { Settings } from "../../settings/read_settings.ts";
import { isGranted } from "../../settings/rights.ts";
import type { Io } from "../../terminal/io.ts";
import { askHealth, serviceUrl } from "../units/ask_health.ts";
import { originOf } from "../units/seal.ts";
import { placeOf } from "../units/service_scope.ts";
import { lookAtUnit, type UnitFile, unitKindOf, unitPath } from "../units/unit_file.ts";
import type { Finding } from "./finding.ts";

const check = "service";

/** The program that a unit starts; undefined where it does not say. */
function programIn(text: string): string | undefined {
  const [, quoted, bare] = /^ExecStart=(?:"((?:[^"\\]|\\.)*)"|(\S+))/m.exec(text) ??
    /<key>ProgramArguments<\/key>\s*<array>\s*<string>()([^<]*)/.exec(text) ?? [];
  return (quoted || bare)?.replace(/\\(.)/g, "$1").replaceAll("%%", "%").replaceAll("$$", "$");
}

/** What keeps a unit from starting, or makes it start something else than it should. */
function unitFindings({ path, state, text: unit = "" }: UnitFile): Finding[] {
  const next: Finding["next"] = (text) => text.serviceInstallNext;
  const program = programIn(unit);
  if (program !== undefined && !existsSync(program)) {
    return [{ check, level: "error", detail: (text) => text.serviceProgram(path, program), next }];
  }
  const missing = originOf(unit)?.roots.find((root) => !existsSync(root));
  if (missing !== undefined) {
    const detail: Finding["detail"] = (text) => text.serviceFolder(path, missing);
    return [{ check, level: "error", detail, next: (text) => text.serviceFolderNext(missing) }];
  }
  return state === "outdated" ? [{ check, level: "warning", detail: (text) => text.serviceOutdated(path), next }] : [];
}

/** Whether the service that is installed can start, whether it runs, and whether its port is free for one that is not. */
export async function serviceFindings(io: Pick<Io, "env">, settings: Settings): Promise<Finding[]> {
  const files = (["user", "system"] as const).flatMap((scope): UnitFile[] => {
    const kind = unitKindOf(scope);
    const path = kind && unitPath(kind, io.env);
    if (kind === undefined || !path) return [];
    const file = lookAtUnit(kind, path);
    return file.text === undefined ? [] : [file];
  });
  const place = placeOf(settings, files.map(({ text }) => originOf(text!)).find((origin) => origin), io.env);
  const url = serviceUrl(place);
  const found = files.flatMap(unitFindings);
  // port 0 is any that is free: nobody can be asked there; asked before, because Deno would stop and ask the user
  const isAsked = place.port !== 0 && isGranted([{ name: "net", host: new URL(url).host }]);
  const answer = isAsked ? await askHealth(place) : undefined;
  if (typeof answer === "object") {
    return [...found, { check, level: "ok", detail: (text) => text.serviceRuns(url, answer.version) }];
  }
  // who answers, but not as a civikit does, has the port
  if (answer !== undefined && /^HTTP \d|^not a civikit$|JSON|Unexpected/.test(answer)) {
    const next: Finding["next"] = (text) => text.servicePortNext;
    return [...found, { check, level: "warning", detail: (text) => text.servicePort(url, answer), next }];
  }
  if (files.length > 0 && isAsked && found.length === 0) {
    const next: Finding["next"] = (text) => text.serviceStoppedNext;
    return [{ check, level: "warning", detail: (text) => text.serviceStopped(files[0]!.path, url), next }];
  }
  return found.length > 0 ? found : [{ check, level: "ok", detail: (text) => text.serviceNone }];
}
