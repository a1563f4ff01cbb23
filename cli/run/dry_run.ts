import { resolve } from "node:path";
import type { PlannedFile } from "../../hub/run/mod.ts";
import { formatBytes, freeBytes, redactUrl, unfinishedBytes } from "../../transport/internal.ts";
import { hashNames } from "../../transport/mod.ts";
import { ExitCode } from "../exit_code.ts";
import type { CommandContext } from "../command.ts";
import type { JsonEvent } from "../terminal/json.ts";
import { output } from "../terminal/output.ts";
import type { Item } from "../terminal/reporter.ts";
import type { Style } from "../terminal/style.ts";
import { printable } from "../terminal/text.ts";

/** A file that a run would fetch. */
export type DryFile = Item & Pick<PlannedFile, "url" | "hashes" | "warnings">;

function sizeOnDisk(path: string): number | undefined {
  try {
    return Deno.lstatSync(path).size;
  } catch {
    return undefined;
  }
}

/** What lies there of a file, and how much of it is left to fetch: undefined where nobody knows. */
function lookAt({ path, url, hashes, totalBytes }: DryFile, isReplaced: boolean): { state: string; left?: number } {
  const whole = isReplaced ? undefined : sizeOnDisk(path);
  if (whole !== undefined) return { state: `already there, ${formatBytes(whole)} (would be checked)`, left: 0 };
  const there = unfinishedBytes(path, url, { hashes });
  if (totalBytes === undefined) return { state: there === 0 ? "" : `${formatBytes(there)} there (would be continued)` };
  if (there === 0) return { state: "", left: totalBytes };
  const left = Math.max(0, totalBytes - there);
  const state = `${formatBytes(there)} of ${formatBytes(totalBytes)} there (would be continued: ${
    formatBytes(left)
  } left)`;
  return { state, left };
}

const only = (when: boolean, label: string, text: string): [string, string][] => when ? [[label, text]] : [];

function describe({ name, url, path, totalBytes, hashes, warnings }: DryFile, state: string, style: Style): string {
  const lines: [string, string][] = [
    ["from", redactUrl(url)],
    ["to", printable(path)],
    ["size", totalBytes === undefined ? "unknown" : `${formatBytes(totalBytes)} (${totalBytes} bytes)`],
    ...hashNames.flatMap((kind): [string, string][] => hashes[kind] ? [[kind, printable(hashes[kind])]] : []),
    ...only(Object.keys(hashes).length === 0, "hash", style.warn("none: only the size can be checked")),
    ...only(state !== "", "state", state),
    ...warnings.map(({ message }): [string, string] => ["warning", style.warn(printable(message))]),
  ];
  return `${printable(name)}\n${lines.map(([label, text]) => `  ${label.padEnd(7)}  ${text}\n`).join("")}`;
}

/** What {@linkcode dryRun} goes by. */
export interface DryRunOptions {
  /** Where everything goes: its disk needs the room. */
  readonly dir: string;
  /** JSON lines. */
  readonly json: boolean;
  /** Whether other files give way. */
  readonly force: boolean;
}

/**
 * Shows on the standard output what a run would do, and whether it fits.
 *
 * @returns 8 when the disk has too little room, else 0.
 */
export function dryRun(
  files: readonly DryFile[],
  { dir, json, force }: DryRunOptions,
  context: CommandContext,
): number {
  const { show, print } = output(context, { json });
  const free = freeBytes(dir);
  let needed = 0;
  let unknown = 0;
  for (const file of files) {
    const { index, reference, name, path, url, hashes, totalBytes = null } = file;
    const { state, left } = lookAt(file, force);
    needed += left ?? 0;
    if (left === undefined) unknown++;
    const place = { file: name, path: resolve(path), totalBytes, leftBytes: left ?? null, hashes };
    const where = { url: redactUrl(url), freeBytes: free ?? null };
    const event: JsonEvent = { event: "would_download", index, reference, ...place, ...where };
    show(event, describe(file, state, context.style));
  }
  const fits = free === undefined || needed <= free;
  if (files.length > 0) {
    const room = free === undefined ? "" : `; ${formatBytes(free)} free in ${printable(dir)}`;
    const more = unknown === 0 ? "" : ` and ${unknown} of unknown size`;
    const count = `${files.length} ${files.length === 1 ? "file" : "files"}`;
    const total = `${count}, ${formatBytes(needed)} to fetch${more}${room}\n`;
    print(fits ? total : `${total}${context.style.bad("not enough disk space")}\n`);
  }
  return fits ? ExitCode.ok : ExitCode.disk;
}
