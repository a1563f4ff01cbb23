import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import { outputFlags, siteFlags } from "../options/shared_flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { type Bundle, bundleOf, bundleText, reportName, writeReport } from "../run/doctor/bundle.ts";
import { examine, hostsOf } from "../run/doctor/examine.ts";
import {
  adviceOn,
  exitCodeOf,
  type Finding,
  type FindingLine,
  type Level,
  lineOf,
  stateOf,
} from "../run/doctor/finding.ts";
import { firewallHosts, proxiesIn } from "../run/doctor/targets.ts";
import { caCertificates } from "../settings/ca_certificates.ts";
import { loadKeys } from "../settings/keys.ts";
import { describeFailure } from "../terminal/failure.ts";
import { interrupt } from "../terminal/interrupt.ts";
import { type Output, output } from "../terminal/output.ts";
import type { Style } from "../terminal/style.ts";
import { printable } from "../terminal/text.ts";
import { doctorText } from "../texts/doctor.ts";

const help = {
  en: `It looks at the network, Deno, the key, folders and rights, disks, databases, the
clock, the proxy, memory and the service; at the Redis of fleet.redis and the buckets of
fleet.store and install.mirror, where they are set; then at DNS, TCP, TLS and HTTP of each
host, side by side, for 10 seconds at most. Nothing is changed, and it works without a
network; --write also tries whether the buckets take files.

--report writes what whoever helps needs to know into one new JSON file (named
by the operand, or civikit-report-TIME.json in this folder): versions, settings
and where they come from, the last errors and log lines, and this check. It says
first what is in it; secrets are cut out.

exit: the first that holds: 5 no network, or no way to Redis or a bucket, 3 key or their
credentials refused, 8 disk or rights, 1 any other error or warning, 0 all well.

examples:
  civikit doctor
  civikit doctor --json | jq 'select(.level != "ok")'
  civikit doctor --report civikit-report.json`,
  "zh-TW":
    `檢查網路、Deno、金鑰、資料夾與權限、磁碟、資料庫、時鐘、代理伺服器、記憶體與服務；有設定的話，也看 fleet.redis 的 Redis，以及 fleet.store 與 install.mirror 的儲存貯體；接著同時檢查每個主機的 DNS、TCP、TLS 與 HTTP。每一項都會說明狀況與該怎麼處理；什麼都不改，--write 會另外試儲存貯體能不能寫入。結束代碼是第一個符合的：5 沒有網路，或連不到 Redis、儲存貯體、3 金鑰或它們的憑證被拒絕、8 磁碟或權限、1 其他錯誤或警告、0 一切正常。

--report 把協助您的人需要知道的寫成一個新的 JSON 檔案（檔名由參數指定，否則是這個資料夾的 civikit-report-TIME.json）：版本、設定與來源、最近的錯誤、紀錄檔的最後幾行，以及這次檢查的結果；機密會去掉，寫入前先列出內容。

範例：
  civikit doctor
  civikit doctor --json | jq 'select(.level != "ok")'
  civikit doctor --report civikit-report.json`,
};

const flags = {
  report: {
    type: "switch",
    help: {
      en: "write a report for whoever helps; it says first what is in it",
      "zh-TW": "把診斷、設定與最近的錯誤寫成一個新檔案，方便求助",
    },
  },
  write: {
    type: "switch",
    help: {
      en: "try the right to write into the buckets, too: an upload is begun and given up",
      "zh-TW": "也試能不能寫入儲存貯體：開始一個上傳，隨即放棄",
    },
  },
  json: {
    ...outputFlags.json,
    help: { ...outputFlags.json.help, en: "one JSON object a line: check, level, detail, next" },
  },
  baseUrl: siteFlags.baseUrl,
} as const satisfies Flags;

const colours: Readonly<Record<Level, keyof Style>> = { ok: "good", warning: "warn", error: "bad" };
const levelWidth = "warning".length;
const checkWidth = "databases".length;

