/**
 * Renews the tables of docs/reference.md from the code: commands, exit codes, variables, events, metrics, addresses,
 * permissions, error codes, places. What the code does not say is in no table.
 *
 * @module
 */
import { relative } from "node:path";
import { loadCommands } from "../cli/commands/commands.ts";
import { ExitCode, exitCode } from "../cli/exit_code.ts";
import { main, processIo } from "../cli/mod.ts";
import { envNames, settingKeys, settingRow } from "../cli/settings/table.ts";
import { environmentText } from "../cli/texts/environment.ts";
import { pathsText } from "../cli/texts/paths.ts";
import { endpoints } from "../hub/routes/api.ts";
import { openapi as serviceApi } from "../hub/routes/openapi.ts";
import type { CounterName } from "../monitor/metrics/counters.ts";
import { Histogram } from "../monitor/metrics/histogram.ts";
import { metricsRegistry } from "../monitor/mod.ts";
import { openapi as diagnosticsApi } from "../monitor/server/openapi.ts";
import { prometheusText } from "../monitor/server/prometheus.ts";
import { CivikitError, errorCodes, hint } from "../transport/mod.ts";
import { helpText } from "../cli/texts/help.ts";
import { exitMeanings } from "./exit_meanings.ts";
import { between, markdownTable } from "./markdown_table.ts";

const ROOT = new URL("../", import.meta.url);
const REFERENCE = new URL("docs/reference.md", ROOT);

const textOf = (path: string) => Deno.readTextFile(new URL(path, ROOT));

const code = (text: string | number) => `\`${String(text).replaceAll("|", "\\|")}\``;

const codes = (texts: readonly string[]) => texts.map(code).join("、");

const oneLine = (text: string) => text.replace(/\s+\*?\s*/g, " ").trim().replaceAll("|", "\\|");

async function commandTable(): Promise<string> {
  const { groups } = helpText["zh-TW"];
  const rows = (await loadCommands()).map(({ name, group, summary, actions = [], usualAction }) => {
    const usual = usualAction === undefined ? "" : code(usualAction);
    return [code(name), groups[group].replace(/（.*/, ""), codes(actions), usual, summary["zh-TW"]];
  });
  return markdownTable([["指令", "類別", "動作", "不寫動作時", "做什麼"], ...rows]);
}

function exitTable(): string {
  const rows = Object.entries(ExitCode).map(([name, number]) => {
    return [code(number), code(`ExitCode.${name}`), exitMeanings.get(number)!];
  });
  return markdownTable([["代碼", "程式裡的名稱", "意思"], ...rows]);
}

function variableTable(): string {
  const own = Object.entries(environmentText).map(([name, help]) => [code(name), "", help["zh-TW"]]);
  const settings = settingKeys.flatMap((key) => {
    return envNames(key).map((name) => [code(name), code(key), settingRow(key).help["zh-TW"]]);
  });
  return markdownTable([["環境變數", "設定", "意義"], ...own, ...settings]);
}

/** Types of a union as it is written: the name, the fields, and the comment before it. */
function membersOf(source: string, tag: string): { name: string; fields: string; comment: string }[] {
  const member = new RegExp(`(?:/\\*\\* ([^*]*?) \\*/\\s*)?\\| \\{\\s*(?:readonly )?${tag}: "(\\w+)";?([^}]*)\\}`, "g");
  return [...source.matchAll(member)].map(([, comment = "", name, fields]) => ({
    name: name!,
    fields: codes([...fields!.matchAll(/(\w+\??):/g)].map(([, field]) => field!)),
    comment: oneLine(comment),
  }));
}

async function eventTable(): Promise<string> {
  const rows = membersOf(await textOf("transport/transport.ts"), "type").map(({ name, fields, comment }) => {
    return [code(name), fields, comment];
  });
  return markdownTable([["`type`", "欄位", "意思（程式裡的說明）"], ...rows]);
}

async function messageTable(): Promise<string> {
  const rows = membersOf(await textOf("monitor/metrics/event_bus.ts"), "type").map(({ name, fields, comment }) => {
    return [code(name), fields, comment];
  });
  return markdownTable([["`event`", "欄位", "意思（程式裡的說明）"], ...rows]);
}

async function lineTable(): Promise<string> {
  const source = await textOf("cli/terminal/json.ts");
  const comments = new Map(
    [...source.matchAll(/^ \* - `(\w+)`: ([^]*?)(?=\n \* - |\n \*\/)/gm)].map((
      [, name, text],
    ) => [name!, oneLine(text!)]),
  );
  const rows = membersOf(source, "event").map(({ name, fields }) => [code(name), fields, comments.get(name) ?? ""]);
  return markdownTable([["`event`", "欄位", "意思（程式裡的說明）"], ...rows]);
}

const counters: Readonly<Record<CounterName, true>> = {
  ...{ retry: true, resume: true, cache: true, queue: true, limit: true, circuit: true, redirect: true, resolve: true },
  ...{ dedupe: true, fallback: true, steal: true, connections: true, download: true, download_error: true },
  ...{ download_bytes: true, memory: true, null_answer: true },
};

