import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { cutSecrets, isLoopback } from "../../../transport/internal.ts";
import { fetchTransport, InputError, version } from "../../../transport/mod.ts";
import config from "../../../deno.json" with { type: "json" };
import { runModule } from "../../_support/run_module.ts";
import { rawServer } from "../../_support/raw.ts";
import { hasOpenssl, testAuthority } from "../../_tls/mod.ts";

/** Answers with what arrived. */
function echo() {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => Response.json({ method: request.method, ...Object.fromEntries(request.headers) }),
  );
}

Deno.test("version is that of deno.json", () => {
  assertEquals(version, config.version);
});

Deno.test("fetchTransport() names itself, keeps the caller's headers and does not touch the request", async () => {
  await using server = echo();
  const request = new Request(`http://127.0.0.1:${server.addr.port}/`, { headers: { "x-mine": "1", accept: "a/b" } });
  const seen = await (await fetchTransport().fetch(request)).json();
  assertEquals(seen["user-agent"], `civikit/${config.version} (+https://jsr.io/@civikit/civikit)`);
  assertEquals([seen["x-mine"], seen.accept], ["1", "a/b"]);
  assertEquals(request.headers.has("user-agent"), false);
});

Deno.test("fetchTransport() lets option userAgent, and before it the request, choose the User-Agent", async () => {
  await using server = echo();
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const transport = fetchTransport({ userAgent: "tool/1" });
  assertEquals((await (await transport.fetch(new Request(url))).json())["user-agent"], "tool/1");
  const own = new Request(url, { headers: { "user-agent": "mine/2" } });
  assertEquals((await (await transport.fetch(own)).json())["user-agent"], "mine/2");
});

Deno.test("fetchTransport() asks for plain bytes whenever it asks for a range", async () => {
  await using server = echo();
  const request = new Request(`http://127.0.0.1:${server.addr.port}/`, { headers: { range: "bytes=0-" } });
  assertEquals((await (await fetchTransport().fetch(request)).json())["accept-encoding"], "identity");
});

Deno.test("fetchTransport() sends a body whole, with its length", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => new Response(`${request.headers.get("content-length")} ${await request.text()}`),
  );
  const request = new Request(`http://127.0.0.1:${server.addr.port}/`, { method: "POST", body: "hello" });
  assertEquals(await (await fetchTransport().fetch(request)).text(), "5 hello");
});

Deno.test("fetchTransport() leaves the body a byte stream", async () => {
  await using server = echo();
  using transport = fetchTransport({ pool: { idlePerHost: 1 } });
  const response = await transport.fetch(new Request(`http://127.0.0.1:${server.addr.port}/`));
  const reader = response.body!.getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(65536));
  assert(value!.length > 0);
  await reader.cancel();
});

for (
  const [name, build, kind] of [
    ["pool.idlePerHost 0", () => fetchTransport({ pool: { idlePerHost: 0 } }), RangeError],
    ["pool.idlePerHost 101", () => fetchTransport({ pool: { idlePerHost: 101 } }), RangeError],
    ["pool.idleTimeoutMs 0", () => fetchTransport({ pool: { idleTimeoutMs: 0 } }), RangeError],
    ["maxRedirects -1", () => fetchTransport({ maxRedirects: -1 }), RangeError],
    ["maxRedirects 1.5", () => fetchTransport({ maxRedirects: 1.5 }), RangeError],
    ["http 3", () => fetchTransport({ http: "3" as "2" }), TypeError],
    ["a browser's userAgent", () => fetchTransport({ userAgent: "Mozilla/5.0 civikit" }), TypeError],
    ["an empty userAgent", () => fetchTransport({ userAgent: "" }), TypeError],
    ["a userAgent of two lines", () => fetchTransport({ userAgent: "a\nb: c" }), TypeError],
    ["a secretHeaders name with a space", () => fetchTransport({ secretHeaders: ["x y"] }), TypeError],
    ["caCerts without PEM", () => fetchTransport({ caCerts: ["nonsense"] }), TypeError],
    [
      "caCerts of nonsense in PEM",
      () => fetchTransport({ caCerts: ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] }),
      TypeError,
    ],
    ["a socks4 proxy", () => fetchTransport({ proxy: "socks4://127.0.0.1:1" }), TypeError],
  ] as const
) {
  Deno.test(`fetchTransport() refuses option ${name} when it is built`, () => {
    assertThrows(build, kind);
  });
}

Deno.test("fetchTransport() sends plain http to this machine only", async () => {
  const fails = async (
    url: string,
  ) => (await assertRejects(() => fetchTransport().fetch(new Request(url)), InputError));
  const error = await fails("http://civitai.example/api?token=5ec7e7");
  assertEquals([error.code, error.input], ["insecure_url", "http://civitai.example/api?[redacted]"]);
  assert(!Deno.inspect(error).includes("5ec7e7"));
  for (const url of ["data:,x", "file:///etc/hosts", "ftp://a.example/", URL.createObjectURL(new Blob(["x"]))]) {
    assertEquals((await fails(url)).code, "invalid_url", url);
    if (url.startsWith("blob:")) URL.revokeObjectURL(url);
  }
});

