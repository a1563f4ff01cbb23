import type { ErrorCode, ErrorReason } from "./codes.ts";
import type { CivikitError } from "./errors.ts";

/** The languages people can read the hints in. */
export type Locale = "en" | "zh-TW";

/** What a person needs when something failed. */
export interface Hint {
  /** The symptom in a few words. */
  readonly title: string;
  /** Why it happens. */
  readonly cause: string;
  /** What to do now. */
  readonly action: string;
}

type Texts = readonly [title: string, cause: string, action: string];

const keyPage = "https://civitai.com/user/account";

type Entry = Readonly<Record<Locale, Texts>>;

const catalogue: Readonly<Record<ErrorCode, Entry>> = {
  // the server's answer
  bad_request: {
    en: [
      "Request not understood",
      "Civitai refused a value in the request.",
      "Check the id, AIR or URL for typing errors. If it opens in a browser, update civikit and report it.",
    ],
    "zh-TW": [
      "請求內容不正確",
      "Civitai 不接受請求中的某個值。",
      "請檢查 ID、AIR 或網址有沒有打錯；若瀏覽器打得開，請更新 civikit 並回報問題。",
    ],
  },
  unauthorized: {
    en: [
      "API key not accepted",
      "The API key is missing, wrong, revoked or expired.",
      `Create a new key at ${keyPage} and run: civikit login (or set CIVITAI_API_KEY).`,
    ],
    "zh-TW": [
      "API 金鑰不被接受",
      "沒有提供 API 金鑰，或金鑰錯誤、已撤銷、已過期。",
      `請到 ${keyPage} 建立新的金鑰，再執行 civikit login（或設定環境變數 CIVITAI_API_KEY）。`,
    ],
  },
  login_required: {
    en: [
      "Login required",
      "The creator lets only logged-in users download this file.",
      `Create a key at ${keyPage}, run civikit login (or set CIVITAI_API_KEY), and run the same command again.`,
    ],
    "zh-TW": [
      "需要登入",
      "作者只開放已登入的使用者下載這個檔案。",
      `請到 ${keyPage} 建立金鑰、執行 civikit login（或設定環境變數 CIVITAI_API_KEY），再執行同一個指令。`,
    ],
  },
  downloads_disabled: {
    en: [
      "Downloads disabled",
      "The creator allows no downloads of this file, with or without a key.",
      "Use the model on Civitai itself, or choose another version or model.",
    ],
    "zh-TW": [
      "作者已停用下載",
      "作者不開放下載這個檔案，有沒有金鑰都一樣。",
      "請直接在 Civitai 網站上使用，或改選其他版本或模型。",
    ],
  },
  early_access: {
    en: [
      "Early access",
      "This version is open only to those who bought early access, until its deadline.",
      "Wait until the deadline shown on the model's page, or buy access there and use the key of that account.",
    ],
    "zh-TW": [
      "搶先體驗中",
      "截止時間之前，只有購買搶先體驗的帳號能下載這個版本。",
      "請等到模型頁面上標示的截止時間，或在該頁面購買，並使用同一個帳號的金鑰。",
    ],
  },
  forbidden: {
    en: [
      "No permission",
      "This account may not have this file, or the server blocks this address.",
      `Check on the model's page that your account may download it, and that the key from ${keyPage} belongs to that account.`,
    ],
    "zh-TW": [
      "沒有權限",
      "這個帳號無權取得此檔案，或伺服器封鎖了您的網路位址。",
      `請在模型頁面確認您的帳號可以下載，並確認金鑰（${keyPage}）屬於該帳號。`,
    ],
  },
  not_found: {
    en: [
      "Not found",
      "What was asked for is not there; it may be unpublished or deleted.",
      "Check the id, the name or the address for typing errors.",
    ],
    "zh-TW": [
      "找不到",
      "要找的內容不存在，可能尚未公開或已刪除。",
      "請檢查 ID、名稱或網址有沒有打錯。",
    ],
  },
  method_not_allowed: {
    en: [
      "Request refused",
      "The server does not offer this operation at this address.",
      "Check the base URL; it has to be a Civitai site such as https://civitai.com.",
    ],
    "zh-TW": [
      "請求遭拒",
      "伺服器在這個位址不提供此操作。",
      "請檢查基底網址，必須是 Civitai 網站，例如 https://civitai.com。",
    ],
  },
  gone: {
    en: [
      "No longer available",
      "The model was archived or removed.",
      "Choose another version or model; this one will not come back by trying again.",
    ],
    "zh-TW": [
      "已不再提供",
      "這個模型已封存或移除。",
      "請改選其他版本或模型，重試也不會成功。",
    ],
  },
  precondition_failed: {
    en: [
      "File changed on the server",
      "The file is no longer the one this download began with.",
      "Run the same command again; it starts from the new file.",
    ],
    "zh-TW": [
      "伺服器上的檔案已變更",
      "檔案已不是開始下載時的那一個。",
      "請再執行同一個指令，會從新的檔案開始下載。",
    ],
  },
  range_not_satisfiable: {
    en: [
      "Continuation refused",
      "The server has fewer bytes than the partial file claims.",
      "Run the same command again; with --force it starts from the first byte.",
    ],
    "zh-TW": [
      "無法續傳",
      "伺服器上的檔案比已下載的部分還短。",
      "請再執行同一個指令；加上 --force 會從頭下載。",
    ],
  },
  rate_limited: {
    en: [
      "Too many requests",
      "Civitai limits how much one address or account may ask for.",
      "Wait a few minutes, then run the same command again with fewer connections, e.g. --parallel 2 --jobs 1.",
    ],
    "zh-TW": [
      "請求過於頻繁",
      "Civitai 會限制同一位址或帳號的請求量。",
      "請等幾分鐘，再以較少的連線執行同一個指令，例如 --parallel 2 --jobs 1。",
    ],
  },
  too_many_pages: {
    en: [
      "Too many pages",
      "Civitai answers only the first 1000 results by page number.",
      "Go through the results by cursor instead of by page; waiting does not help.",
    ],
    "zh-TW": [
      "頁數過多",
      "Civitai 依頁碼只提供前 1000 筆結果。",
      "請改用游標（cursor）逐頁讀取，等待並沒有幫助。",
    ],
  },
  region_blocked: {
    en: [
      "Not available in your region",
      "Civitai is legally barred from serving this in your region.",
      "Nothing in civikit can change this; see Civitai's notice for your region.",
    ],
    "zh-TW": [
      "您的地區無法使用",
      "Civitai 因法律限制，不在您的地區提供此內容。",
      "civikit 無法改變這一點，請參閱 Civitai 對您所在地區的公告。",
    ],
  },
  client_error: {
    en: [
      "Request refused",
      "The server refused the request.",
      "Read the server's answer above; if it does not explain itself, update civikit and report it.",
    ],
    "zh-TW": [
      "請求遭拒",
      "伺服器拒絕了這個請求。",
      "請看上方伺服器的回覆；若仍不清楚原因，請更新 civikit 並回報問題。",
    ],
  },
  internal_server_error: {
    en: [
      "Server error",
      "Civitai failed while answering (500).",
      "Run the same command again in a few minutes; finished bytes are kept. See https://status.civitai.com.",
    ],
    "zh-TW": [
      "伺服器錯誤",
      "Civitai 在處理請求時發生錯誤（500）。",
      "請過幾分鐘再執行同一個指令，已下載的部分會保留。服務狀態：https://status.civitai.com。",
    ],
  },
  bad_gateway: {
    en: [
      "Server not reachable behind its gateway",
      "The gateway got no usable answer from Civitai (502).",
      "Run the same command again in a few minutes; finished bytes are kept.",
    ],
    "zh-TW": [
      "閘道後方的伺服器沒有回應",
      "閘道無法從 Civitai 取得可用的回覆（502）。",
      "請過幾分鐘再執行同一個指令，已下載的部分會保留。",
    ],
  },
  service_unavailable: {
    en: [
      "Service unavailable",
      "Civitai is overloaded or under maintenance (503).",
      "Wait a few minutes and run the same command again; finished bytes are kept.",
    ],
    "zh-TW": [
      "服務暫時無法使用",
      "Civitai 負載過重或正在維護（503）。",
      "請等幾分鐘再執行同一個指令，已下載的部分會保留。",
    ],
  },
  gateway_timeout: {
    en: [
      "Gateway timed out",
      "Civitai did not answer its gateway in time (504).",
      "Run the same command again in a few minutes; finished bytes are kept.",
    ],
    "zh-TW": [
      "閘道逾時",
      "Civitai 未能及時回覆閘道（504）。",
      "請過幾分鐘再執行同一個指令，已下載的部分會保留。",
    ],
  },
  cloudflare_error: {
    en: [
      "Cloudflare error",
      "Cloudflare, which stands in front of Civitai, could not reach it (520-527).",
      "Run the same command again in a few minutes; finished bytes are kept.",
    ],
    "zh-TW": [
      "Cloudflare 錯誤",
      "位於 Civitai 前端的 Cloudflare 無法連上它（520-527）。",
      "請過幾分鐘再執行同一個指令，已下載的部分會保留。",
    ],
  },
  cloudflare_timeout: {
    en: [
      "Cloudflare timed out",
      "Civitai took longer than Cloudflare waits (524), often because of a heavy search.",
      "Run the same command again in a few minutes; for searches, ask for less at once.",
    ],
    "zh-TW": [
      "Cloudflare 逾時",
      "Civitai 的處理時間超過 Cloudflare 的等待上限（524），常見於大量搜尋。",
      "請過幾分鐘再執行同一個指令；若是搜尋，請一次要求較少的資料。",
    ],
  },
  server_error: {
    en: [
      "Server error",
      "The server failed while answering.",
      "Run the same command again in a few minutes; finished bytes are kept.",
    ],
    "zh-TW": [
      "伺服器錯誤",
      "伺服器在處理請求時發生錯誤。",
      "請過幾分鐘再執行同一個指令，已下載的部分會保留。",
    ],
  },
  // the network
  dns_failed: {
    en: [
      "Connection failed: host name not found",
      "No address was found for the server's name.",
      "Check the internet connection and the DNS settings, and the spelling of the host name.",
    ],
    "zh-TW": [
      "連線失敗：找不到主機",
      "查不到伺服器名稱對應的位址。",
      "請檢查網路連線與 DNS 設定，並確認主機名稱沒有打錯。",
    ],
  },
  connect_failed: {
    en: [
      "Connection failed",
      "The server could not be reached: it is down, or a firewall or proxy is in between.",
      "Check the internet connection, and HTTPS_PROXY if you need a proxy; then run the same command again.",
    ],
    "zh-TW": [
      "連線失敗",
      "連不上伺服器：可能是伺服器停機，或中間有防火牆、代理伺服器。",
      "請檢查網路連線；需要代理伺服器時請檢查 HTTPS_PROXY，再執行同一個指令。",
    ],
  },
  tls_failed: {
    en: [
      "Secure connection failed",
      "The server's certificate is not trusted, or something in between replaces it.",
      "Check the computer's date and time; behind a company proxy, trust its CA certificate. Certificates are never skipped.",
    ],
    "zh-TW": [
      "安全連線失敗",
      "伺服器的憑證不受信任，或在傳輸途中被替換。",
      "請檢查電腦的日期與時間；若在公司代理伺服器之後，請信任其 CA 憑證。civikit 不會略過憑證檢查。",
    ],
  },
  connection_reset: {
    en: [
      "Connection lost",
      "The connection was closed in the middle.",
      "Run the same command again; it goes on where it stopped.",
    ],
    "zh-TW": [
      "連線中斷",
      "連線在傳輸途中被關閉。",
      "請再執行同一個指令，會從中斷的地方繼續。",
    ],
  },
  network_error: {
    en: [
      "Connection failed",
      "The network failed in a way that has no better name.",
      "Check the internet connection and run the same command again; it goes on where it stopped.",
    ],
    "zh-TW": [
      "連線失敗",
      "網路發生了無法歸類的錯誤。",
      "請檢查網路連線，再執行同一個指令，會從中斷的地方繼續。",
    ],
  },
  header_timeout: {
    en: [
      "Request timed out",
      "The server took the request and did not begin to answer in time.",
      "Run the same command again; on a slow connection, use fewer connections (--parallel 2).",
    ],
    "zh-TW": [
      "請求逾時",
      "伺服器收到請求後，遲遲沒有開始回覆。",
      "請再執行同一個指令；網路較慢時請減少連線數（--parallel 2）。",
    ],
  },
  idle_timeout: {
    en: [
      "Transfer stalled",
      "The connection was open, but no bytes came for too long.",
      "Check the connection and run the same command again; it goes on where it stopped.",
    ],
    "zh-TW": [
      "傳輸停滯",
      "連線仍在，但長時間沒有收到資料。",
      "請檢查網路連線，再執行同一個指令，會從中斷的地方繼續。",
    ],
  },
  total_timeout: {
    en: [
      "Request timed out",
      "The whole call took longer than it was given.",
      "Try again, or allow more time for it.",
    ],
    "zh-TW": [
      "請求逾時",
      "整個請求超過了允許的時間。",
      "請再試一次，或放寬時間限制。",
    ],
  },
  circuit_open: {
    en: [
      "Server paused after many failures",
      "The server failed several times in a row, so civikit leaves it alone for a while.",
      "Wait a minute and run the same command again.",
    ],
    "zh-TW": [
      "多次失敗後暫停連線",
      "伺服器連續失敗多次，civikit 暫時不再連線。",
      "請等一分鐘，再執行同一個指令。",
    ],
  },
  // redirects
  redirect_invalid: {
    en: [
      "Redirect without a usable address",
      "The server pointed to an address that cannot be read.",
      "Run the same command again; if it stays, the link itself is broken: report it to its owner.",
    ],
    "zh-TW": [
      "轉址位址無效",
      "伺服器指向了無法解讀的位址。",
      "請再執行同一個指令；若仍然失敗，表示連結本身已損壞，請通知提供者。",
    ],
  },
  redirect_insecure: {
    en: [
      "Insecure redirect refused",
      "A secure address pointed to an insecure one (https to http).",
      "Use another source; civikit does not follow such a redirect, as anyone in between could change the file.",
    ],
    "zh-TW": [
      "拒絕不安全的轉址",
      "安全的網址（https）指向了不安全的網址（http）。",
      "請改用其他來源。中途的任何人都能竄改檔案，因此 civikit 不會跟隨這種轉址。",
    ],
  },
  redirect_loop: {
    en: [
      "Redirect loop",
      "The addresses point at each other.",
      "Try again later; if the page asks for a login in the browser, set CIVITAI_API_KEY.",
    ],
    "zh-TW": [
      "轉址循環",
      "網址互相指向對方。",
      "請稍後再試；若瀏覽器開啟時要求登入，請設定 CIVITAI_API_KEY。",
    ],
  },
  too_many_redirects: {
    en: [
      "Too many redirects",
      "The address led on more than ten times.",
      "Use the file's direct address, or try again later.",
    ],
    "zh-TW": [
      "轉址次數過多",
      "這個網址轉址超過十次。",
      "請使用檔案的直接網址，或稍後再試。",
    ],
  },
  // content
  unexpected_content: {
    en: [
      "Not the file that was asked for",
      "A web page or an error text came where a file or data was due: often a login or maintenance page.",
      `Set CIVITAI_API_KEY (create a key at ${keyPage}), or try again later if Civitai is under maintenance.`,
    ],
    "zh-TW": [
      "收到的不是要求的檔案",
      "應為檔案或資料之處卻收到網頁或錯誤訊息，通常是登入頁或維護公告。",
      `請設定 CIVITAI_API_KEY（金鑰建立頁面：${keyPage}）；若 Civitai 正在維護，請稍後再試。`,
    ],
  },
  protocol_violation: {
    en: [
      "The server broke the rules of HTTP",
      "Its headers and the bytes it sent do not agree, so the bytes were not used.",
      "Run the same command again, with --parallel 1 if it stays.",
    ],
    "zh-TW": [
      "伺服器的回覆不合 HTTP 規定",
      "標頭與實際內容互相矛盾，因此未採用這些內容。",
      "請再執行同一個指令；若仍失敗，請加上 --parallel 1。",
    ],
  },
  content_changed: {
    en: [
      "File changed on the server",
      "The file was replaced while it was being downloaded.",
      "Run the same command again; it starts from the new file.",
    ],
    "zh-TW": [
      "伺服器上的檔案已變更",
      "下載途中，檔案被換成了另一個。",
      "請再執行同一個指令，會從新的檔案開始下載。",
    ],
  },
  body_incomplete: {
    en: [
      "Download failed: it broke off",
      "The transfer ended before the last byte.",
      "Run the same command again; it goes on where it stopped.",
    ],
    "zh-TW": [
      "下載失敗：傳輸中斷",
      "傳輸在最後一個位元組之前就結束了。",
      "請再執行同一個指令，會從中斷的地方繼續。",
    ],
  },
  no_progress: {
    en: [
      "Download failed: no progress",
      "Several attempts in a row brought no new bytes.",
      "Check the connection, wait a minute, and run the same command again; it goes on where it stopped.",
    ],
    "zh-TW": [
      "下載失敗：沒有進展",
      "連續幾次嘗試都沒有收到新的資料。",
      "請檢查網路連線，等一分鐘後再執行同一個指令，會從中斷的地方繼續。",
    ],
  },
  page_loop: {
    en: [
      "The list goes in a circle",
      "Civitai named a page again that it had given before, or page after page brought nothing new.",
      "What came before it is complete. Narrow the search down, or try again later.",
    ],
    "zh-TW": [
      "清單不斷重複",
      "Civitai 又指回已經給過的分頁，或連續多頁都沒有新內容。",
      "先前取得的內容都完整。請縮小搜尋範圍，或稍後再試。",
    ],
  },
  // verification
  hash_mismatch: {
    en: [
      "Download failed: wrong checksum",
      "The bytes are not the file that was promised: damaged on the way, or the published hash is wrong.",
      "Run the same command again. If it stays: give a hash you trust with --sha256, or take the file as it is with --no-verify.",
    ],
    "zh-TW": [
      "下載失敗：雜湊值不符",
      "內容與公布的不同：可能在傳輸中損壞，也可能是公布的雜湊值有誤。",
      "請再執行同一個指令。若仍不符，可用 --sha256 指定您信任的雜湊值，或以 --no-verify 照原樣接受檔案。",
    ],
  },
  size_mismatch: {
    en: [
      "Download failed: wrong size",
      "The file is longer or shorter than was promised.",
      "Run the same command again; if it stays, the file was replaced or its entry on Civitai is wrong.",
    ],
    "zh-TW": [
      "下載失敗：檔案大小不符",
      "檔案比公布的大小更長或更短。",
      "請再執行同一個指令；若仍不符，表示檔案已被更換，或 Civitai 上的資料有誤。",
    ],
  },
  // the disk and the machine
  no_space: {
    en: [
      "Not enough disk space",
      "The disk has no room for the file.",
      "Free some space or choose another disk with --dir, then run the same command again; finished bytes are kept.",
    ],
    "zh-TW": [
      "磁碟空間不足",
      "磁碟放不下這個檔案。",
      "請清出空間，或以 --dir 改用其他磁碟，再執行同一個指令，已下載的部分會保留。",
    ],
  },
  permission_denied: {
    en: [
      "Permission denied",
      "The file or folder belongs to someone else, or is read-only.",
      "Choose a folder of your own with --dir, or correct its rights.",
    ],
    "zh-TW": [
      "沒有權限存取",
      "檔案或資料夾屬於其他使用者，或為唯讀。",
      "請以 --dir 選擇自己的資料夾，或修正其權限。",
    ],
  },
  folder_missing: {
    en: [
      "Folder missing",
      "The folder does not exist and could not be made.",
      "Create the folder, or choose another one with --dir.",
    ],
    "zh-TW": [
      "資料夾不存在",
      "資料夾不存在，也無法建立。",
      "請建立該資料夾，或以 --dir 選擇其他資料夾。",
    ],
  },
  invalid_path: {
    en: [
      "Path not allowed",
      "The path leaves the folder asked for, is not a plain file, or has a name this system cannot hold.",
      "Choose another file name with --output, or another folder with --dir.",
    ],
    "zh-TW": [
      "路徑不允許",
      "路徑超出指定的資料夾、不是一般檔案，或檔名不被此系統接受。",
      "請以 --output 改用其他檔名，或以 --dir 改用其他資料夾。",
    ],
  },
  target_locked: {
    en: [
      "Another civikit is downloading this file",
      "Another process holds the partial file.",
      "Wait for it to finish or end it, then run the same command again.",
    ],
    "zh-TW": [
      "另一個 civikit 正在下載此檔案",
      "未完成的檔案正由另一個行程使用。",
      "請等它完成或將它結束，再執行同一個指令。",
    ],
  },
  target_exists: {
    en: [
      "File already there",
      "A different file has this name, and civikit replaces nothing unasked.",
      "Replace it with --force, or save under another name with --output.",
    ],
    "zh-TW": [
      "檔案已存在",
      "已有另一個同名的檔案，civikit 不會擅自取代。",
      "請以 --force 取代，或以 --output 另存成其他檔名。",
    ],
  },
  part_mismatch: {
    en: [
      "A .part file of another download is in the way",
      "The unfinished file under this name belongs to another file or address, so it is left alone.",
      "Finish that download first, set it aside with --force, or save under another name with --output.",
    ],
    "zh-TW": [
      "已有其他下載的 .part 檔案",
      "這個檔名的未完成檔案屬於另一個下載，因此保留不動。",
      "請先完成該下載、以 --force 將它移到一旁，或以 --output 另存成其他檔名。",
    ],
  },
  rename_failed: {
    en: [
      "Finished file could not be put in place",
      "The file is complete, but giving it its final name failed: it is open elsewhere, or the folder is read-only.",
      "Close the program that uses it and run the same command again, or rename the .part file yourself.",
    ],
    "zh-TW": [
      "無法將完成的檔案改為正式名稱",
      "檔案已完整下載，但改名失敗：可能被其他程式開啟，或資料夾為唯讀。",
      "請關閉使用該檔案的程式，再執行同一個指令，或自行將 .part 檔案改名。",
    ],
  },
  disk_error: {
    en: [
      "Disk error",
      "The disk failed to read or write.",
      "Check the disk and its connection, or choose another one with --dir.",
    ],
    "zh-TW": [
      "磁碟錯誤",
      "磁碟讀寫失敗。",
      "請檢查磁碟及其連接，或以 --dir 改用其他磁碟。",
    ],
  },
  too_many_files: {
    en: [
      "Too many open files",
      "The system lets this program, or all programs together, have no more files and connections open.",
      "Allow more with ulimit -n 4096, or use fewer at once: --parallel 1 --jobs 1.",
    ],
    "zh-TW": [
      "開啟的檔案太多",
      "系統不讓這個程式（或所有程式合計）再開啟更多檔案與連線。",
      "請以 ulimit -n 4096 提高上限，或減少同時使用的數量：--parallel 1 --jobs 1。",
    ],
  },
  out_of_memory: {
    en: [
      "Out of memory",
      "The system has no memory left.",
      "Close other programs, or use fewer connections: --parallel 1 --jobs 1.",
    ],
    "zh-TW": [
      "記憶體不足",
      "系統已沒有可用的記憶體。",
      "請關閉其他程式，或減少連線數：--parallel 1 --jobs 1。",
    ],
  },
  // what the caller asked for
  invalid_argument: {
    en: [
      "Wrong argument",
      "A value given to the command cannot be meant.",
      "See the allowed values with --help.",
    ],
    "zh-TW": [
      "參數錯誤",
      "指令收到無法理解的值。",
      "請以 --help 查看允許的值。",
    ],
  },
  invalid_url: {
    en: [
      "Not a usable address",
      "The text is not a URL civikit can download from.",
      "Copy the address from the browser: a model page, a download link, or any https:// URL, in quotes.",
    ],
    "zh-TW": [
      "網址無法使用",
      "這段文字不是 civikit 可以下載的網址。",
      "請從瀏覽器複製網址（模型頁面、下載連結或任何 https:// 網址），並加上引號。",
    ],
  },
  insecure_url: {
    en: [
      "Insecure address refused",
      "http:// can be read and changed by anyone in between.",
      "Use the https:// address.",
    ],
    "zh-TW": [
      "拒絕不安全的網址",
      "http:// 的內容可能被中途的任何人讀取或竄改。",
      "請改用 https:// 網址。",
    ],
  },
  invalid_air: {
    en: [
      "Not a usable AIR",
      "The text does not have the form of an AIR of Civitai.",
      "Write it like urn:air:sdxl:checkpoint:civitai:827184@2514310, or short: civitai:827184@2514310.",
    ],
    "zh-TW": [
      "AIR 無法使用",
      "這段文字不符合 Civitai 的 AIR 格式。",
      "格式如 urn:air:sdxl:checkpoint:civitai:827184@2514310，或簡寫 civitai:827184@2514310。",
    ],
  },
  invalid_config: {
    en: [
      "Wrong setting",
      "A setting, environment variable or settings file has a value that is not allowed.",
      "Correct the setting named above.",
    ],
    "zh-TW": [
      "設定錯誤",
      "某項設定、環境變數或設定檔的值不被允許。",
      "請修正上述的設定。",
    ],
  },
  invalid_response: {
    en: [
      "Answer not understood",
      "Civitai answered in a form civikit does not know.",
      "Try again later; if it stays, update civikit and report it with the message above.",
    ],
    "zh-TW": [
      "無法理解伺服器的回覆",
      "Civitai 的回覆格式不是 civikit 認得的。",
      "請稍後再試；若仍失敗，請更新 civikit，並附上上方訊息回報問題。",
    ],
  },
  no_such_file: {
    en: [
      "No such file in this version",
      "The version has no file that fits the choice.",
      "List its files with --dry-run --all-files, then choose one by --file <id|name>.",
    ],
    "zh-TW": [
      "此版本沒有這個檔案",
      "此版本沒有符合條件的檔案。",
      "請以 --dry-run --all-files 列出所有檔案，再用 --file <id|檔名> 選擇。",
    ],
  },
  invalid_file: {
    en: [
      "A file on the disk cannot be read",
      "It is damaged, was cut off, or was edited into something else.",
      "Look at the place the message names. Mend the file, or take it back from a backup or from git; nothing was changed.",
    ],
    "zh-TW": [
      "無法讀取磁碟上的檔案",
      "檔案已損壞、不完整，或被改成了別的內容。",
      "請查看訊息指出的位置，修正檔案，或從備份、git 取回；civikit 沒有更動它。",
    ],
  },
  newer_format: {
    en: [
      "The file is from a newer civikit",
      "A newer version wrote it, in a form this version does not know.",
      "Update civikit, then run the same command again; nothing was changed.",
    ],
    "zh-TW": [
      "檔案來自較新版的 civikit",
      "這個檔案由較新的版本寫成，目前的版本看不懂它的格式。",
      "請更新 civikit，再執行同一個指令；檔案沒有被更動。",
    ],
  },
  aborted: {
    en: [
      "Interrupted",
      "The work was stopped before it was done.",
      "Run the same command again; it goes on where it stopped.",
    ],
    "zh-TW": [
      "已中斷",
      "作業在完成之前被停止。",
      "請再執行同一個指令，會從中斷的地方繼續。",
    ],
  },
  internal_error: {
    en: [
      "A fault of the program itself",
      "Something went wrong that nobody expected.",
      "Try it once more; if it comes again, run civikit doctor --report and tell the project.",
    ],
    "zh-TW": [
      "程式自己的錯誤",
      "發生了沒有料到的事。",
      "請再試一次；再發生時，請執行 civikit doctor --report 並告訴專案。",
    ],
  },
};

