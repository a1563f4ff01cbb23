/**
 * Renews the entries of docs/troubleshooting.md, one for every error code, from the catalogue of hints, the exit codes and
 * the steps below.
 *
 * @module
 */
import { CivikitError, type ErrorCode, errorCodes, type ErrorReason, hint } from "../transport/mod.ts";
import { exitCode } from "../cli/exit_code.ts";
import { exitMeanings } from "./exit_meanings.ts";
import { between } from "./markdown_table.ts";

const GUIDE = new URL("../docs/troubleshooting.md", import.meta.url);

/** Where an entry belongs, and what is left when its steps did not help. */
type Area = "site" | "network" | "content" | "disk" | "input";

const areas: Readonly<Record<Area, { title: string; still: string }>> = {
  site: {
    title: "網站的回答",
    still:
      "執行 `civikit whoami` 與 `civikit doctor`；在瀏覽器以同一個帳號打開模型頁面。頁面也不行，是網站或作者的決定；頁面可以，請[回報](#求助)。",
  },
  network: {
    title: "網路與伺服器",
    still:
      "執行 `civikit doctor`，它會逐一檢查每個主機的 DNS、TCP、TLS 與 HTTP；換一個網路（例如手機熱點）再試，分辨是網路還是網站。",
  },
  content: {
    title: "內容與驗證",
    still:
      "保留 `.part` 與 `.quarantine`，以 `civikit doctor --report` 附上結果[回報](#求助)；這類錯誤多半是某個儲存主機或快取壞了，過幾小時再試也有用。",
  },
  disk: {
    title: "磁碟、權限與記憶體",
    still:
      "`civikit paths` 列出所有位置與大小，`civikit doctor` 檢查每個資料夾能不能寫、還剩多少；外接硬碟與網路磁碟請先確認已掛載。",
  },
  input: {
    title: "指令、設定與檔案",
    still:
      "`civikit help <指令>` 列出可用的值；`civikit config check` 說明設定有什麼問題。看起來沒有錯卻被拒絕，請[回報](#求助)。",
  },
};

const areaOf: Readonly<Record<ErrorCode, Area>> = {
  bad_request: "site",
  unauthorized: "site",
  login_required: "site",
  downloads_disabled: "site",
  early_access: "site",
  forbidden: "site",
  not_found: "site",
  method_not_allowed: "site",
  gone: "site",
  precondition_failed: "site",
  range_not_satisfiable: "site",
  rate_limited: "site",
  too_many_pages: "site",
  region_blocked: "site",
  client_error: "site",
  internal_server_error: "site",
  bad_gateway: "site",
  service_unavailable: "site",
  gateway_timeout: "site",
  cloudflare_error: "site",
  cloudflare_timeout: "site",
  server_error: "site",
  dns_failed: "network",
  connect_failed: "network",
  tls_failed: "network",
  connection_reset: "network",
  network_error: "network",
  header_timeout: "network",
  idle_timeout: "network",
  total_timeout: "network",
  circuit_open: "network",
  redirect_invalid: "network",
  redirect_insecure: "network",
  redirect_loop: "network",
  too_many_redirects: "network",
  unexpected_content: "content",
  protocol_violation: "content",
  content_changed: "content",
  body_incomplete: "content",
  no_progress: "content",
  page_loop: "content",
  hash_mismatch: "content",
  size_mismatch: "content",
  no_space: "disk",
  permission_denied: "disk",
  folder_missing: "disk",
  invalid_path: "disk",
  target_locked: "disk",
  target_exists: "disk",
  part_mismatch: "disk",
  rename_failed: "disk",
  disk_error: "disk",
  too_many_files: "disk",
  out_of_memory: "disk",
  invalid_argument: "input",
  invalid_url: "input",
  insecure_url: "input",
  invalid_air: "input",
  invalid_config: "input",
  invalid_response: "content",
  no_such_file: "input",
  invalid_file: "input",
  newer_format: "input",
  aborted: "input",
  internal_error: "input",
};