Deno.test("isLoopback() is not fooled by look-alikes", () => {
  const normal = (url: string) => isLoopback(new URL(url).href);
  const yes = [
    "http://localhost",
    "http://LOCALHOST:80/a",
    "https://a.localhost/",
    "http://127.1:8/",
    "http://[::1]:8/x",
  ];
  for (const url of yes) assert(normal(url), url);
  const no = [
    "http://localhost.example/",
    "http://127.0.0.1.example/",
    "http://127.0.0.1:80@a.example/",
    "http://a.example/127.0.0.1/",
    "http://a.example\\.localhost/",
    "http://a.example?x.localhost/",
    "http://a.example#.localhost/",
    "http://xlocalhost/",
    "http://0.0.0.0/",
    "http://[::2]/",
    "ftp://localhost/",
  ];
  for (const url of no) assert(!normal(url), url);
});

Deno.test("fetchTransport() ends calls under way normally when closed, and refuses later ones", async () => {
  await using server = echo();
  const request = () => new Request(`http://127.0.0.1:${server.addr.port}/`);
  for (const options of [{}, { pool: { idlePerHost: 2, idleTimeoutMs: 1000 } }]) {
    const transport = fetchTransport(options);
    const pending = transport.fetch(request());
    transport.close();
    transport.close();
    assertEquals((await (await pending).json()).method, "GET");
    assertEquals((await assertRejects(() => transport.fetch(request()), InputError)).code, "invalid_argument");
  }
});

for (
  const [http, api, ranges] of [
    [undefined, "h2", "http/1.1"],
    [{ ranges: "auto" }, "h2", "h2"],
    [{ api: "1.1" }, "http/1.1", "http/1.1"],
    ["2", "h2", "h2"],
    ["1.1", "http/1.1", "http/1.1"],
  ] as const
) {
  Deno.test({
    name: `fetchTransport() with http ${JSON.stringify(http)} speaks ${api}, and ${ranges} for ranges`,
    ignore: !hasOpenssl,
    async fn() {
      const authority = testAuthority();
      const negotiated: (string | null)[] = [];
      await using server = rawServer(async (connection) => {
        negotiated.push((await (connection as Deno.TlsConn).handshake()).alpnProtocol);
      }, { ...authority.sign(["IP:127.0.0.1"]), alpnProtocols: ["h2", "http/1.1"] });
      using transport = fetchTransport({ caCerts: [authority.ca], ...(http && { http }) });
      const url = `https://127.0.0.1:${server.port}/`;
      await assertRejects(() => transport.fetch(new Request(url)));
      assertStrictEquals(negotiated.at(-1), api);
      await assertRejects(() => transport.fetch(new Request(url, { headers: { range: "bytes=0-" } })));
      assertStrictEquals(negotiated.at(-1), ranges);
    },
  });
}

Deno.test({
  name: "fetchTransport() trusts an extra authority over HTTP/2 and HTTP/1.1",
  ignore: !hasOpenssl,
  async fn() {
    const authority = testAuthority();
    const certified = authority.sign(["IP:127.0.0.1"]);
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, ...certified },
      (request) => new Response(request.headers.get("range") ?? "whole"),
    );
    const url = `https://127.0.0.1:${server.addr.port}/`;
    using transport = fetchTransport({ caCerts: [authority.ca] });
    assertEquals(await (await transport.fetch(new Request(url))).text(), "whole");
    const ranged = new Request(url, { headers: { range: "bytes=3-" } });
    assertEquals(await (await transport.fetch(ranged)).text(), "bytes=3-");
  },
});

/** Runs `fetchTransport()` in a process with these rights; what it prints. */
function run(rights: string[], env: Record<string, string>, body: string): Promise<string> {
  const module = new URL("../../../transport/socket/fetch_transport.ts", import.meta.url).href;
  return runModule(`import { fetchTransport } from ${JSON.stringify(module)};\n${body}`, rights, env);
}

Deno.test("fetchTransport() needs no right but the one to reach the host", async () => {
  await using server = echo();
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const body = `console.log((await fetchTransport().fetch(new Request("${url}"))).status);`;
  assertEquals(await run([`--allow-net=127.0.0.1:${server.addr.port}`], {}, body), "200\n");
});

Deno.test("fetchTransport() tells a right that is missing: permission_denied", async () => {
  const body = `await fetchTransport().fetch(new Request("https://a.example/?token=5ec7e7")).catch((error) =>
    console.log(error.name, error.code, error.message));`;
  const printed = await run([], {}, body);
  assert(
    printed.startsWith(`NetworkError permission_denied fetching "https://a.example/?[redacted]": requires net`),
    printed,
  );
});

Deno.test("fetchTransport() makes the secrets in headers known, so that nothing repeats what a server echoes", async () => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response("x"));
  using transport = fetchTransport({ secretHeaders: ["X-Api-Key"] });
  const headers = {
    authorization: "Bearer bearer-key-0123456789",
    cookie: "a=1; b=cookie-key-0123456789",
    "x-api-key": "header-key-0123456789",
    "x-other": "other-key-0123456789",
  };
  for (const body of [undefined, "with a body"]) {
    const init = { headers, ...(body === undefined ? {} : { method: "POST", body }) };
    await (await transport.fetch(new Request(`http://127.0.0.1:${server.addr.port}/`, init))).text();
    const text = "bearer-key-0123456789 cookie-key-0123456789 header-key-0123456789 other-key-0123456789";
    assertEquals(cutSecrets(text), "[redacted] [redacted] [redacted] other-key-0123456789");
  }
});
