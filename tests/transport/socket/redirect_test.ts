import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ErrorCode, fetchTransport, NetworkError, type TransportEvent } from "../../../transport/mod.ts";
import { nextHop } from "../../../transport/socket/redirect.ts";
import { rawServer, readHead, writeAll } from "../../_support/raw.ts";

const encode = (text: string) => new TextEncoder().encode(text);

interface Seen {
  method: string;
  path: string;
  headers: Headers;
  body: string;
}

/** An origin that redirects as its routes say and otherwise answers 200; it remembers what arrived. */
function origin(routes: Record<string, [status: number, location?: string | undefined]>) {
  const seen: Seen[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    seen.push({
      method: request.method,
      path: pathname + search,
      headers: new Headers(request.headers),
      body: await request.text(),
    });
    const route = routes[pathname];
    if (route === undefined) return new Response(`at ${pathname}`);
    const headers = new Headers(route[1] === undefined ? {} : { location: route[1] });
    return new Response(route[0] === 304 ? null : "moved", { status: route[0], headers });
  });
  return {
    seen,
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const secretHeaders = { authorization: "Bearer k", cookie: "a=b", "proxy-authorization": "Basic x", "x-api-key": "k" };

async function assertRefused(url: string, code: ErrorCode, options = {}): Promise<void> {
  const error = await assertRejects(() => fetchTransport(options).fetch(new Request(url)), NetworkError);
  assertEquals(error.code, code);
}

for (
  const [status, method, wanted, keepsBody] of [
    [301, "GET", "GET", false],
    [301, "POST", "GET", false],
    [301, "PUT", "PUT", true],
    [302, "HEAD", "HEAD", false],
    [302, "POST", "GET", false],
    [303, "POST", "GET", false],
    [303, "PUT", "GET", false],
    [303, "HEAD", "HEAD", false],
    [307, "GET", "GET", false],
    [307, "POST", "POST", true],
    [308, "POST", "POST", true],
    [308, "DELETE", "DELETE", false],
  ] as const
) {
  Deno.test(`fetchTransport() follows a ${status} of ${method} with ${wanted}`, async () => {
    await using server = origin({ "/from": [status, "/to"] });
    const body = method === "POST" || method === "PUT" ? `{"a":1}` : null;
    const headers: HeadersInit = body === null ? {} : { "content-type": "application/json" };
    const request = new Request(`${server.url}/from`, { method, body, headers });
    const response = await fetchTransport().fetch(request);
    await response.body?.cancel();
    assertEquals(response.url, `${server.url}/to`);
    assertEquals(server.seen.map((one) => [one.method, one.path]), [[method, "/from"], [wanted, "/to"]]);
    const last = server.seen[1]!;
    assertEquals(server.seen[0]!.body, body ?? "");
    assertEquals(last.body, keepsBody ? body : "");
    assertEquals(last.headers.get("content-type"), keepsBody ? "application/json" : null);
  });
}

for (const status of [300, 304]) {
  Deno.test(`fetchTransport() does not take ${status} for a redirect`, async () => {
    await using server = origin({ "/from": [status, "/to"] });
    const response = await fetchTransport().fetch(new Request(`${server.url}/from`));
    await response.body?.cancel();
    assertEquals(response.status, status);
    assertEquals(server.seen.length, 1);
  });
}

Deno.test("fetchTransport() keeps secret headers and User-Agent within an origin", async () => {
  await using server = origin({ "/from": [307, "/to"] });
  const request = new Request(`${server.url}/from`, { headers: { ...secretHeaders, range: "bytes=0-" } });
  await (await fetchTransport({ secretHeaders: ["X-API-Key"] }).fetch(request)).text();
  const { headers } = server.seen[1]!;
  for (const [name, value] of Object.entries(secretHeaders)) assertEquals(headers.get(name), value);
  assertEquals(headers.get("range"), "bytes=0-");
  assert(headers.get("user-agent")!.startsWith("civikit/"));
});

Deno.test("fetchTransport() drops secret headers on another origin, and they stay dropped on the way back", async () => {
  const storageRoutes: Record<string, [number, string]> = {};
  await using storage = origin(storageRoutes);
  await using api = origin({ "/from": [307, `${storage.url}/signed?sig=ab12`] });
  storageRoutes["/signed"] = [302, `${api.url}/back`];
  const request = new Request(`${api.url}/from`, {
    headers: { ...secretHeaders, accept: "a/b", range: "bytes=5-", "if-range": `"e"` },
  });
  await (await fetchTransport({ secretHeaders: ["X-API-Key"] }).fetch(request)).text();
  assertEquals(api.seen[0]!.headers.get("authorization"), "Bearer k");
  for (const { headers } of [storage.seen[0]!, api.seen[1]!]) {
    for (const name of Object.keys(secretHeaders)) assertEquals(headers.get(name), null, name);
    assertEquals(headers.get("range"), "bytes=5-");
    assertEquals(headers.get("if-range"), `"e"`);
    assertEquals(headers.get("accept"), "a/b");
  }
});

Deno.test("fetchTransport() takes another port and another loopback name for another origin", async () => {
  await using server = origin({});
  const port = new URL(server.url).port;
  await using first = origin({ "/from": [302, `http://localhost:${port}/to`] });
  const request = new Request(`${first.url}/from`, { headers: { authorization: "Bearer k" } });
  await (await fetchTransport().fetch(request)).text();
  assertEquals(server.seen[0]!.headers.get("authorization"), null);
});

Deno.test("fetchTransport() reports each redirect with redacted URLs", async () => {
  await using server = origin({ "/a": [302, "/b?X-Amz-Signature=5ec7e7"], "/b": [307, "/c"] });
  const events: TransportEvent[] = [];
  const context = { id: "1", report: (event: TransportEvent) => void events.push(event) };
  await (await fetchTransport().fetch(new Request(`${server.url}/a?token=5ec7e7`), context)).text();
  assertEquals(events, [
    { type: "redirect", from: `${server.url}/a?[redacted]`, to: `${server.url}/b?[redacted]`, status: 302 },
    { type: "redirect", from: `${server.url}/b?[redacted]`, to: `${server.url}/c`, status: 307 },
  ]);
});

Deno.test("fetchTransport() follows exactly maxRedirects redirects", async () => {
  const routes: Record<string, [number, string]> = {};
  for (let at = 0; at < 11; at++) routes[`/${at}`] = [302, `/${at + 1}`];
  await using server = origin(routes);
  const transport = fetchTransport();
  assertEquals(await (await transport.fetch(new Request(`${server.url}/1`))).text(), "at /11");
  await assertRefused(`${server.url}/0`, "too_many_redirects");
  assertEquals(
    await (await fetchTransport({ maxRedirects: 1 }).fetch(new Request(`${server.url}/10`))).text(),
    "at /11",
  );
  await assertRefused(`${server.url}/9`, "too_many_redirects", { maxRedirects: 1 });
  await assertRefused(`${server.url}/10`, "too_many_redirects", { maxRedirects: 0 });
});

Deno.test("fetchTransport() refuses a loop, also one that only changes the fragment", async () => {
  await using server = origin({ "/self": [302, "/self"], "/a": [302, "/b"], "/b": [302, "/a"], "/f": [302, "/f#x"] });
  for (const path of ["/self", "/a", "/f"]) await assertRefused(server.url + path, "redirect_loop");
});

Deno.test("fetchTransport() takes POST then GET of one URL for no loop", async () => {
  const seen: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    seen.push(request.method);
    return request.method === "POST" ? new Response(null, { status: 303, headers: { location: "/" } }) : new Response();
  });
  const request = new Request(`http://127.0.0.1:${server.addr.port}/`, { method: "POST", body: "x" });
  await (await fetchTransport().fetch(request)).body?.cancel();
  assertEquals(seen, ["POST", "GET"]);
});

