// deno run --allow-net --allow-env=CIVIKIT_BASE_URL examples/diagnostics_in_hono.ts 8000
// deno-lint-ignore-file no-console -- a program: what it prints is what it is for

/** A Hono app of one's own that asks Civitai, with civikit's diagnostic pages at /diag. */
import { Hono } from "hono";
import { civitai, createTransport } from "@civikit/civikit";
import { diagnostics, openMonitor } from "@civikit/civikit/monitor";

const baseUrl = Deno.env.get("CIVIKIT_BASE_URL") ?? "https://civitai.com";

using monitor = openMonitor();
using transport = createTransport({ ...monitor.transport });
using pages = diagnostics({ registry: monitor.registry, basePath: "/diag" });
const api = civitai(transport, { baseUrl });

const app = new Hono();
app.get("/models/:id", async (c) => c.json(await api.models.getOrNull(Number(c.req.param("id")))));
app.all("/diag/*", (c) => pages.fetch(c.req.raw));

// beyond this machine the pages want a token and the names they are reached by: see the options of diagnostics()
const server = Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 8000), onListen() {} }, app.fetch);
console.log(`http://127.0.0.1:${server.addr.port}/models/1001 and http://127.0.0.1:${server.addr.port}/diag/`);
Deno.addSignalListener("SIGINT", () => {
  pages.close(); // pages that are open hold the server otherwise
  server.shutdown();
});
await server.finished;
