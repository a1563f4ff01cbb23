import { resolve } from "node:path";
import { formatBytes, freeBytes, hashNames, redactUrl } from "../transport/mod.ts";
import type { DownloadOptions } from "./download_options.ts";
import type { PlannedFile } from "./download_plan.ts";
import { ExitCode } from "./exit_code.ts";
import type { Io } from "./io.ts";
import { writeJson } from "./progress/json.ts";
import type { Style } from "./style.ts";
import { printable } from "./text.ts";

function sizeOnDisk(path: string): number | undefined {
  try {
    return Deno.lstatSync(path).size;
  } catch {
    return undefined;
  }
}

function stateOnDisk(path: string): string {
  const whole = sizeOnDisk(path), part = sizeOnDisk(`${path}.part`);
  if (whole !== undefined) return `already there, ${formatBytes(whole)} (would be checked)`;
  return part === undefined ? "" : "begun by an earlier run (would be continued)";
}

const only = (when: boolean, label: string, text: string): [string, string][] => when ? [[label, text]] : [];

function describe({ name, url, path, totalBytes, hashes, warnings }: PlannedFile, style: Style): string {
  const state = stateOnDisk(path);
  const lines: [string, string][] = [
    ["from", redactUrl(url)],
    ["to", printable(path)],
    ["size", totalBytes === undefined ? "unknown" : `${formatBytes(totalBytes)} (${totalBytes} bytes)`],
    ...hashNames.flatMap((kind): [string, string][] => hashes[kind] ? [[kind, printable(hashes[kind])]] : []),
    ...only(Object.keys(hashes).length === 0, "hash", style.warn("none: only the size can be checked")),
    ...only(state !== "", "state", state),
    ...warnings.map(({ message }): [string, string] => ["warning", style.warn(printable(message))]),
  ];
  return `${name}\n${lines.map(([label, text]) => `  ${label.padEnd(7)}  ${text}\n`).join("")}`;
}

/**
 * Shows on the standard output what a run would do, and whether it fits.
 *
 * @returns 8 when the disk has too little room, else 0.
 */
export function dryRun(
  files: readonly PlannedFile[],
  { dir, json }: DownloadOptions,
  { io, style }: { io: Io; style: Style },
): number {
  const free = freeBytes(dir);
  const needed = files.reduce(
    (sum, { path, totalBytes = 0 }) => sizeOnDisk(path) === undefined ? sum + totalBytes : sum,
    0,
  );
  const fits = free === undefined || needed <= free;
  for (const file of files) {
    const { index, reference, name, path, url, hashes, totalBytes = null } = file;
    if (json) {
      const place = {
        file: name,
        path: resolve(path),
        totalBytes,
        hashes,
        url: redactUrl(url),
        freeBytes: free ?? null,
      };
      writeJson(io, { event: "would_download", index, reference, ...place });
    } else io.stdout(describe(file, style));
  }
  if (!json && files.length > 0) {
    const room = free === undefined ? "" : `; ${formatBytes(free)} free in ${printable(dir)}`;
    const total = `${files.length} ${files.length === 1 ? "file" : "files"}, ${formatBytes(needed)} to fetch${room}\n`;
    io.stdout(fits ? total : `${total}${style.bad("not enough disk space")}\n`);
  }
  return fits ? ExitCode.ok : ExitCode.disk;
}