for (const location of [undefined, "http://", "https://a b/", "ftp://x.example/", "file:///etc/passwd", "data:,x"]) {
  Deno.test(`fetchTransport() refuses Location ${location}`, async () => {
    await using server = origin({ "/from": [302, location] });
    await assertRefused(`${server.url}/from`, "redirect_invalid");
  });
}

Deno.test("fetchTransport() refuses to leave for plain http on another machine", async () => {
  await using server = origin({ "/from": [302, "http://storage.example/f"] });
  await assertRefused(`${server.url}/from`, "redirect_insecure");
});

Deno.test("nextHop() never leaves https for http, except on this machine", () => {
  const hop = { method: "GET", headers: {}, body: null };
  const go = (from: string, to: string, allowHttp: boolean) => {
    try {
      return nextHop({ ...hop, url: from }, 302, to, { secrets: new Set(), allowHttp }).url;
    } catch (error) {
      return (error as NetworkError).code;
    }
  };
  assertEquals(go("https://a.example/", "http://a.example/", true), "redirect_insecure");
  assertEquals(go("https://a.example/", "http://127.0.0.1/", true), "redirect_insecure");
  assertEquals(go("https://127.0.0.1/", "http://a.example/", true), "redirect_insecure");
  assertEquals(go("https://127.0.0.1/", "http://localhost/", false), "http://localhost/");
  assertEquals(go("http://a.example/", "http://b.example/", true), "http://b.example/");
  assertEquals(go("http://a.example/", "http://b.example/", false), "redirect_insecure");
  assertEquals(go("http://127.0.0.1/", "https://b.example/", false), "https://b.example/");
});

