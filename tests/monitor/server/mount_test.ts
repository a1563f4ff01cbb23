import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Hono } from "hono";
import { type Diagnostics, diagnostics, metricsRegistry } from "../../../monitor/mod.ts";

/** Ways to put it into another app, below "/tools/diag". */
const ways: Readonly<Record<string, (app: Hono, diag: Diagnostics) => unknown>> = {
  "mount()": (app, diag) => app.mount("/tools/diag", diag.fetch),
  "a route that passes requests on": (app, diag) =>
    app.all("/tools/diag/*", (c) => diag.fetch(c.req.raw, c.env as Deno.ServeHandlerInfo)),
};

/** Every address a page names: links, forms, scripts, styles. */
const addresses = (html: string) => Array.from(html.matchAll(/ (?:href|src|action)="([^"]+)"/g), ([, to]) => to!);

for (const [way, mount] of Object.entries(ways)) {
  Deno.test(`diagnostics() works below any path: every link, form and asset is found (${way})`, async () => {
    const registry = metricsRegistry();
    registry.transfers.track("running.safetensors");
    using diag = diagnostics({ registry, basePath: "/tools/diag", memoryLimitBytes: 8 * 1024 ** 3 });
    const app = new Hono();
    mount(app, diag);
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
    const origin = `http://127.0.0.1:${server.addr.port}`;
    const seen = new Set<string>();
    const left = [`${origin}/tools/diag/`];
    const html = { accept: "text/html" };
    for (let url = left.pop(); url !== undefined; url = left.pop()) {
      const { pathname } = new URL(url);
      if (seen.has(pathname)) continue;
      seen.add(pathname);
      assert(pathname.startsWith("/tools/diag/"), `${url} leads out`);
      let response = await fetch(url, { headers: html, redirect: "manual" });
      if (response.status === 404) {
        await response.body?.cancel();
        response = await fetch(url, { method: "POST", headers: { ...html, origin }, redirect: "manual" });
        const to = response.headers.get("location") ?? await response.clone().text();
        // that a cancelled transfer cannot be paused says the route itself
        assert(/^\/tools\/diag\/|no such transfer is running/.test(to), `${url}: ${response.status} ${to}`);
      } else assertEquals(response.status, 200, url);
      const text = await response.text();
      if (response.headers.get("content-type")?.startsWith("text/html")) {
        for (const to of addresses(text)) if (!to.startsWith("#")) left.push(new URL(to, url).href);
      }
    }
    for (const path of ["report", "errors", "transfers", "cache", "assets/style.css", "assets/live.js", "api/report"]) {
      assert(seen.has(`/tools/diag/${path}`), `${path} is not linked: ${[...seen].join(" ")}`);
    }
    const script = await (await fetch(`${origin}/tools/diag/assets/keep_live.js`)).text();
    const stream = /new URL\("([^"]+)", import\.meta\.url\)/.exec(script)![1]!;
    const events = await fetch(new URL(stream, `${origin}/tools/diag/assets/keep_live.js`));
    assertEquals([events.status, events.headers.get("content-type")], [200, "text/event-stream; charset=utf-8"]);
    await events.body!.cancel();
    const { servers } = await (await fetch(`${origin}/tools/diag/api/openapi.json`)).json();
    assertEquals(servers, [{ url: "/tools/diag" }]);
    diag.close();
    await server.shutdown();
  });
}

Deno.test("diagnostics() below a path logs in there, and its cookie is for that path", async () => {
  const token = "correct-horse-battery-staple";
  using diag = diagnostics({ registry: metricsRegistry(), basePath: "/diag/", token });
  const ask = async (path: string, init: RequestInit = {}) => {
    const request = new Request(`http://127.0.0.1:8787${path}`, init);
    request.headers.set("host", "127.0.0.1:8787");
    const response = await diag.fetch(request);
    await response.body?.cancel();
    return response;
  };
  const page = await ask("/diag", { headers: { accept: "text/html" } });
  assertEquals([page.status, page.headers.get("location")], [303, "/diag/login"]);
  assertEquals((await ask("/diag/assets/style.css")).status, 200);
  const entered = await ask("/diag/login", { method: "POST", body: new URLSearchParams({ token }) });
  assertEquals([entered.status, entered.headers.get("location")], [303, "/diag/"]);
  assertStringIncludes(entered.headers.get("set-cookie")!, "Path=/diag;");
});

Deno.test("diagnostics() refuses a basePath that is none", () => {
  for (const basePath of ["diag", "//x", "/a b", "/a?b", "https://a.example/x", "/a//b"]) {
    assertThrows(() => diagnostics({ registry: metricsRegistry(), basePath }), TypeError, "option basePath");
  }
});
