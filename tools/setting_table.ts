/**
 * Renews the table of settings in docs/settings.md from the one of the code.
 *
 * @module
 */
import { rangeText, shownValue, unitOf } from "../cli/settings/shown_value.ts";
import { envNames, type SettingKey, settingKeys, settingRow } from "../cli/settings/table.ts";
import { between, markdownTable } from "./markdown_table.ts";

const REFERENCE = new URL("../docs/settings.md", import.meta.url);

const kinds = {
  switch: "開關",
  number: "數字",
  size: "大小",
  word: "詞",
  text: "文字",
  path: "路徑",
  url: "網址",
  rate: "速率",
  list: "清單",
  folders: "對照表",
  headers: "對照表",
} as const;

const codes = (texts: readonly string[]): string =>
  texts.map((text) => `\`${text.replaceAll("|", "\\|")}\``).join("、");

function cells(key: SettingKey): string[] {
  const row = settingRow(key);
  const unit = row.kind === "number" ? unitOf(row) : null;
  const range = row.kind === "word" ? codes(row.words) : rangeText(row)?.replace("on|off", "`on`、`off`") ?? "";
  const usual = row.default === undefined ? row.usual!["zh-TW"] : shownValue(row, row.default);
  return [
    codes([key]),
    [kinds[row.kind], unit, range].filter(Boolean).join(" "),
    row.default === undefined || usual === "" ? usual || "（空）" : codes([usual]),
    codes(envNames(key)),
    row.flag === undefined ? "" : codes([`--${row.flag}`]),
    codes(row.old ?? []),
    row.help["zh-TW"],
  ];
}

/** The reference with its table renewed. */
export function withSettingTable(reference: string): string {
  const head = ["設定", "值", "預設", "環境變數", "選項", "舊工具的設定", "意義"];
  return between(reference, "settings", markdownTable([head, ...settingKeys.map(cells)]));
}

if (import.meta.main) await Deno.writeTextFile(REFERENCE, withSettingTable(await Deno.readTextFile(REFERENCE)));
