import { isGranted } from "../../settings/rights.ts";
import type { Finding } from "./finding.ts";

/** The oldest Deno that runs civikit. */
const leastDeno = "2.9.0";
/** The least memory that should be free, in bytes. */
const leastFree = 256 * 1024 ** 2;

function isOlder(version: string, least: string): boolean {
  const [one, other] = [version, least].map((text) => text.split(/[.+-]/).slice(0, 3).map(Number));
  const at = one!.findIndex((number, index) => number !== other![index]);
  return at >= 0 && one![at]! < other![at]!;
}

/** Which Deno this is. */
export function denoFinding(version: string = Deno.version.deno): Finding {
  const { target } = Deno.build;
  if (!isOlder(version, leastDeno)) return { check: "deno", level: "ok", detail: (text) => text.deno(version, target) };
  const detail: Finding["detail"] = (text) => text.denoOld(version, leastDeno);
  return { check: "deno", level: "error", detail, next: (text) => text.denoOldNext };
}

/** How much memory there is. */
export function memoryFinding(): Finding {
  const { rss } = Deno.memoryUsage();
  if (!isGranted([{ name: "sys", kind: "systemMemoryInfo" }])) {
    return { check: "memory", level: "ok", detail: (text) => text.memoryUsed(rss) };
  }
  const { available, total } = Deno.systemMemoryInfo();
  if (available >= leastFree) {
    return { check: "memory", level: "ok", detail: (text) => text.memory(rss, available, total) };
  }
  const next: Finding["next"] = (text) => text.memoryLowNext;
  return { check: "memory", level: "warning", detail: (text) => text.memoryLow(available), next };
}