/** What a reason adds to its code: the same failure, told for the case at hand. */
const byReason: Readonly<Record<ErrorReason, Entry>> = {
  // unauthorized, login_required
  key_missing: {
    en: [
      "Login required: no API key is set",
      "Civitai gives this to logged-in users only; an API key stands for the login.",
      `Create a key at ${keyPage}, run civikit login (or set CIVITAI_API_KEY), and run the same command again.`,
    ],
    "zh-TW": [
      "需要登入：尚未設定 API 金鑰",
      "Civitai 只提供給已登入的使用者；API 金鑰即代表登入。",
      `請到 ${keyPage} 建立金鑰、執行 civikit login（或設定環境變數 CIVITAI_API_KEY），再執行同一個指令。`,
    ],
  },
  key_refused: {
    en: [
      "API key not accepted",
      "The key was sent, and Civitai refused it: it is wrong, revoked or expired, or its account may not have this.",
      `See with civikit whoami whose key it is. If Civitai does not know it, replace it by a new one from ${keyPage}.`,
    ],
    "zh-TW": [
      "API 金鑰不被接受",
      "金鑰已送出，但遭 Civitai 拒絕：金鑰錯誤、已撤銷或已過期，或該帳號無權取得此內容。",
      `請以 civikit whoami 查看金鑰屬於哪個帳號；若 Civitai 不認得，請到 ${keyPage} 建立新的金鑰來替換。`,
    ],
  },
  key_withheld: {
    en: [
      "This server wants a login of its own",
      "civikit sends the API key to Civitai alone, and this address is elsewhere.",
      "Download the file in a browser that is logged in there, or use an address that needs no login.",
    ],
    "zh-TW": [
      "此伺服器要求另外登入",
      "civikit 只會把 API 金鑰送到 Civitai，而這個網址屬於其他網站。",
      "請用已登入該網站的瀏覽器下載，或改用不需登入的網址。",
    ],
  },
  s3_credentials: {
    en: [
      "The object store does not know these credentials",
      "The access key is unknown, or the secret that signs for it is another one, or both have expired.",
      "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN too, where one was given), or the profile in ~/.aws/credentials.",
    ],
    "zh-TW": [
      "物件儲存不認得這組憑證",
      "存取金鑰不存在、用來簽章的私密金鑰不符，或兩者已過期。",
      "請檢查 AWS_ACCESS_KEY_ID 與 AWS_SECRET_ACCESS_KEY（若有提供，還有 AWS_SESSION_TOKEN），或 ~/.aws/credentials 的設定檔。",
    ],
  },
  clock_skew: {
    en: [
      "This machine's clock and the object store's are too far apart",
      "Signatures hold for a quarter of an hour, and the store's own time could not be had or did not help.",
      "Set the clock of this machine (timedatectl set-ntp true), and the store's, if it is yours.",
    ],
    "zh-TW": [
      "這台電腦與物件儲存的時鐘相差太多",
      "簽章只在 15 分鐘內有效；改用儲存端的時間仍然不行，或無法得知它的時間。",
      "請校正這台電腦的時鐘（timedatectl set-ntp true）；儲存端若是自己架設的，也請一併校正。",
    ],
  },
  // invalid_config
  redis_credentials: {
    en: [
      "Redis does not take this user or password",
      "The password in fleet.redis is missing or another one, or its user may not do what a fleet needs.",
      "Correct it in CIVIKIT_FLEET_REDIS or the settings file (redis://USER:PASSWORD@HOST); the user needs ~{civikit}* &* +@all, with the name in fleet.prefix.",
    ],
    "zh-TW": [
      "Redis 不接受這個使用者或密碼",
      "fleet.redis 裡沒有密碼或密碼不對，或它的使用者不能做機隊需要的事。",
      "請在 CIVIKIT_FLEET_REDIS 或設定檔更正（redis://USER:PASSWORD@HOST）；使用者需要 ~{civikit}* &* +@all，名稱是 fleet.prefix 的。",
    ],
  },
  redis_evicts: {
    en: [
      "This Redis would throw jobs away",
      "Its maxmemory-policy takes keys away when memory is short, and the queue is made of keys.",
      "Set maxmemory-policy noeviction (redis-cli CONFIG SET maxmemory-policy noeviction, then CONFIG REWRITE), or name another Redis in fleet.redis.",
    ],
    "zh-TW": [
      "這個 Redis 會丟掉工作",
      "它的 maxmemory-policy 在記憶體不夠時移除鍵，而佇列就在這些鍵裡。",
      "請設定 maxmemory-policy noeviction（redis-cli CONFIG SET maxmemory-policy noeviction，再 CONFIG REWRITE），或在 fleet.redis 寫另一個 Redis。",
    ],
  },
  redis_unfit: {
    en: [
      "This Redis cannot carry a fleet",
      "It is a replica, a Sentinel named as a server, a server among several that is in no cluster, older than 6.2, or has no database of that number.",
      "Name in fleet.redis the primary, its Sentinels (redis+sentinel://HOST:26379/NAME), nodes of a cluster, or a newer Redis or Valkey.",
    ],
    "zh-TW": [
      "這個 Redis 不能用來當機隊",
      "它是副本、當成伺服器寫的 Sentinel、寫了好幾台卻不是叢集、比 6.2 舊，或沒有這個編號的資料庫。",
      "請在 fleet.redis 寫主要的那一台、它的 Sentinel（redis+sentinel://HOST:26379/NAME）、叢集的節點，或較新的 Redis 或 Valkey。",
    ],
  },
  // forbidden
  bucket_denied: {
    en: [
      "The object store does not allow this",
      "These credentials may not do this in that bucket: reading, listing or writing.",
      "Storing takes s3:PutObject, s3:GetObject, s3:ListBucket, s3:ListBucketMultipartUploads, s3:ListMultipartUploadParts and s3:AbortMultipartUpload; reading takes s3:GetObject and s3:ListBucket.",
    ],
    "zh-TW": [
      "物件儲存不允許這個動作",
      "這組憑證在該儲存貯體沒有讀取、列出或寫入的權限。",
      "存入需要 s3:PutObject、s3:GetObject、s3:ListBucket、s3:ListBucketMultipartUploads、s3:ListMultipartUploadParts 與 s3:AbortMultipartUpload；讀取需要 s3:GetObject 與 s3:ListBucket。",
    ],
  },
  host_token: {
    en: [
      "Private or gated on another host",
      "The host gives this file only to accounts its owner has let in; their token stands for the login.",
      'Accept the terms on the file\'s page, then send a token to that host alone: civikit config set headers.huggingface.co/Authorization env:HF_AUTHORIZATION, with HF_AUTHORIZATION="Bearer hf_...".',
    ],
    "zh-TW": [
      "其他主機上不公開或需要同意條款的檔案",
      "主機只給擁有者允許的帳號；權杖即代表登入。",
      '請在檔案的頁面同意條款，再只對那個主機送出權杖：civikit config set headers.huggingface.co/Authorization env:HF_AUTHORIZATION，並設定 HF_AUTHORIZATION="Bearer hf_..."。',
    ],
  },
  // not_found
  model_missing: {
    en: [
      "No such model",
      "Civitai has no model with this id; it may be unpublished or deleted.",
      "Check the id on the model's page, or look for it with civikit models search.",
    ],
    "zh-TW": [
      "找不到這個模型",
      "Civitai 沒有這個 ID 的模型，可能尚未公開或已刪除。",
      "請到模型頁面核對 ID，或以 civikit models search 搜尋。",
    ],
  },
  version_missing: {
    en: [
      "No such version",
      "Civitai has no version with this id; it may be unpublished or deleted.",
      "A bare number is a version's id: for the id of a model write model:<id>. civikit models get <id> lists the versions of a model.",
    ],
    "zh-TW": [
      "找不到這個版本",
      "Civitai 沒有這個 ID 的版本，可能尚未公開或已刪除。",
      "單獨的數字代表版本 ID；模型 ID 要寫成 model:<id>。用 civikit models get <id> 可列出模型的所有版本。",
    ],
  },
  user_missing: {
    en: [
      "No such user",
      "Civitai has no user with this name or id.",
      "Check the spelling, or look for names that are alike with civikit users search.",
    ],
    "zh-TW": [
      "找不到這位使用者",
      "Civitai 沒有這個名稱或 ID 的使用者。",
      "請檢查拼字，或以 civikit users search 搜尋相近的名稱。",
    ],
  },
  image_missing: {
    en: [
      "No such image",
      "Civitai lists no image with this id; it may be deleted, or hidden from your account.",
      "Check the number at the end of the image's page, https://civitai.com/images/<id>.",
    ],
    "zh-TW": [
      "找不到這張圖片",
      "Civitai 沒有列出這個 ID 的圖片，可能已刪除，或不對您的帳號開放。",
      "請核對圖片頁面網址末尾的數字：https://civitai.com/images/<id>。",
    ],
  },
  url_missing: {
    en: [
      "Nothing at this address",
      "The server knows no file at this address; it may have been moved or deleted.",
      "Open the address in a browser and copy it anew; download links stop working after a while.",
    ],
    "zh-TW": [
      "這個網址沒有內容",
      "伺服器上沒有這個網址的檔案，可能已搬移或刪除。",
      "請在瀏覽器開啟該網址並重新複製；下載連結過一段時間會失效。",
    ],
  },
  bucket_missing: {
    en: [
      "No such bucket",
      "The object store has no bucket of this name, or has it at another endpoint.",
      "Check the name after s3:// and the setting s3.endpoint, or make the bucket.",
    ],
    "zh-TW": [
      "找不到這個儲存貯體",
      "物件儲存沒有這個名稱的儲存貯體，或它在另一個端點。",
      "請檢查 s3:// 後面的名稱與設定 s3.endpoint，或先建立儲存貯體。",
    ],
  },
  // invalid_config
  bucket_region: {
    en: [
      "The bucket is in another region",
      "The request was signed for a region that is not the bucket's, or sent to another region's endpoint.",
      "Set s3.region (AWS_REGION) to the bucket's region, and s3.endpoint to that region's address.",
    ],
    "zh-TW": [
      "儲存貯體在另一個區域",
      "請求以別的區域簽章，或送到了別的區域的端點。",
      "請把 s3.region（AWS_REGION）設成儲存貯體的區域，s3.endpoint 設成該區域的網址。",
    ],
  },
  // permission_denied: what Deno was not allowed
  net_right: {
    en: [
      "civikit was not given the right to reach this host",
      "Deno lets a program do only what it was allowed to when it was started or installed.",
      "Run it with --allow-net, or install it again with that flag.",
    ],
    "zh-TW": [
      "civikit 沒有連線到這個主機的權限",
      "Deno 只讓程式做啟動或安裝時允許的事。",
      "請加上 --allow-net 再執行，或以該旗標重新安裝。",
    ],
  },
  read_right: {
    en: [
      "civikit was not given the right to read this file or folder",
      "Deno lets a program do only what it was allowed to when it was started or installed.",
      "Run it with --allow-read, or install it again with that flag, or choose a folder it may read.",
    ],
    "zh-TW": [
      "civikit 沒有讀取這個檔案或資料夾的權限",
      "Deno 只讓程式做啟動或安裝時允許的事。",
      "請加上 --allow-read 再執行，或以該旗標重新安裝，也可改用它能讀取的資料夾。",
    ],
  },
  write_right: {
    en: [
      "civikit was not given the right to write to this file or folder",
      "Deno lets a program do only what it was allowed to when it was started or installed.",
      "Run it with --allow-write, or install it again with that flag, or choose a folder it may write to.",
    ],
    "zh-TW": [
      "civikit 沒有寫入這個檔案或資料夾的權限",
      "Deno 只讓程式做啟動或安裝時允許的事。",
      "請加上 --allow-write 再執行，或以該旗標重新安裝，也可改用它能寫入的資料夾。",
    ],
  },
  env_right: {
    en: [
      "civikit was not given the right to read this environment variable",
      "Deno lets a program do only what it was allowed to when it was started or installed.",
      "Run it with --allow-env, or install it again with that flag.",
    ],
    "zh-TW": [
      "civikit 沒有讀取這個環境變數的權限",
      "Deno 只讓程式做啟動或安裝時允許的事。",
      "請加上 --allow-env 再執行，或以該旗標重新安裝。",
    ],
  },
  sys_right: {
    en: [
      "civikit was not given the right to ask the system about this",
      "Deno lets a program do only what it was allowed to when it was started or installed.",
      "Run it with --allow-sys, or install it again with that flag.",
    ],
    "zh-TW": [
      "civikit 沒有查詢這項系統資訊的權限",
      "Deno 只讓程式做啟動或安裝時允許的事。",
      "請加上 --allow-sys 再執行，或以該旗標重新安裝。",
    ],
  },
  run_right: {
    en: [
      "civikit was not given the right to start this program",
      "Deno lets a program do only what it was allowed to when it was started or installed.",
      "Run it with --allow-run, or install it again with that flag.",
    ],
    "zh-TW": [
      "civikit 沒有執行這個程式的權限",
      "Deno 只讓程式做啟動或安裝時允許的事。",
      "請加上 --allow-run 再執行，或以該旗標重新安裝。",
    ],
  },
  ffi_right: {
    en: [
      "civikit was not given the right to load native code",
      "Deno lets a program do only what it was allowed to when it was started or installed.",
      "Run it with --allow-ffi, or install it again with that flag.",
    ],
    "zh-TW": [
      "civikit 沒有載入原生程式碼的權限",
      "Deno 只讓程式做啟動或安裝時允許的事。",
      "請加上 --allow-ffi 再執行，或以該旗標重新安裝。",
    ],
  },
  import_right: {
    en: [
      "civikit was not given the right to load code from this host",
      "Deno lets a program do only what it was allowed to when it was started or installed.",
      "Run it with --allow-import, or install it again with that flag.",
    ],
    "zh-TW": [
      "civikit 沒有從這個主機載入程式碼的權限",
      "Deno 只讓程式做啟動或安裝時允許的事。",
      "請加上 --allow-import 再執行，或以該旗標重新安裝。",
    ],
  },
  // insecure_url, redirect_insecure
  near_address: {
    en: [
      "Address on this machine or network refused",
      "A site out there named an address of this machine or of the network it is in, where it has no business.",
      "If you mean this address, give it to civikit download yourself; else report the file or image on its page.",
    ],
    "zh-TW": [
      "拒絕本機或區域網路的網址",
      "外部網站給出了本機或區域網路裡的網址，而它不該指向那裡。",
      "若確實要用這個網址，請自行將它交給 civikit download；否則請在該檔案或圖片的頁面檢舉。",
    ],
  },
  // folder_missing, invalid_path
  file_missing: {
    en: [
      "No such file or folder",
      "There is nothing at this path.",
      "Check the path for typing errors; a path that is not absolute begins in the current folder.",
    ],
    "zh-TW": ["找不到檔案或資料夾", "這個路徑沒有任何東西。", "請檢查路徑有沒有打錯；相對路徑從目前的資料夾算起。"],
  },
  file_damaged: {
    en: [
      "The file is not what it was",
      "It was damaged on the disk, or changed or replaced by a program.",
      "If it was not you, get its version again with civikit download VERSION --force; in a project, civikit install --force.",
    ],
    "zh-TW": [
      "檔案與原來的不同",
      "檔案在磁碟上損壞，或被程式修改、換掉。",
      "若不是您改的，請以 civikit download 版本 --force 重新下載；專案裡用 civikit install --force。",
    ],
  },
  list_missing: {
    en: [
      "No such list",
      "There is no file at the path given with --from.",
      "Check the path; --from - takes the list from the standard input.",
    ],
    "zh-TW": ["找不到清單", "--from 指定的路徑沒有檔案。", "請檢查路徑；--from - 會從標準輸入讀取清單。"],
  },
  is_folder: {
    en: [
      "A folder, not a file",
      "A folder has this name, where a file is due.",
      "Give the path of a file, or choose another file name with --output.",
    ],
    "zh-TW": [
      "這是資料夾，不是檔案",
      "需要檔案的地方，是一個同名的資料夾。",
      "請改給檔案的路徑，或以 --output 改用其他檔名。",
    ],
  },
  not_a_folder: {
    en: [
      "A file, not a folder",
      "A part of this path is a file, where a folder is due.",
      "Give the path of a folder, or choose another folder with --dir.",
    ],
    "zh-TW": [
      "這是檔案，不是資料夾",
      "路徑中需要資料夾的地方，是一個檔案。",
      "請改給資料夾的路徑，或以 --dir 改用其他資料夾。",
    ],
  },
  // invalid_argument
  unknown_word: {
    en: [
      "Unknown word",
      "Civitai does not know one of the words given.",
      "civikit enums lists kinds of models and base models, civikit tags search finds tags.",
    ],
    "zh-TW": [
      "無法辨識的字詞",
      "Civitai 不認得給定的字詞。",
      "civikit enums 會列出模型種類與基礎模型，civikit tags search 可搜尋標籤。",
    ],
  },
  unknown_layout: {
    en: [
      "Unknown layout",
      "A layout is one of the known names, or a template that ends with {file}.",
      "Use a1111, forge, comfyui, sdnext, invokeai or flat, or a template such as --layout '{type}/{baseModel}/{file}'.",
    ],
    "zh-TW": [
      "無法辨識的版面",
      "版面必須是已知的名稱，或以 {file} 結尾的範本。",
      "請使用 a1111、forge、comfyui、sdnext、invokeai 或 flat，或範本，例如 --layout '{type}/{baseModel}/{file}'。",
    ],
  },
  port_in_use: {
    en: [
      "Port in use",
      "Another program listens on this port already; it may be a civikit that still runs.",
      "Choose another one with --port, or --port 0 for any that is free.",
    ],
    "zh-TW": [
      "連接埠已被使用",
      "另一個程式已在這個連接埠上，可能是仍在執行的 civikit。",
      "請以 --port 改用其他連接埠；--port 0 會選用任何可用的連接埠。",
    ],
  },
  backup_damaged: {
    en: [
      "Not a whole backup",
      "The folder holds no backup, or one of its files is missing or was changed; nothing was put back.",
      "Name the folder that civikit upgrade backup made, or another backup.",
    ],
    "zh-TW": [
      "不是完整的備份",
      "資料夾裡沒有備份，或有檔案不見、被改過；什麼都沒有放回去。",
      "請指定 civikit upgrade backup 建立的資料夾，或另一個備份。",
    ],
  },
  backup_exists: {
    en: [
      "The folder is there already",
      "A backup goes into a folder of its own, which appears whole or not at all.",
      "Name a folder that does not exist yet.",
    ],
    "zh-TW": [
      "資料夾已經存在",
      "備份放進自己的資料夾，要嘛完整出現，要嘛不出現。",
      "請指定還不存在的資料夾。",
    ],
  },
  unit_edited: {
    en: [
      "The unit was changed by hand",
      "The file that keeps the service running was changed by hand, or is of another program; civikit replaces neither.",
      "Keep it as it is, or put your changes into a drop-in (systemctl edit civikit), move the file away and run civikit service install again.",
    ],
    "zh-TW": [
      "服務檔不是 civikit 寫的樣子",
      "讓服務持續執行的檔案被人改過，或屬於別的程式；civikit 兩種都不會取代。",
      "可以維持原樣；或把您的修改放進 drop-in（systemctl edit civikit），移開這個檔案，再執行 civikit service install。",
    ],
  },
  key_reused: {
    en: [
      "The key names another wish",
      "This Idempotency-Key was sent before, with other references or options.",
      "Send every wish with a key of its own; the same key only for the very same wish.",
    ],
    "zh-TW": [
      "這個鍵已經代表另一個要求",
      "這個 Idempotency-Key 之前送過，參照或選項不同。",
      "每個要求用自己的鍵；只有完全相同的要求才能用同一個鍵。",
    ],
  },
  moves_running: {
    en: [
      "Files are being moved there",
      "Another civikit is organising this folder.",
      "Wait for it to finish or end it, then run the same command again.",
    ],
    "zh-TW": [
      "檔案正在搬移",
      "另一個 civikit 正在整理這個資料夾。",
      "請等它完成或將它結束，再執行同一個指令。",
    ],
  },
  moves_unfinished: {
    en: [
      "Earlier moves were interrupted",
      "Files of this folder were being moved when the program ended; every one of them is there.",
      "Finish them with civikit organize FOLDER --continue, or take them back with civikit organize FOLDER --undo.",
    ],
    "zh-TW": [
      "先前的搬移中斷了",
      "搬移這個資料夾的檔案時程式結束了；每個檔案都還在。",
      "請以 civikit organize 資料夾 --continue 完成，或以 civikit organize 資料夾 --undo 復原。",
    ],
  },
  no_model_named: {
    en: [
      "It does not say with which models it was made",
      "No infotext and no graph is in it: many sites take it out, and pictures that were edited or captured have none.",
      "Take the original file, or the picture's page on Civitai: civikit add https://civitai.com/images/ID.",
    ],
    "zh-TW": [
      "裡面沒有寫用了哪些模型",
      "檔案裡沒有 infotext 也沒有工作流程：許多網站會移除，編輯過或擷取的圖片也沒有。",
      "請用原始檔案，或用這張圖在 Civitai 的頁面：civikit add https://civitai.com/images/ID。",
    ],
  },
  place_taken: {
    en: [
      "Another file is there now",
      "Since it was thrown away, another file got its name; nothing is overwritten.",
      "Move or rename that file, then bring this one back again.",
    ],
    "zh-TW": [
      "那裡已經有別的檔案",
      "丟掉之後，那個名稱給了別的檔案；civikit 什麼都不蓋掉。",
      "請把那個檔案移走或改名，再還原一次。",
    ],
  },
  not_in_trash: {
    en: [
      "Not in the trash",
      "The trash of the folders that were looked through has nothing of that ID.",
      "civikit trash list shows what is there; name the folder where it is none of the settings: civikit trash list FOLDER.",
    ],
    "zh-TW": [
      "不在垃圾桶裡",
      "找過的資料夾，垃圾桶裡都沒有這個編號。",
      "請以 civikit trash list 查看；資料夾不在設定裡時請寫出來：civikit trash list 資料夾。",
    ],
  },
  file_changed: {
    en: [
      "The file was changed meanwhile",
      "It is no longer what it was when this was planned, so it is left where it is.",
      "Look at it, then run the same command again.",
    ],
    "zh-TW": [
      "檔案在這段期間變更了",
      "它已經不是計畫當時的檔案，因此留在原地不動。",
      "請看看這個檔案，再執行同一個指令。",
    ],
  },
  service_running: {
    en: [
      "A service runs already",
      "Another civikit serve works on this queue.",
      "Use that one, end it first, or give this one a state of its own with CIVIKIT_STATE_DIR.",
    ],
    "zh-TW": [
      "服務已經在執行",
      "另一個 civikit serve 正在處理這個佇列。",
      "請使用那一個，或先結束它；也可以用 CIVIKIT_STATE_DIR 給這一個自己的狀態資料夾。",
    ],
  },
  root_outside: {
    en: [
      "Not a place for models",
      "Files would land outside of the project's folder or in a hidden folder of it, and only the project itself says so: its manifest, or a link in it.",
      "If you trust the project, name the folder of its models once: run the command again with --root FOLDER.",
    ],
    "zh-TW": [
      "不是放模型的位置",
      "檔案會放到專案資料夾之外或其中的隱藏資料夾，而這只是專案自己說的：寫在清單檔裡，或經由其中的連結。",
      "若您信任這個專案，請親自指定模型的資料夾一次：加上 --root 資料夾，再執行同一個指令。",
    ],
  },
  own_link: {
    en: [
      "A link in the way",
      "A link, or something else, lies where civikit keeps a file of the project; writing through it could change another file.",
      "Look where it leads; remove it, or put the file itself in its place, and run the command again.",
    ],
    "zh-TW": [
      "有連結擋住",
      "civikit 存放專案檔案的位置上有連結或其他東西；經由它寫入，可能會改到別的檔案。",
      "請看它指向哪裡；移除它，或換成檔案本身，再執行同一個指令。",
    ],
  },
  project_missing: {
    en: [
      "No project here",
      "The folder has neither civikit.models.json nor civikit.lock.json.",
      "Go to the project's folder or name it with --project; civikit add <id> begins a new project.",
    ],
    "zh-TW": [
      "這裡沒有專案",
      "資料夾內沒有 civikit.models.json，也沒有 civikit.lock.json。",
      "請切換到專案的資料夾，或以 --project 指定；civikit add <id> 會建立新專案。",
    ],
  },
  list_empty: {
    en: [
      "Nothing to download",
      "The list has no references in it: empty lines and comments do not count.",
      "Write one version id, model:<id>, AIR or URL on each line.",
    ],
    "zh-TW": [
      "沒有要下載的項目",
      "清單裡沒有任何項目；空行與註解不算。",
      "請每行寫一個版本 ID、model:<id>、AIR 或網址。",
    ],
  },
  // invalid_file
  model_damaged: {
    en: [
      "The model file is damaged",
      "What the file says of itself does not fit its size or its contents: it was cut off or overwritten.",
      "Delete it and get it again with civikit download; civikit scan names its version, if Civitai knows it.",
    ],
    "zh-TW": [
      "模型檔案已損壞",
      "檔案標頭與大小或內容不符：檔案不完整，或被覆寫過。",
      "請刪除它，再以 civikit download 重新下載；若 Civitai 認得，civikit scan 會指出版本。",
    ],
  },
  database_foreign: {
    en: [
      "Not a database of civikit",
      "Another program made this file; nothing in it was changed.",
      "Move it away if nobody needs it, or name another place.",
    ],
    "zh-TW": [
      "不是 civikit 的資料庫",
      "這個檔案是別的程式建立的；civikit 沒有更動它。",
      "不需要的話請把它移走，或改用別的位置。",
    ],
  },
  // target_locked
  database_locked: {
    en: [
      "The database is in use",
      "Another process has locked it, and did not let go in time.",
      "Wait for that process to finish or end it, then run the same command again.",
    ],
    "zh-TW": [
      "資料庫使用中",
      "另一個行程鎖住了它，等了一段時間仍未放開。",
      "請等那個行程完成或將它結束，再執行同一個指令。",
    ],
  },
  // invalid_path
  name_encoding: {
    en: [
      "The name is not UTF-8",
      "It was written in another encoding, so that no program of this kind can open it.",
      "Rename it in a file manager or with mv.",
    ],
    "zh-TW": [
      "檔名不是 UTF-8",
      "檔名是以其他編碼寫成的，因此無法開啟。",
      "請在檔案管理員或以 mv 重新命名。",
    ],
  },
};