function shown({ check, level, detail, next }: FindingLine, { style, locale }: CommandContext): string {
  const text = doctorText[locale];
  const word = text.levels[level];
  // Chinese words are twice as wide as long
  const space = " ".repeat(levelWidth - (locale === "en" ? word.length : 2 * word.length));
  const line = `${style[colours[level]](word)}${space}  ${check.padEnd(checkWidth)}  ${detail}\n`;
  const indent = " ".repeat(levelWidth + checkWidth + 4);
  return next === null ? line : `${line}${indent}${style.dim(`${text.next}${next}`)}\n`;
}

/** Says what a report holds, and then writes it. */
function report(bundle: Bundle, path: string, { locale }: CommandContext, { isJson, print, note }: Output): void {
  const text = doctorText[locale];
  const tell = (line: string) => isJson ? note(line) : print(`${line}\n`);
  const content = bundleText(bundle);
  const { settings, doctor, errors, logs } = bundle;
  const parts = [
    text.reportPlatform,
    text.reportSettings(settings.length),
    text.reportLines(doctor.length),
    text.reportErrors(errors.length),
    text.reportLogs(Object.values(logs).flat().length),
  ];
  tell(text.reportHolds(printable(path), new TextEncoder().encode(content).length));
  for (const part of parts) tell(`  - ${part}`);
  tell(`  ${text.reportWithout}`);
  writeReport(path, content);
  tell(text.reportWritten(printable(path)));
}

/** Certificates in files that can be read; of the others the lines about TLS tell. */
function certificates(files: readonly string[]): { caCerts: string[]; unreadable: Finding[] } {
  const caCerts: string[] = [];
  const unreadable = files.flatMap((path): Finding[] => {
    try {
      caCerts.push(...caCertificates([path]));
      return [];
    } catch (error) {
      const state = stateOf(error);
      return [{ check: "tls", level: "error", detail: () => state, next: adviceOn(error) }];
    }
  });
  return { caCerts, unreadable };
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io, style, locale, settings } = context;
  const { operands: [file], flags: { report: isReported, write: isWriting, json } } = args;
  const text = doctorText[locale];
  if (file !== undefined && !isReported) throw new UsageError(`operand "${printable(file)}": ${text.reportFile}`);
  using out = output(context, { json });
  using stop = interrupt(io, { onFirst: out.close, onSecond: out.close });
  for (const fault of settings.faults) out.note(describeFailure(fault, undefined, locale, style).trimEnd());
  const { caCerts, unreadable } = certificates(settings.value("network.caFiles"));
  const baseUrl = settings.value("baseUrl");
  const patient = {
    io,
    baseUrl,
    keys: loadKeys(io.env),
    proxies: proxiesIn(io, settings.value("network.proxy")),
    caCerts,
    settings,
    isWriting,
    downloads: settings.value("download.directory"),
    signal: stop.signal,
  };
  out.progress(text.asking(hostsOf(patient).map(({ host }) => host)));
  const findings = [...await examine(patient), ...unreadable];
  out.close();
  for (const finding of findings) {
    if (json || !finding.isConsequence) out.show(lineOf(finding, "en"), shown(lineOf(finding, locale), context));
  }
  const count = (level: Level) => findings.filter((one) => one.level === level && !one.isConsequence).length;
  const [errors, warnings] = [count("error") + settings.faults.length, count("warning")];
  out.print(`\n${text.firewall(firewallHosts(baseUrl))}\n`);
  out.print(`${errors + warnings === 0 ? text.allWell : text.found(errors, warnings)}\n`);
  if (isReported) {
    const lines = findings.map((finding) => lineOf(finding, "en"));
    const bundle = await bundleOf({ io, settings, lines });
    out.print("\n");
    report(bundle, file ?? reportName(), context, out);
  }
  return exitCodeOf(findings) || (errors > 0 ? ExitCode.other : ExitCode.ok);
}

/** `civikit doctor`: what is wrong, and what to do. */
export const doctorCommand: Command = {
  usage: "doctor [--report [<file>]] [options]",
  operands: "file",
  flags,
  mostOperands: 1,
  isForgiving: true,
  help,
  run,
};
