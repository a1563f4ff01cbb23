import { assertEquals } from "@std/assert";
import { metricsRegistry } from "../../../monitor/mod.ts";
import { serve } from "../../monitor/server/_served.ts";
import { serveHub } from "../_service.ts";

/** What is asked for, and what type it is in the end. */
async function ended(asked: Promise<Response>): Promise<[number, string | null]> {
  const response = await asked;
  await response.body?.cancel();
  return [response.status, response.headers.get("content-type")];
}

Deno.test("a browser that asks for /favicon.ico, as it does beside JSON, gets the icon, token or none", async () => {
  const icon: [number, string] = [200, "image/svg+xml"];
  await using hub = await serveHub({ token: "sixteen-characters" });
  assertEquals(await ended(fetch(`${hub.url}/favicon.ico`)), icon);
  await using diagnostics = serve({ registry: metricsRegistry() });
  assertEquals(await ended(fetch(`${diagnostics.url}/favicon.ico`)), icon);
});