/** Every {@linkcode ErrorCode}, in the order of the catalogue. */
export const errorCodes: readonly ErrorCode[] = Object.keys(catalogue) as ErrorCode[];

/** Every {@linkcode ErrorReason}, in the order of the catalogue. */
export const errorReasons: readonly ErrorReason[] = Object.keys(byReason) as ErrorReason[];

/**
 * What to tell a person about a failure: the symptom, its cause, and what to do now. The only place with such texts.
 *
 * @param failure A {@linkcode CivikitError}, whose `reason` then counts too, or its `code` alone.
 * @param locale The reader's language; English by default.
 * @example
 * ```ts
 * import { hint } from "@civikit/civikit/transport";
 *
 * console.log(hint("unauthorized").title); // API key not accepted
 * console.log(hint({ code: "unauthorized", reason: "key_missing" }).title); // Login required: no API key is set
 * console.log(hint("header_timeout", "zh-TW").title); // 請求逾時
 * ```
 */
export function hint(failure: ErrorCode | Pick<CivikitError, "code" | "reason">, locale: Locale = "en"): Hint {
  const { code, reason = undefined } = typeof failure === "string" ? { code: failure } : failure;
  const [title, cause, action] = (reason === undefined ? catalogue[code] : byReason[reason])[locale];
  return { title, cause, action };
}