/** What is printed where everything has happened once. */
function everyMetric(): string {
  const snapshot = metricsRegistry().snapshot();
  const latency = new Histogram();
  latency.record(1);
  const totals = { requests: 1, failed: 1, aborted: 1, bytes: 1, statuses: { 200: 1 }, codes: { gone: 1 }, latency };
  return prometheusText({
    ...snapshot,
    series: [{ method: "GET", route: "r", host: "h", ...totals }],
    counters: (Object.keys(counters) as CounterName[]).map((name) => ({
      name,
      host: "h",
      label: "l",
      count: 1,
      sum: 1,
    })),
    working: [{ rssBytes: 1 }],
    rules: { active: 1 },
    memory: { ...snapshot.memory, limitBytes: 1, level: 1 },
  });
}

function metricTable(): string {
  const text = everyMetric();
  const rows = [...text.matchAll(/^# HELP (\S+) (.+)\n# TYPE \S+ (\w+)\n(\S+)/gm)].map(
    ([, name, help, type, sample]) => {
      const labels = [...sample!.matchAll(/(\w+)="/g)].map(([, label]) => label!);
      return [code(name!), type!, codes(labels), help!];
    },
  );
  return markdownTable([["數字", "型別", "標籤", "意思（`# HELP`）"], ...rows]);
}

type Paths = Readonly<Record<string, Readonly<Record<string, { readonly summary?: string }>>>>;

function routeTable(): string {
  const rowsOf = ({ paths }: Readonly<Record<string, unknown>>, base: string) =>
    Object.entries(paths as Paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { summary = "" }]) => {
        return [method.toUpperCase(), code(base + path), oneLine(summary)];
      })
    );
  const rows = [...rowsOf(serviceApi(endpoints), "/api/v1"), ...rowsOf(diagnosticsApi, "")];
  return markdownTable([["方法", "位址", "做什麼（OpenAPI 的說明）"], ...rows]);
}

type Rights = Readonly<Record<string, Readonly<Record<string, true | readonly string[]>>>>;

async function rightTable(): Promise<string> {
  const { permissions } = JSON.parse(await textOf("deno.json")) as { permissions: Rights };
  const guide = await textOf("docs/user_guide.md");
  const sets = Object.keys(permissions);
  const names = [...new Set(sets.flatMap((set) => Object.keys(permissions[set]!)))];
  const rows = names.map((name) => {
    const given = sets.map((set) => permissions[set]![name]).map((value) => {
      return value === true ? "全部" : value === undefined ? "沒有" : codes(value);
    });
    const [, purpose] = new RegExp(`^\\|[^|]*\`--allow-${name}\`\\s*\\| (.*?)\\s*\\|$`, "m").exec(guide) ?? [];
    if (purpose === undefined) throw new Error(`reading docs/user_guide.md: nothing says what --allow-${name} is for`);
    return [code(`--allow-${name}`), ...given, purpose];
  });
  return markdownTable([["權限", ...sets.map((set) => code(`-P=${set}`)), "用途"], ...rows]);
}

function errorTable(): string {
  const rows = errorCodes.map((one) => [
    `[\`${one}\`](troubleshooting.md#${one})`,
    code(exitCode(new CivikitError("", { code: one }))),
    oneLine(hint(one, "zh-TW").title),
  ]);
  return markdownTable([["錯誤代碼", "結束代碼", "意思"], ...rows]);
}

/** Whether a place is one of a home, not below the folder where a command is run. */
const isOfHome = (path: string) => relative(Deno.cwd(), path).startsWith("..");

/** What `civikit paths` says in a home of its own. */
async function placesIn(env: Readonly<Record<string, string>>): Promise<Map<string, string>> {
  const lines: string[] = [];
  const stdout = (text: string) => void lines.push(text);
  await main(["paths", "--json"], { ...processIo(), stdout, env: (name) => env[name] });
  const places = lines.join("").trim().split("\n").map((line) => JSON.parse(line) as { name: string; path: string });
  const written = (path: string) => (isOfHome(path) ? path : `/${relative(Deno.cwd(), path)}`);
  return new Map(places.map(({ name, path }) => [name, written(path).replaceAll("\\", "/").replace(/^[A-Z]:/, "")]));
}

async function placeTable(): Promise<string> {
  const words: Readonly<Record<string, unknown>> = pathsText["zh-TW"];
  const posix = await placesIn({ HOME: "/~" });
  const windows = await placesIn({ APPDATA: "/%APPDATA%", LOCALAPPDATA: "/%LOCALAPPDATA%" });
  const rows = [...posix].map(([name, path]) => [
    code(name),
    String(words[name]),
    code(path.slice(1)),
    code(windows.get(name)!.slice(1).replaceAll("/", "\\")),
  ]);
  return markdownTable([["名稱", "內容", "Linux、macOS", "Windows"], ...rows]);
}

const tables: Readonly<Record<string, () => string | Promise<string>>> = {
  commands: commandTable,
  exits: exitTable,
  variables: variableTable,
  events: eventTable,
  messages: messageTable,
  lines: lineTable,
  metrics: metricTable,
  routes: routeTable,
  rights: rightTable,
  errors: errorTable,
  places: placeTable,
};

/** The reference with its tables renewed. */
export async function withReferenceTables(reference: string): Promise<string> {
  let text = reference;
  for (const [name, table] of Object.entries(tables)) text = between(text, name, await table());
  return text;
}

if (import.meta.main) {
  await Deno.writeTextFile(REFERENCE, await withReferenceTables(await Deno.readTextFile(REFERENCE)));
}
