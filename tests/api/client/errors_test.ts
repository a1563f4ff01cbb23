import { assertEquals } from "@std/assert";
import { classifyCivitai } from "@civikit/civikit/api";
import { compose, type ErrorCode, HttpError, status } from "@civikit/civikit/transport";

const unauthorized = (message: string) => JSON.stringify({ error: "Unauthorized", message });

const answers: [number, string, ErrorCode][] = [
  [400, '{"error":"Missing modelVersionId"}', "bad_request"],
  [401, '{"error":"Unauthorized"}', "unauthorized"],
  [401, unauthorized("The creator of this asset requires you to be logged in to download it"), "login_required"],
  [401, unauthorized("The creator of this asset has disabled downloads on this file"), "downloads_disabled"],
  [
    403,
    '{"error":"Early Access","deadline":"2026-08-12T08:18:36.063Z","message":"This asset is in Early Access."}',
    "early_access",
  ],
  [403, '{"error":"You do not have access to download this file"}', "forbidden"],
  [403, '{"error":"Forbidden"}', "forbidden"],
  [403, '{"error":"x","code":"REGION_BLOCKED"}', "region_blocked"],
  [404, '{"error":"File not found"}', "not_found"],
  [405, '{"error":"Method not allowed"}', "method_not_allowed"],
  [410, '{"error":"Model archived, not available for download"}', "gone"],
  [429, '{"error":"You\'ve requested too many pages, please use cursors instead"}', "too_many_pages"],
  [429, '{"error":"Rate limit exceeded, please retry shortly."}', "rate_limited"],
  [451, '{"error":"Access to this service is not available","code":"REGION_BLOCKED"}', "region_blocked"],
  [499, "", "client_error"],
  [500, '{"message":"logged in, early access, disabled downloads"}', "internal_server_error"],
  [503, "<html>We're adjusting a few things</html>", "service_unavailable"],
  [522, "<html></html>", "cloudflare_error"],
  [524, "<html></html>", "cloudflare_timeout"],
];

Deno.test("classifyCivitai() tells apart what shares a status", async () => {
  for (const [code, body, expected] of answers) {
    const origin = { fetch: () => Promise.resolve(new Response(body, { status: code })) };
    const layer = status({ classify: classifyCivitai });
    const error = await compose(origin, layer).fetch(new Request("https://civitai.com/")).catch((error) => error);
    assertEquals(error instanceof HttpError && error.code, expected, body);
  }
});

Deno.test("classifyCivitai() tells by the route what is missing", async () => {
  const routes = {
    "https://civitai.com/api/v1/models/5": "model_missing",
    "https://civitai.com/api/v1/model-versions/5?x=1": "version_missing",
    "https://civitai.com/api/download/models/5": "version_missing",
    "https://civitai.com/api/v1/model-versions/by-hash/ab12": undefined,
    "https://civitai.com/api/v1/images": undefined,
    "https://elsewhere.example/models/a.safetensors": "url_missing",
  };
  for (const [url, reason] of Object.entries(routes)) {
    const origin = { fetch: () => Promise.resolve(new Response("{}", { status: 404 })) };
    const client = compose(origin, status({ classify: classifyCivitai }));
    const error = await client.fetch(new Request(url)).catch((error) => error);
    assertEquals([error.code, error.reason], ["not_found", reason], url);
  }
});
