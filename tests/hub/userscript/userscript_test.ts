// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assert, assertEquals } from "@std/assert";
import type { Library, ShownRow } from "../../../hub/library/mod.ts";
import { findChromium, startChromium } from "../../_support/chromium.ts";
import { pairingOf, serveHub } from "../_service.ts";

const hasChromium = findChromium() !== undefined;
if (!hasChromium) console.log("chromium is not installed: the test of the userscript is skipped");

const token = "a-pairing-token-of-letters";

const row = (modelId: number, versionId: number, newerId?: number): ShownRow => ({
  ...{ id: "0123456789abcde".concat(String(modelId % 10)), path: `/m/${modelId}`, name: `${modelId}`, bytes: 1 },
  ...{ state: "known", sha256: null, provedMs: null, problem: null, twins: 0, mtimeMs: 0 },
  identity: { modelId, versionId },
  newer: newerId === undefined ? null : { versionId: newerId },
} as unknown as ShownRow);

const rows = [row(101, 1011), row(102, 1021, 1022)];
const library = {
  seenMs: 1,
  have: () => new Map(),
  haveModels: (ids: readonly number[]) => rows.filter(({ identity }) => ids.includes(identity!.modelId!)),
} as unknown as Library;

const card = (id: number) =>
  `<div class="card"><a href="/models/${id}/a-model"><img alt="" src="data:,"></a><a href="/models/${id}">name</a></div>`;
const page = (body: string) =>
  `<!DOCTYPE html><html lang="en"><head><title>imitation</title></head><body><div id="__next">${body}</div></body></html>`;

/** A site that has lists of cards and pages of models as the real one, and the script in each as a manager puts it. */
function startSite(): { url: string; close(): Promise<void> } {
  const script = Deno.readTextFileSync(new URL("../../../extensions/userscript/civikit.user.js", import.meta.url));
  const withScript = (body: string) => page(body).replace("</body>", '<script src="/script.js"></script></body>');
  const answer = (body: string, type: string) => new Response(body, { headers: { "content-type": type } });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/script.js") return answer(script, "text/javascript");
    if (pathname === "/api/v1/models/102") {
      const modelVersions = [{ id: 1022, name: "v2" }, { id: 1021, name: "v1" }];
      return Response.json({ id: 102, modelVersions });
    }
    const body = pathname === "/models" ? `<main>${[101, 102, 103, 104].map(card).join("")}</main>` : "<main></main>";
    return answer(withScript(body), "text/html; charset=utf-8");
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
}

const marks =
  "[...document.querySelectorAll('[data-civikit]')].map((a) => a.pathname + ' ' + a.dataset.civikit).join()";
const inPanel = (selector: string) => `document.querySelector('civikit-panel').shadowRoot.querySelector('${selector}')`;

Deno.test({
  name: "the userscript in Chromium, on pages like the site's",
  ignore: !hasChromium,
  // the browser's own process and socket outlive single steps
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const site = startSite();
    await using browser = await startChromium();
    await using hub = await serveHub({ pairing: pairingOf(token, site.url), library });
    const connect = async (address: string, secret: string) => {
      await browser.evaluate(`${inPanel("input[name=address]")}.value = ${JSON.stringify(address)}`);
      await browser.evaluate(`${inPanel("input[name=token]")}.value = ${JSON.stringify(secret)}`);
      await browser.evaluate(`${inPanel("form button")}.click()`);
    };
    await hub.queue.add([{ reference: "model:103" }]);
    await browser.open(`${site.url}/models`);

    await t.step("asks for address and token; a wrong token is told", async () => {
      await browser.until(`${inPanel("form")} !== null`);
      await connect(hub.url, "wrong-token");
      await browser.until(`${inPanel("p")}?.textContent.includes('refused the pairing token')`);
      assertEquals(await browser.evaluate(marks), "");
    });

    await t.step("marks what is there, what has a newer version, and what is queued", async () => {
      await connect(`${hub.url}/`, token);
      await browser.until(
        `${marks} === '/models/101/a-model have,/models/102/a-model older,/models/103/a-model queued'`,
      );
    });

    await t.step("marks cards that come later", async () => {
      const asked = browser.requested.length;
      await browser.evaluate(`document.querySelector('main').insertAdjacentHTML('beforeend',
        '<a id="late" href="/models/101/again"><img alt="" src="data:,"></a>')`);
      await browser.until("document.getElementById('late').dataset.civikit === 'have'");
      assertEquals(browser.requested.slice(asked).filter((url) => url.includes("have=")), []);
    });

    await t.step("after a change of the page inside it, lists versions with a button that queues", async () => {
      await browser.evaluate(`history.pushState({}, '', '/models/102/a-model')`);
      await browser.evaluate("document.querySelector('main').replaceChildren(document.createElement('h1'))");
      await browser.until(`${inPanel("#get-1022")} !== null`);
      assertEquals(await browser.evaluate(`${inPanel("#mark-1021")}.textContent`), "have it");
      await browser.evaluate(`${inPanel("#get-1022")}.click()`);
      await browser.until(`${inPanel("#mark-1022")}?.textContent === 'queued'`);
      const { jobs } = await hub.queue.list();
      assertEquals(jobs.at(-1)?.reference, "https://civitai.com/models/102?modelVersionId=1022");
    });

    await t.step("says that nobody answers, and asks again when told to", async () => {
      await browser.evaluate(`${inPanel("#change")}.click()`);
      await connect("http://127.0.0.1:9", token);
      await browser.until(`${inPanel("p")}?.textContent.includes('does not answer')`);
      await browser.evaluate(`localStorage.setItem('civikit.address', '${hub.url}'), ${inPanel("#again")}.click()`);
      await browser.until(`${inPanel("p")} === null && ${inPanel("#mark-1022")} !== null`);
    });
    await browser.open("about:blank");
    await site.close();
  },
});

Deno.test("the service offers the userscript, also to who has not logged in", async () => {
  await using hub = await serveHub({ pairing: pairingOf(token), token: "the-token-of-the-service" });
  const response = await hub.ask("GET", "/extensions/civikit.user.js");
  assertEquals([response.status, response.headers.get("content-type")], [200, "text/javascript; charset=utf-8"]);
  const text = await response.text();
  assert(text.startsWith("// ==UserScript=="));
  assert(!text.includes(token));
  await using open = await serveHub({ pairing: pairingOf(token) });
  for (const lang of ["en", "zh-TW"]) {
    const page = await open.ask("GET", `/extensions/userscript?lang=${lang}`);
    assert((await page.text()).includes('href="/extensions/civikit.user.js"'));
  }
});
