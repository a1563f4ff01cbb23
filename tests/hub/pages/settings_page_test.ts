import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { settingsPort } from "../../../cli/settings/settings_port.ts";
import { pairingOf, serveHub } from "../_service.ts";

const token = "a-pairing-token-of-letters";

async function inSettings(
  work: (hub: Awaited<ReturnType<typeof serveHub>>, file: () => Promise<string>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const values: Record<string, string> = { HOME: folder, XDG_CONFIG_HOME: folder, CIVIKIT_RETRY_MAX: "7" };
    const settings = settingsPort({ env: (name) => values[name] }, "civitai.com");
    await using hub = await serveHub({ settings, pairing: pairingOf(token) });
    await work(hub, () => Deno.readTextFile(join(folder, "civikit", "config.json")), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the settings page shows, checks, sets and takes back, by plain forms", () =>
  inSettings(async (hub, file) => {
    const page = await (await hub.ask("GET", "/settings?lang=en")).text();
    for (const key of ["timeouts.api", "download.parallel", "serve.rpcOrigins"]) {
      assertStringIncludes(page, `set-${key}`);
    }
    // what the environment says is shown, and not editable
    assertStringIncludes(page, '<output id="set-retry.max">7</output>');
    assert(!page.includes('id="save-retry.max"'));
    const saved = await (await hub.send("/settings/set", { key: "timeouts.api", value: "44" })).text();
    assertStringIncludes(saved, "Saved.");
    assertStringIncludes(saved, 'id="unset-timeouts.api"');
    assertStringIncludes(await file(), "44");
    const refused = await hub.send("/settings/set", { key: "timeouts.api", value: "soon <b>" });
    assertEquals(refused.status, 400);
    const text = await refused.text();
    assertStringIncludes(text, 'role="alert"');
    assertStringIncludes(text, 'value="soon &lt;b&gt;"');
    assertStringIncludes(await file(), "44");
    await (await hub.send("/settings/unset", { key: "timeouts.api" })).body?.cancel();
    assert(!(await file()).includes("44"));
    const switched = await (await hub.send("/settings/set", { key: "monitor.enabled", value: "off" })).text();
    const select = switched.slice(switched.indexOf('id="set-monitor.enabled"'));
    assert(
      /^[^]*?<option selected>off<\/option>/.test(select.slice(0, select.indexOf("</select>"))),
      select.slice(0, 200),
    );
    const unknown = await hub.send("/settings/set", { key: "no.such", value: "1" });
    assertEquals(unknown.status, 400);
    await unknown.body?.cancel();
    assertStringIncludes(await (await hub.ask("GET", "/settings?lang=zh-TW")).text(), "下次啟動服務起生效");
  }));

Deno.test("the settings page takes the API key and never shows it, and renews the pairing token", () =>
  inSettings(async (hub, _file, folder) => {
    const secret = "a-key-that-nobody-reads";
    const page = await (await hub.send("/settings/key", { value: secret })).text();
    assertStringIncludes(page, "A key is set.");
    assert(!page.includes(secret));
    assertEquals(await Deno.readTextFile(join(folder, "civikit", "key")), `${secret}\n`);
    const bad = await hub.send("/settings/key", { value: "two words" });
    assertEquals(bad.status, 400);
    assert(!(await bad.text()).includes("two words"));
    assertStringIncludes(await (await hub.ask("GET", "/settings")).text(), token);
    assert(!(await (await hub.send("/settings/pairing", {})).text()).includes(token));
  }));

Deno.test("the pages of the status are reached from the navigation, each link of them", async () => {
  await using hub = await serveHub();
  assertStringIncludes(await (await hub.ask("GET", "/")).text(), 'href="/status/"');
  const page = await (await hub.ask("GET", "/status/?lang=en")).text();
  assertStringIncludes(page, "Success rate");
  const links = [...new Set([...page.matchAll(/(?:href|src)="(\/[^"#]*)"/g)].map(([, link]) => link!))];
  for (const name of ["report", "errors", "transfers", "cache"]) {
    assert(links.some((link) => link.startsWith(`/status/${name}`)), name);
  }
  for (const link of links) {
    const response = await hub.ask("GET", link.replaceAll("&amp;", "&"));
    await response.body?.cancel();
    assertEquals([link, response.status], [link, 200]);
  }
});
