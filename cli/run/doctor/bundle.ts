import { join } from "node:path";
import { version } from "../../../transport/mod.ts";
import { lookAtSqlite, messageOf, redactText, wrapDiskError } from "../../../transport/internal.ts";
import { homeFolder, monitorPaths } from "../../settings/places.ts";
import type { Settings } from "../../settings/read_settings.ts";
import { isGranted, keeping } from "../../settings/rights.ts";
import type { Io } from "../../terminal/io.ts";
import { jsonText } from "../../terminal/json_line.ts";
import type { FindingLine } from "./finding.ts";
import { lastLines } from "./last_lines.ts";

const mostErrors = 50;
const mostLogLines = 100;
/** No text in the report is longer: with the numbers above its size is bounded. */
const mostCharacters = 600;
const logNames = ["http_client", "application", "error"] as const;
const rightNames = ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const;

/** A setting, and where it comes from. */
export interface ReportedSetting {
  /** Its name. */
  readonly key: string;
  /** What it is, as it is typed. */
  readonly value: string;
  /** Where it was set. */
  readonly source: string;
  /** The option, the variable or the file; null for the default. */
  readonly from: string | null;
}

/** What whoever helps needs to know: all of it text and numbers. */
export interface Bundle {
  /** The version of civikit. */
  readonly civikit: string;
  /** When it was written. */
  readonly written: string;
  /** What it runs on. */
  readonly platform: Readonly<Record<string, unknown>>;
  /** The settings. */
  readonly settings: readonly ReportedSetting[];
  /** What is wrong with them. */
  readonly faults: readonly string[];
  /** What was found, in English. */
  readonly doctor: readonly FindingLine[];
  /** The last failures, newest first. */
  readonly errors: readonly unknown[];
  /** The last lines of each log, oldest first. */
  readonly logs: Readonly<Record<typeof logNames[number], readonly string[]>>;
}

/** What {@linkcode bundleOf} goes by. */
export interface BundleOptions {
  /** Environment and terminal. */
  readonly io: Pick<Io, "env" | "isTerminal">;
  /** The settings. */
  readonly settings: Pick<Settings, "entries" | "faults">;
  /** What was found, in English. */
  readonly lines: readonly FindingLine[];
}

/** What civikit runs on; asks for no right. */
function platform({ isTerminal }: BundleOptions["io"]): Bundle["platform"] {
  const { deno, v8, typescript } = Deno.version;
  const mayAsk = (kind: "osRelease" | "systemMemoryInfo") => isGranted([{ name: "sys", kind }]);
  return {
    deno,
    v8,
    typescript,
    target: Deno.build.target,
    system: mayAsk("osRelease") ? Deno.osRelease() : null,
    isCompiled: Deno.build.standalone,
    processors: navigator.hardwareConcurrency,
    memory: mayAsk("systemMemoryInfo") ? Deno.systemMemoryInfo() : null,
    usedBytes: Deno.memoryUsage().rss,
    isTerminal,
    language: navigator.language,
    rights: Object.fromEntries(rightNames.map((name) => [name, Deno.permissions.querySync({ name }).state])),
  };
}

/** The last failures that were recorded; none where the statistics cannot be read. */
async function lastErrors({ env }: Pick<Io, "env">): Promise<readonly unknown[]> {
  const path = monitorPaths(env)?.store;
  if (path === undefined || !isGranted(keeping(path))) return [];
  try {
    Deno.statSync(path);
    lookAtSqlite(path); // a damaged one is left for the next command to set aside
    const { statsStore } = await import("../../../monitor/mod.ts");
    using store = statsStore(path);
    return store.failures(mostErrors);
  } catch {
    return [];
  }
}

function lastLogs({ env }: Pick<Io, "env">): Bundle["logs"] {
  const folder = monitorPaths(env)?.logs;
  const linesOf = (name: string) => {
    const path = folder === undefined ? undefined : join(folder, `${name}.log`);
    return path === undefined || !isGranted([{ name: "read", path }]) ? [] : lastLines(path, mostLogLines);
  };
  const [http_client, application, error] = logNames.map(linesOf);
  return { http_client: http_client!, application: application!, error: error! };
}

/** `value` with everything cut out of its texts that is nobody's business. */
function cleaned(value: unknown, home: string | undefined): unknown {
  if (typeof value === "string") {
    const text = redactText(home === undefined ? value : value.replaceAll(home, "~"));
    return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
  }
  if (Array.isArray(value)) return value.map((item) => cleaned(item, home));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cleaned(item, home)]));
}

/** Gathers what whoever helps needs to know; secrets and the home folder are cut out, and its size is bounded. */
export async function bundleOf({ io, settings, lines }: BundleOptions): Promise<Bundle> {
  const home = homeFolder(io.env);
  const bundle: Bundle = {
    civikit: version,
    written: new Date().toISOString(),
    platform: platform(io),
    settings: settings.entries().map(({ key, text, source, from }) => ({ key, value: text, source, from })),
    faults: settings.faults.map(messageOf),
    doctor: lines,
    errors: await lastErrors(io),
    logs: lastLogs(io),
  };
  return cleaned(bundle, home) as Bundle;
}

/** The text of a report. */
export function bundleText(bundle: Bundle): string {
  return `${jsonText(bundle, 2)}\n`;
}

/** Where a report goes that was given no name: a new file in this folder. */
export function reportName(now: Date = new Date()): string {
  return `civikit-report-${now.toISOString().replace(/[^0-9TZ]/g, "").replace(/\d{3}Z$/, "Z")}.json`;
}

/**
 * Writes a report into a file of its own, which other users cannot read.
 *
 * @throws {DiskError} `target_exists`: nothing is overwritten; `permission_denied`, `no_space`.
 */
export function writeReport(path: string, text: string): void {
  try {
    // asked before, because Deno would stop and ask the user
    if (!isGranted([{ name: "write", path }])) throw new Error(`Requires write access to ${JSON.stringify(path)}`);
    Deno.writeTextFileSync(path, text, { createNew: true, mode: 0o600 });
  } catch (error) {
    throw wrapDiskError(error, path, "writing the report");
  }
}