Deno.test("nextHop() hands the fragment on, unless the Location has its own", () => {
  const hop = { url: "https://a.example/x#one", method: "GET", headers: {}, body: null };
  const policy = { secrets: new Set<string>(), allowHttp: false };
  assertEquals(nextHop(hop, 302, "/y", policy).url, "https://a.example/y#one");
  assertEquals(nextHop(hop, 302, "/y#two", policy).url, "https://a.example/y#two");
});

Deno.test("fetchTransport() hands out the redirect itself when the request says manual, and refuses it when error", async () => {
  await using server = origin({ "/from": [302, "/to"] });
  const url = `${server.url}/from`;
  const response = await fetchTransport().fetch(new Request(url, { redirect: "manual" }));
  assertEquals([response.status, response.headers.get("location"), await response.text()], [302, "/to", "moved"]);
  const refused = fetchTransport().fetch(new Request(url, { redirect: "error" }));
  assertEquals((await assertRejects(() => refused, NetworkError)).code, "redirect_invalid");
  assertEquals(server.seen.length, 2);
});

Deno.test("fetchTransport() rethrows the caller's reason when aborted between two hops", async () => {
  await using server = origin({ "/from": [302, "/to"] });
  const controller = new AbortController();
  const reason = { mine: true };
  const context = { id: "1", report: () => controller.abort(reason) };
  const request = new Request(`${server.url}/from`, { signal: controller.signal });
  const error = await fetchTransport().fetch(request, context).catch((error) => error);
  assert(error === reason);
});

/** Where a server's redirect leads when its Location holds these very bytes after the slash. */
async function ledTo(location: Uint8Array<ArrayBuffer>): Promise<string> {
  const asked: string[] = [];
  await using server = rawServer(async (connection) => {
    asked.push((await readHead(connection)).split(" ")[1]!);
    const head = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: /";
    const found = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const bytes = asked.length > 1 ? [encode(found)] : [encode(head), location, encode("\r\n\r\n")];
    await writeAll(connection, await new Blob(bytes).bytes());
  });
  using transport = fetchTransport();
  const response = await transport.fetch(new Request(`http://127.0.0.1:${server.port}/from`));
  await response.body?.cancel();
  return asked[1]!;
}

for (
  const [name, location, wanted] of [
    ["UTF-8", encode("Modèle 燈籠.safetensors?n=é"), "/Mod%C3%A8le%20%E7%87%88%E7%B1%A0.safetensors?n=%C3%A9"],
    ["UTF-8 that is encoded already", encode("Mod%C3%A8le"), "/Mod%C3%A8le"],
    ["Latin-1", new Uint8Array([0x4d, 0x6f, 0x64, 0xe8, 0x6c, 0x65]), "/Mod%C3%A8le"],
  ] as const
) {
  Deno.test(`fetchTransport() reads a Location of raw ${name} bytes as what it means`, async () => {
    assertEquals(await ledTo(location), wanted);
  });
}
