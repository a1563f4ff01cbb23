import { assert, assertEquals } from "@std/assert";
import { errorCodes, hint } from "../../transport/mod.ts";

Deno.test("hint() has a title, a cause and an action for every code, in both languages", () => {
  assert(errorCodes.length > 50);
  for (const code of errorCodes) {
    for (const locale of ["en", "zh-TW"] as const) {
      const { title, cause, action } = hint(code, locale);
      for (const text of [title, cause, action]) assert(text.trim() === text && text.length > 2, `${code} ${locale}`);
      assert(/[.!?。]$/.test(cause) || /\S$/.test(cause), `${code} ${locale}`);
      assert(!/[.。]$/.test(title), `${code} ${locale}: a title is no sentence`);
    }
  }
});

Deno.test("hint() says different things for different codes, so that failures are told apart", () => {
  const seen = new Map<string, string>();
  for (const code of errorCodes) {
    const { cause, action } = hint(code);
    const text = `${cause} ${action}`;
    assertEquals(seen.get(text), undefined, `${code} reads like ${seen.get(text)}`);
    seen.set(text, code);
  }
});

Deno.test("hint() uses Taiwan's words and full-width punctuation in Chinese", () => {
  // words of mainland usage for network, connection settings, default, server, file, disk, information, program, user
  const foreign = /網絡|鏈接|默認|服務器|文件|硬盤|信息|程序員|用戶|密鑰|超時|內存|緩存|代理服务|數據/;
  for (const code of errorCodes) {
    const { title, cause, action } = hint(code, "zh-TW");
    for (const text of [title, cause, action]) {
      assert(/\p{Script=Han}/u.test(text), `${code}: ${text}`);
      assert(!foreign.test(text), `${code}: ${text}`);
      assert(!/\p{Script=Han}[,;:()]|[,;()]\p{Script=Han}/u.test(text), `${code}: ${text}`);
    }
  }
});

Deno.test("hint() names the page where a key is made, and the variable it goes into", () => {
  for (const code of ["unauthorized", "login_required"] as const) {
    for (const locale of ["en", "zh-TW"] as const) {
      const { action } = hint(code, locale);
      assert(action.includes("https://civitai.com/user/account") && action.includes("CIVITAI_API_KEY"));
    }
  }
});
