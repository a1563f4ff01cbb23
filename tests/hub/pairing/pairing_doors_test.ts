import { assert, assertEquals } from "@std/assert";
import { pairingOf, serveHub } from "../_service.ts";

const token = "a-pairing-token-of-letters";
const site = "https://civitai.com";
const authorization = `Bearer ${token}`;

Deno.test("pairing: a page of the site is let in by the token, through its doors alone", async () => {
  for (const more of [{}, { token: "the-token-of-the-service" }]) {
    const pairing = pairingOf(token, site);
    await using hub = await serveHub({ ...more, pairing });
    const asks = async (method: string, path: string, headers: Record<string, string>, body?: unknown) => {
      const response = await hub.ask(method, path, body, headers);
      const text = await response.text();
      return [response.status, response.headers.get("access-control-allow-origin"), text] as const;
    };
    const add = { references: ["2002"] };
    assertEquals((await asks("GET", "/api/v1/queue?limit=5", { origin: site, authorization })).slice(0, 2), [
      200,
      site,
    ]);
    assertEquals((await asks("POST", "/api/v1/queue", { origin: site, authorization }, add)).slice(0, 2), [202, site]);
    assertEquals((await hub.queue.counts()).waiting, 1);
    const wrong = await asks("GET", "/api/v1/queue", { origin: site, authorization: "Bearer nothing-of-the-kind" });
    assertEquals(wrong.slice(0, 2), [401, site]);
    assertEquals((await asks("GET", "/api/v1/queue", { origin: site }))[0], 401);
    // what the token is not for
    for (const path of ["/api/v1/settings", "/api/v1/queue/1", "/settings", "/events", "/api/v1/transfers"]) {
      const headers = { origin: site, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", authorization };
      const [status, allowed] = await asks("GET", path, headers);
      assertEquals([path, status, allowed], [path, 403, null]);
    }
    assertEquals((await asks("DELETE", "/api/v1/queue/1", { origin: site, authorization }))[0], 403);
    // extensions ask in the user's name; their origin is none of the site's
    const extension = { origin: "chrome-extension://abcdef", "sec-fetch-site": "none" };
    assertEquals((await asks("POST", "/api/v1/queue", { ...extension, authorization }, add))[0], 202);
    assertEquals((await asks("POST", "/api/v1/queue", { ...extension, authorization: "Bearer no" }, add))[0], 403);
    pairing.renew();
    assertEquals((await asks("GET", "/api/v1/queue", { origin: site, authorization }))[0], 401);
  }
});

Deno.test("pairing: a preflight is answered for the doors and origins that are paired, private networks included", async () => {
  await using hub = await serveHub({ pairing: pairingOf(token, site) });
  const preflight = async (path: string, method: string, origin: string) => {
    const headers = {
      ...{ origin, "access-control-request-method": method, "access-control-request-private-network": "true" },
      "access-control-request-headers": "authorization, content-type",
    };
    const response = await hub.ask("OPTIONS", path, undefined, headers);
    await response.body?.cancel();
    return response;
  };
  const { status, headers } = await preflight("/api/v1/queue", "POST", site);
  assertEquals(status, 204);
  assertEquals(headers.get("access-control-allow-origin"), site);
  assertEquals(headers.get("access-control-allow-private-network"), "true");
  assert(headers.get("access-control-allow-headers")?.includes("authorization"));
  assertEquals(headers.get("access-control-allow-credentials"), null);
  assertEquals((await preflight("/api/v1/queue", "POST", "https://evil.example")).status, 403);
  assertEquals((await preflight("/api/v1/queue", "DELETE", site)).status, 403);
  assertEquals((await preflight("/api/v1/settings", "GET", site)).status, 403);
});
