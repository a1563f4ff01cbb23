import { assert, assertEquals } from "@std/assert";
import { errorCodes, errorReasons, type Hint, hint, type Locale } from "../../../transport/mod.ts";

/** Every hint there is, by the name of its code or reason. */
function hints(locale: Locale): [name: string, hint: Hint][] {
  return [
    ...errorCodes.map((code): [string, Hint] => [code, hint(code, locale)]),
    ...errorReasons.map((reason): [string, Hint] => [reason, hint({ code: "invalid_argument", reason }, locale)]),
  ];
}

Deno.test("hint() has a title, a cause and an action for every code and reason, in both languages", () => {
  assert(errorCodes.length > 50 && errorReasons.length > 20);
  for (const locale of ["en", "zh-TW"] as const) {
    for (const [name, { title, cause, action }] of hints(locale)) {
      for (const text of [title, cause, action]) assert(text.trim() === text && text.length > 2, `${name} ${locale}`);
      for (const text of [cause, action]) assert(/[.!?。]$/.test(text), `${name} ${locale}: ${text}`);
      assert(!/[.。]$/.test(title), `${name} ${locale}: a title is no sentence`);
    }
  }
});

Deno.test("hint() says different things for different failures, so that they are told apart", () => {
  for (const locale of ["en", "zh-TW"] as const) {
    const seen = new Map<string, string>();
    for (const [name, { title, cause, action }] of hints(locale)) {
      const text = `${title} ${cause} ${action}`;
      assertEquals(seen.get(text), undefined, `${name} reads like ${seen.get(text)}`);
      seen.set(text, name);
    }
  }
});

Deno.test("hint() takes an error, and tells its reason where it has one, its code where it has none", () => {
  assertEquals(hint({ code: "unauthorized" }), hint("unauthorized"));
  assert(hint({ code: "unauthorized", reason: "key_missing" }).action.includes("civikit login"));
  assert(!hint({ code: "unauthorized", reason: "key_refused" }).action.includes("civikit login"));
  assert(hint({ code: "permission_denied", reason: "net_right" }).action.includes("--allow-net"));
});

Deno.test("hint() uses Taiwan's words and full-width punctuation in Chinese", () => {
  // words of mainland usage for network, connection settings, default, server, file, disk, information, program, user
  const foreign = /網絡|鏈接|默認|服務器|文件|硬盤|信息|程序員|用戶|密鑰|超時|內存|緩存|代理服务|數據|端口|配置文件/;
  for (const [name, { title, cause, action }] of hints("zh-TW")) {
    for (const text of [title, cause, action]) {
      assert(/\p{Script=Han}/u.test(text), `${name}: ${text}`);
      assert(!foreign.test(text), `${name}: ${text}`);
      assert(!/\p{Script=Han}[,;:()]|[,;()]\p{Script=Han}/u.test(text), `${name}: ${text}`);
    }
  }
});

Deno.test("hint() names the page where a key is made, and the variable it goes into", () => {
  for (const locale of ["en", "zh-TW"] as const) {
    const wanting = [hint("unauthorized", locale), hint("login_required", locale)];
    for (const { action } of [...wanting, hint({ code: "unauthorized", reason: "key_missing" }, locale)]) {
      assert(action.includes("https://civitai.com/user/account") && action.includes("CIVITAI_API_KEY"));
    }
  }
});