/** Which code a reason belongs to. */
const codeOf: Readonly<Record<ErrorReason, ErrorCode>> = {
  key_missing: "login_required",
  key_refused: "unauthorized",
  key_withheld: "unauthorized",
  host_token: "unauthorized",
  model_missing: "not_found",
  version_missing: "not_found",
  user_missing: "not_found",
  image_missing: "not_found",
  url_missing: "not_found",
  net_right: "permission_denied",
  read_right: "permission_denied",
  write_right: "permission_denied",
  env_right: "permission_denied",
  sys_right: "permission_denied",
  run_right: "permission_denied",
  ffi_right: "permission_denied",
  import_right: "permission_denied",
  near_address: "insecure_url",
  file_missing: "folder_missing",
  file_damaged: "hash_mismatch",
  list_missing: "folder_missing",
  is_folder: "invalid_path",
  not_a_folder: "folder_missing",
  root_outside: "invalid_path",
  own_link: "invalid_path",
  unknown_word: "invalid_argument",
  unknown_layout: "invalid_argument",
  port_in_use: "invalid_argument",
  project_missing: "invalid_argument",
  list_empty: "invalid_argument",
  key_reused: "invalid_argument",
  model_damaged: "invalid_file",
  database_foreign: "invalid_file",
  database_locked: "target_locked",
  service_running: "target_locked",
  moves_running: "target_locked",
  moves_unfinished: "target_locked",
  not_in_trash: "no_such_file",
  place_taken: "target_exists",
  no_model_named: "invalid_file",
  file_changed: "part_mismatch",
  name_encoding: "invalid_path",
  s3_credentials: "unauthorized",
  clock_skew: "unauthorized",
  redis_credentials: "invalid_config",
  redis_evicts: "invalid_config",
  redis_unfit: "invalid_config",
  bucket_denied: "forbidden",
  bucket_missing: "not_found",
  bucket_region: "invalid_config",
  unit_edited: "target_exists",
  backup_exists: "target_exists",
  backup_damaged: "invalid_file",
};

