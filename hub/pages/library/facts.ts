import { html } from "hono/html";
import type { ModelFacts } from "../../../api/mod.ts";
import type { Locale } from "../../../transport/mod.ts";
import { factRows, type FactWords } from "../../run/fact_rows.ts";
import type { Html } from "../page.ts";
import { texts } from "./texts.ts";

const chinese: Readonly<Record<string, string>> = {
  ...{ file: "檔案", size: "大小", proof: "驗證", model: "模型", version: "版本", type: "類型", state: "狀態" },
  ...{ "base model": "基礎模型", "trigger words": "觸發詞", weight: "權重", notes: "筆記", tags: "標籤" },
  ...{ permissions: "作者允許", format: "格式", "training tags": "訓練標籤", problem: "問題", sidecars: "附屬檔" },
};

const words: Readonly<Record<Locale, FactWords>> = {
  en: {
    unknown: "not known to the site",
    unasked: "not asked about yet",
    bySidecar: "by its sidecar",
    gone: (date) => `gone from the site since ${date}; it is kept`,
    second: (name) => `at the second source ${name}`,
    tensors: (count) => `${count} tensors`,
  },
  "zh-TW": {
    unknown: "網站不認得",
    unasked: "還沒問過",
    bySidecar: "依附屬檔",
    gone: (date) => `${date} 起網站已下架；檔案留著`,
    second: (name) => `第二來源 ${name} 有`,
    tensors: (count) => `${count} 個張量`,
  },
};

/** Everything that is known of a file, as `civikit show` has it. */
export function factsOf(facts: ModelFacts, locale: Locale): Html {
  const nameOf = (name: string) => locale === "zh-TW" ? chinese[name] ?? name : name;
  const rows = factRows(facts, words[locale], locale).map(([name, value]) =>
    html`
      <tr>
        <th scope="row">${nameOf(name)}</th>
        <td>${value}</td>
      </tr>
    `
  );
  return html`
    <p><a href="/library" id="back">${texts.back[locale]}</a></p>
    <div class="wide">
      <table class="files" id="facts">
        <caption>${facts.name}</caption>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}
