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
import { fit, printable } from "../terminal/text.ts";
import { type RunText, runText } from "../texts/run.ts";

type DryText = RunText["dry"];

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
function lookAt(
  { path, url, hashes, totalBytes }: DryFile,
  isReplaced: boolean,
  text: DryText,
): { state: string; left?: number } {
  const whole = isReplaced ? undefined : sizeOnDisk(path);
  if (whole !== undefined) return { state: text.wholeThere(formatBytes(whole)), left: 0 };
  const there = unfinishedBytes(path, url, { hashes });
  if (totalBytes === undefined) return { state: there === 0 ? "" : text.partThere(formatBytes(there)) };
  if (there === 0) return { state: "", left: totalBytes };
  const left = Math.max(0, totalBytes - there);
  return { state: text.partLeft(formatBytes(there), formatBytes(totalBytes), formatBytes(left)), left };
}

const only = (when: boolean, label: string, text: string): [string, string][] => when ? [[label, text]] : [];

function describe(
  { name, url, path, totalBytes, hashes, warnings }: DryFile,
  state: string,
  style: Style,
  text: DryText,
): string {
  const lines: [string, string][] = [
    [text.from, redactUrl(url)],
    [text.to, printable(path)],
    [text.size, totalBytes === undefined ? text.unknown : text.bytes(formatBytes(totalBytes), totalBytes)],
    ...hashNames.flatMap((kind): [string, string][] => hashes[kind] ? [[kind, printable(hashes[kind])]] : []),
    ...only(Object.keys(hashes).length === 0, text.hash, style.warn(text.noHash)),
    ...only(state !== "", text.state, state),
    ...warnings.map(({ message }): [string, string] => [text.warning, style.warn(printable(message))]),
  ];
  return `${printable(name)}\n${lines.map(([label, shown]) => `  ${fit(label, 7)}  ${shown}\n`).join("")}`;
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
  const text = runText[context.locale].dry;
  const free = freeBytes(dir);
  let needed = 0;
  let unknown = 0;
  for (const file of files) {
    const { index, reference, name, path, url, hashes, totalBytes = null } = file;
    const { state, left } = lookAt(file, force, text);
    needed += left ?? 0;
    if (left === undefined) unknown++;
    const place = { file: name, path: resolve(path), totalBytes, leftBytes: left ?? null, hashes };
    const where = { url: redactUrl(url), freeBytes: free ?? null };
    const event: JsonEvent = { event: "would_download", index, reference, ...place, ...where };
    show(event, describe(file, state, context.style, text));
  }
  const fits = free === undefined || needed <= free;
  if (files.length > 0) {
    const room = free === undefined ? "" : text.room(formatBytes(free), printable(dir));
    const total = `${text.total(files.length, formatBytes(needed), unknown, room)}\n`;
    print(fits ? total : `${total}${context.style.bad(text.tooLarge)}\n`);
  }
  return fits ? ExitCode.ok : ExitCode.disk;
}