/** What else it may be, and what to type. */
const more: {
  readonly [code in ErrorCode]?: { readonly causes?: readonly string[]; readonly steps?: readonly string[] };
} = {
  unauthorized: {
    causes: [
      "金鑰打錯、少了一段，或前後有空白",
      "金鑰在網站上被刪除、過期",
      "環境變數 `CIVITAI_API_KEY` 蓋過了存好的金鑰",
    ],
    steps: [
      "`civikit whoami` 看這把金鑰屬於誰",
      "`civikit login` 存一把新的；`civikit logout` 移除舊的",
      "`civikit config list` 看金鑰從哪裡來",
    ],
  },
  login_required: { steps: ["`civikit login`，再執行一次同樣的指令；已下載的部分會接著用"] },
  forbidden: {
    causes: ["模型是私人的，或只給特定帳號", "所在地區或網路位址遭封鎖（VPN、機房）", "帳號的下載額度用完"],
    steps: ["以同一個帳號在瀏覽器打開模型頁面", "關掉 VPN 或換一個網路"],
  },
  not_found: {
    causes: ["版本編號與模型編號弄混了", "作者下架了模型"],
    steps: [
      "`civikit versions get <編號>` 與 `civikit models get <編號>` 各試一次",
      "模型頁面的網址可以直接貼給 `civikit download`",
    ],
  },
  rate_limited: {
    causes: ["短時間內請求太多，或同時下載太多檔案", "同一個網路裡還有別的程式在用"],
    steps: [
      "什麼都不必做：civikit 會照伺服器說的時間等，再繼續",
      "`civikit config set limits.concurrentRequests 2` 與 `civikit config set limits.requestDelay 1` 讓它慢一點",
      "`civikit download ... --jobs 1`",
    ],
  },
  service_unavailable: { steps: ["看看 <https://status.civitai.com>；維護結束後再執行一次同樣的指令"] },
  cloudflare_timeout: { steps: ["伺服器算得太久：縮小查詢（`--limit 20`），或過幾分鐘再試"] },
  dns_failed: {
    causes: ["沒有連上網路", "DNS 伺服器壞了或擋掉這個名稱", "網址打錯", "VPN 或防毒軟體改了 DNS"],
    steps: [
      "`ping -c 3 1.1.1.1`：不通就是沒有網路",
      "`nslookup civitai.com`；不行再試 `nslookup civitai.com 8.8.8.8`（或 `dig @8.8.8.8 civitai.com`）：後者可以，就把系統的 DNS 換掉",
      "重新啟動路由器；關掉 VPN 再試",
    ],
  },
  connect_failed: {
    causes: ["防火牆或公司網路擋住了 443", "代理伺服器設錯", "網站暫時連不上"],
    steps: [
      "`curl -I https://civitai.com`：可以就是 civikit 的設定，不行就是網路",
      "`civikit config list` 看 `network.proxy` 與 `HTTPS_PROXY`",
      "請網管放行[這些主機](deployment_guide.md#防火牆要放行的主機)",
    ],
  },
  tls_failed: {
    causes: ["電腦的時鐘不對", "公司或防毒軟體拆開 TLS，用的是自己的憑證", "在需要登入的無線網路裡"],
    steps: [
      "`date` 對時",
      "把公司的憑證給 civikit：`civikit config set network.caFiles /路徑/ca.pem`",
      "在瀏覽器登入無線網路",
    ],
  },
  connection_reset: {
    steps: [
      "再執行一次同樣的指令：已經證明過的位元組不會再下載",
      "一直發生就 `--parallel 1`，並關掉會掃描流量的防毒軟體",
    ],
  },
  header_timeout: {
    causes: ["網路慢，或伺服器很忙"],
    steps: ["`civikit config set timeouts.api 60`", "`civikit logs latency` 看平常要多久"],
  },
  idle_timeout: {
    causes: ["無線訊號不穩", "路由器切斷了安靜的連線"],
    steps: ["`civikit config set timeouts.download 120`", "`--parallel 2`，讓每條連線多一點頻寬"],
  },
  total_timeout: {
    steps: ["`civikit config set timeouts.api 90`；下載沒有總期限，只有多久沒有新位元組的期限（`timeouts.download`）"],
  },
  circuit_open: {
    steps: ["什麼都不必做：這個主機連續失敗，civikit 停一下再試", "`civikit logs errors` 看之前是什麼失敗"],
  },
  hash_mismatch: {
    causes: ["傳輸或快取中的位元組壞了", "網站上登記的雜湊是錯的", "記憶體或磁碟有毛病（同一台電腦上常常發生時）"],
    steps: [
      "再執行一次：只重抓壞掉的區段",
      "看 `.quarantine` 旁邊的報告：每一種雜湊各是什麼",
      "`civikit verify <資料夾>` 看別的檔案是不是也壞了",
    ],
  },
  body_incomplete: { steps: ["再執行一次同樣的指令：從斷掉的地方接著下載"] },
  no_progress: { steps: ["`civikit config set retry.max 7`", "`--parallel 1`；換一個時間或網路"] },
  unexpected_content: {
    causes: ["需要登入的無線網路、公司的阻擋頁面", "網站的登入頁面"],
    steps: ["在瀏覽器打開任何一個網頁，看是不是要登入", "`civikit doctor`"],
  },
  no_space: {
    causes: ["磁碟滿了，或帳號的配額用完", "檔案系統不收這麼大的檔案（FAT32 是 4 GB）"],
    steps: [
      "`df -h .` 看剩多少；`civikit paths` 看 civikit 自己用了多少",
      "`civikit clean` 列出未完成與失敗的下載，`--yes` 移除",
      "`civikit cache clear`",
      "`civikit config set download.directory /別的磁碟`",
    ],
  },
  permission_denied: {
    causes: ["資料夾屬於別人", "Deno 沒有得到需要的權限", "Windows 的「受控資料夾存取」擋住了"],
    steps: ["`ls -ld <資料夾>`；`civikit doctor` 會說出是哪一個", "照錯誤最後一行的權限重新安裝"],
  },
  target_locked: { steps: ["`civikit transfers` 看是哪個行程在用", "行程已經不在時，鎖會自己失效；不必刪除任何檔案"] },
  out_of_memory: {
    causes: ["同時下載太多，或記憶體上限設得太低"],
    steps: [
      "`civikit config set memory.limitMb 200`（監看 `memory.enabled` 保持開啟）",
      "`--jobs 1 --parallel 2`，`civikit config set download.pieceBytes 1M`",
    ],
  },
  invalid_config: {
    steps: [
      "`civikit config check` 指出哪個檔案的哪一項",
      "`civikit config reset` 把設定檔移到旁邊（不會刪除），再從預設開始",
    ],
  },
  invalid_file: { steps: ["資料庫壞了會改名放在旁邊，換一個新的，指令照常完成；見[救回資料](#救回資料)"] },
  newer_format: { steps: ["`civikit upgrade` 說出怎麼更新；檔案保持原樣"] },
};

