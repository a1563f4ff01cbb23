import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../../tools/registry.ts";
import { startOrigin } from "../../_origin/mod.ts";

async function runWatched(env: Record<string, string>): Promise<string> {
  await using origin = await startOrigin({
    files: { "/api/v1/models/5": "{}", "/api/v1/models/6": "{}" },
    faults: [{ kind: "status", status: 503, path: "/api/v1/models/6", nth: 1, times: 1 }],
  });
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", "--quiet", ...await registryFlags(root)],
      ...[fileURLToPath(new URL("_otel.ts", import.meta.url)), origin.url],
    ],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, text);
  return text.replaceAll(String(origin.port), "PORT");
}

Deno.test("OTEL_DENO=true: durations and spans leave by the conventions for HTTP clients, with no secret in ours", async () => {
  const text = await runWatched({ OTEL_DENO: "true", OTEL_EXPORTER_OTLP_PROTOCOL: "console" });
  const metric = /METRIC http\.client\.request\.duration \(Histogram, unit=s\)\n([\s\S]*?)(?:METRIC|$)/.exec(text)?.[1];
  assert(metric?.includes("scope: civikit"), text);
  // the order of attributes changes from run to run
  const counts = [...metric!.matchAll(/\{(.*)\} count=(\d+)/g)].map(([, attributes = "", count]) => [
    ...attributes.split(", ").filter((pair) => !pair.startsWith("server.")).sort(),
    Number(count),
  ]).sort();
  assertEquals(counts, [
    ["error.type=404", "http.request.method=GET", "http.response.status_code=404", "url.template=file", 1],
    [
      ...["error.type=503", "http.request.method=GET", "http.response.status_code=503"],
      ...["url.template=/api/v1/models/:id", 1],
    ],
    ["http.request.method=GET", "http.response.status_code=200", "url.template=/api/v1/models/:id", 2],
  ]);
  assert(metric!.includes("server.address=127.0.0.1") && metric!.includes("server.port=PORT"), metric);
  assert(metric!.includes("0.005, 0.01, 0.025"), metric);

  const spans = text.split(/^(?=SPAN |METRIC |LOG )/m).filter((part) => part.startsWith("SPAN"));
  const ours = spans.filter((span) => span.includes("scope: civikit"));
  assertEquals(ours.length, 4);
  assert(ours.every((span) => /SPAN GET (\/api\/v1\/models\/:id|file) .* Internal/.test(span)), ours.join());
  assert(ours.some((span) => span.includes("url.full: http://127.0.0.1:PORT/api/v1/models/5?[redacted]")), ours.join());
  assert(ours.every((span) => !span.includes("hush")));
  // the platform's own span of the socket hangs below ours
  const idOf = (span: string) => /\[\w+\/(\w+)\]/.exec(span)?.[1];
  const sockets = spans.filter((span) => span.includes("Client"));
  assertEquals(sockets.length, 4);
  const ids = new Set(ours.map(idOf));
  assert(sockets.every((span) => ids.has(/parent: (\w+)/.exec(span)?.[1])), text);
  assert(/METRIC civikit\.client\.events[\s\S]*civikit\.event=retry/.test(text), text);
});

Deno.test("without OTEL_DENO nothing leaves", async () => {
  assertEquals(await runWatched({}), "");
});