const sentence = (text: string): string => /[。！？]$/.test(text) ? text : `${text}。`;

function entry(code: ErrorCode): string {
  const own = hint(code, "zh-TW");
  const english = hint(code, "en");
  const exit = exitCode(new CivikitError("", { code }));
  const { causes = [], steps = [] } = more[code] ?? {};
  const reasons = Object.entries(codeOf).filter(([, of]) => of === code).map(([reason]) => reason as ErrorReason);
  const told = reasons.map((reason) => {
    const { title, cause, action } = hint({ code, reason }, "zh-TW");
    return `   - \`${reason}\`：${sentence(title)}${sentence(cause)}${sentence(action)}\n`;
  });
  const list = [own.action, ...steps].map((step, index) => `   ${index + 1}. ${sentence(step)}\n`);
  return [
    `<a id="${code}"></a>\n\n### \`${code}\`：${own.title}\n\n`,
    `_${english.title}. ${english.cause} ${english.action}_\n\n`,
    `- **您會看到**：「錯誤：${own.title}」，結束代碼 ${exit}（${
      exitMeanings.get(exit)
    }）；\`--json\` 的 \`code\` 是 \`${code}\`。\n`,
    `- **意思**：${sentence(own.cause)}\n`,
    ...(causes.length > 0 ? [`- **可能的原因**：${causes.join("；")}。\n`] : []),
    ...(told.length > 0 ? [`- **細分**（\`reason\`）：\n`, ...told] : []),
    `- **怎麼做**：\n`,
    ...list,
    `- **還是不行**：${areas[areaOf[code]].still}\n`,
  ].join("");
}

/** Markdown as `deno fmt` leaves it: what is generated is wrapped like everything else. */
async function formatted(markdown: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext=md", "-"],
    cwd: new URL("../", import.meta.url),
    ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
  }).spawn();
  const writer = child.stdin.getWriter();
  const [{ success, stdout }] = await Promise.all([
    child.output(),
    writer.write(new TextEncoder().encode(markdown)).then(() => writer.close()),
  ]);
  if (!success) throw new Error("formatting the guide: deno fmt failed");
  return new TextDecoder().decode(stdout);
}

/** The guide with its entries renewed. */
export async function withErrorEntries(guide: string): Promise<string> {
  const parts = (Object.keys(areas) as Area[]).map((area) => {
    const codes = errorCodes.filter((code) => areaOf[code] === area);
    return `## ${areas[area].title}\n\n${codes.map(entry).join("\n")}`;
  });
  return await formatted(between(guide, "errors", parts.join("\n")));
}

if (import.meta.main) await Deno.writeTextFile(GUIDE, await withErrorEntries(await Deno.readTextFile(GUIDE)));
