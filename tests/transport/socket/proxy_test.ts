import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fetchTransport, NetworkError } from "../../../transport/mod.ts";
import { cutSecrets } from "../../../transport/internal.ts";
import { environmentProxyFor, parseProxy, proxyFor } from "../../../transport/socket/proxy.ts";
import { hangUp, type RawServer, rawServer, type RawTls, readHead, writeAll, writeText } from "../../_support/raw.ts";
import { runModule } from "../../_support/run_module.ts";
import { hasOpenssl, testAuthority } from "../../_tls/mod.ts";

/** Passes bytes both ways until one side is done. */
async function tunnel(client: Deno.Conn, port: number): Promise<void> {
  const onward = await Deno.connect({ hostname: "127.0.0.1", port });
  const pass = async (from: Deno.Conn, to: Deno.Conn) => {
    try {
      const buffer = new Uint8Array(4096);
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        await writeAll(to, buffer.subarray(0, n));
      }
    } catch {
      // hung up
    }
    hangUp(onward);
    hangUp(client);
  };
  await Promise.all([pass(client, onward), pass(onward, client)]);
}

interface Proxy extends RawServer {
  /** Each request's first line, and its Proxy-Authorization where there is one. */
  heads: string[];
}

/** An HTTP proxy: every name it is asked for is the origin at `port`. Plain requests it answers itself. */
function httpProxy(port: number, { refuse = "", tls }: { refuse?: string; tls?: RawTls } = {}): Proxy {
  const heads: string[] = [];
  const server = rawServer(async (connection) => {
    const head = await readHead(connection);
    const [line = ""] = head.split("\r\n");
    const authorization = /^proxy-authorization: (.*)$/im.exec(head)?.[1];
    heads.push(authorization === undefined ? line : `${line} ${authorization.trim()}`);
    if (refuse !== "") return await writeText(connection, refuse);
    if (!line.startsWith("CONNECT ")) {
      return await writeText(connection, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nforwarded");
    }
    await writeText(connection, "HTTP/1.1 200 OK\r\n\r\n");
    await tunnel(connection, port);
  }, tls);
  return { ...server, heads };
}

/** A SOCKS5 proxy (RFC 1928, RFC 1929): every name it is asked for is the origin at `port`. */
function socksProxy(port: number): Proxy {
  const heads: string[] = [];
  const server = rawServer(async (connection) => {
    const take = async (length: number) => {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length;) {
        const n = await connection.read(bytes.subarray(at));
        if (n === null) throw new Error("hung up");
        at += n;
      }
      return bytes;
    };
    const text = async () => new TextDecoder().decode(await take((await take(1))[0]!));
    const [, methods = 0] = await take(2);
    const withPassword = (await take(methods)).includes(2);
    await writeAll(connection, Uint8Array.of(5, withPassword ? 2 : 0));
    let user = "";
    if (withPassword) {
      await take(1);
      user = `${await text()}:${await text()}@`;
      await writeAll(connection, Uint8Array.of(1, 0));
    }
    const [, , , kind] = await take(4);
    const host = kind === 3 ? await text() : (await take(4)).join(".");
    const [high = 0, low = 0] = await take(2);
    heads.push(`${user}${host}:${high * 256 + low}`);
    await writeAll(connection, Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0));
    await tunnel(connection, port);
  });
  return { ...server, heads };
}

const proxyVariables = ["http", "https", "all", "no"]
  .flatMap((name) => [`${name}_proxy`, `${name.toUpperCase()}_PROXY`]);

/** Sets variables for one test; every proxy variable not named is unset meanwhile. */
function environment(variables: Record<string, string>): Disposable {
  const before = proxyVariables.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of proxyVariables) Deno.env.delete(name);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    },
  };
}

function tlsOrigin() {
  const authority = testAuthority();
  const certified = authority.sign(["DNS:origin.test", "IP:127.0.0.1"]);
  const headers: Headers[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {}, ...certified }, (request) => {
    headers.push(new Headers(request.headers));
    return new Response("origin");
  });
  const { port } = server.addr;
  return { ca: authority.ca, certified, headers, port, [Symbol.asyncDispose]: () => server.shutdown() };
}

async function text(transport: ReturnType<typeof fetchTransport>, url: string, range = false): Promise<string> {
  const request = new Request(url, range ? { headers: { range: "bytes=0-" } } : {});
  return await (await transport.fetch(request)).text();
}

Deno.test({
  name: "fetchTransport() tunnels https through an HTTP proxy with CONNECT and the proxy's own credentials",
  ignore: !hasOpenssl,
  async fn() {
    using _environment = environment({ NO_PROXY: "*,origin.test" });
    await using origin = tlsOrigin();
    await using proxy = httpProxy(origin.port);
    using transport = fetchTransport({ caCerts: [origin.ca], proxy: `http://us%40er:p%3Aw@127.0.0.1:${proxy.port}` });
    assertEquals(await text(transport, "https://origin.test/"), "origin");
    assertEquals(await text(transport, "https://origin.test/", true), "origin");
    assertEquals(proxy.heads, Array(2).fill(`CONNECT origin.test:443 HTTP/1.1 Basic ${btoa("us@er:p:w")}`));
  },
});

Deno.test({
  name: "fetchTransport() keeps the credentials of an https proxy from the origin",
  ignore: !hasOpenssl,
  async fn() {
    using _environment = environment({});
    await using origin = tlsOrigin();
    await using proxy = httpProxy(origin.port, { tls: origin.certified });
    using transport = fetchTransport({ caCerts: [origin.ca], proxy: `https://user:pw@127.0.0.1:${proxy.port}` });
    assertEquals(await text(transport, "https://origin.test/"), "origin");
    assertEquals(proxy.heads, [`CONNECT origin.test:443 HTTP/1.1 Basic ${btoa("user:pw")}`]);
    assertEquals(origin.headers[0]!.has("proxy-authorization"), false);
  },
});

Deno.test({
  name: "fetchTransport() goes through a SOCKS5 proxy, names resolved there",
  ignore: !hasOpenssl,
  async fn() {
    using _environment = environment({});
    await using origin = tlsOrigin();
    await using proxy = socksProxy(origin.port);
    for (const scheme of ["socks5", "socks5h"]) {
      using transport = fetchTransport({ caCerts: [origin.ca], proxy: `${scheme}://user:pw@127.0.0.1:${proxy.port}` });
      assertEquals(await text(transport, "https://origin.test/"), "origin");
    }
    using transport = fetchTransport({ caCerts: [origin.ca], proxy: `socks5://127.0.0.1:${proxy.port}` });
    assertEquals(await text(transport, "https://origin.test:8443/"), "origin");
    for (const headers of origin.headers) assertEquals(headers.has("proxy-authorization"), false);
    assertEquals(proxy.heads, ["user:pw@origin.test:443", "user:pw@origin.test:443", "origin.test:8443"]);
  },
});

Deno.test("fetchTransport() sends plain http to the proxy as it is", async () => {
  using _environment = environment({});
  await using proxy = httpProxy(0);
  using transport = fetchTransport({ allowHttp: true, proxy: { http: `127.0.0.1:${proxy.port}` } });
  assertEquals(await text(transport, "http://origin.test/a?b=c"), "forwarded");
  assertEquals(proxy.heads, ["GET http://origin.test/a?b=c HTTP/1.1"]);
});

for (
  const [name, answer] of [
    ["wants a password", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"],
    ["cannot reach the host", "HTTP/1.1 502 Bad Gateway\r\n\r\n"],
  ]
) {
  Deno.test(`fetchTransport() tells a proxy that ${name}: connect_failed`, async () => {
    using _environment = environment({});
    await using proxy = httpProxy(0, { refuse: answer! });
    using transport = fetchTransport({ proxy: `http://me:5ec7e7@127.0.0.1:${proxy.port}` });
    const error = await assertRejects(() => text(transport, "https://origin.test/"), NetworkError);
    assertEquals(error.code, "connect_failed");
    assert(!Deno.inspect(error).includes("5ec7e7"));
  });
}

Deno.test({
  name: "fetchTransport() takes its proxy from the environment, but not for loopback",
  ignore: !hasOpenssl,
  async fn() {
    await using origin = tlsOrigin();
    await using proxy = httpProxy(origin.port);
    using _environment = environment({ https_proxy: `http://127.0.0.1:${proxy.port}`, NO_PROXY: "other.test" });
    using transport = fetchTransport({ caCerts: [origin.ca] });
    assertEquals(await text(transport, "https://origin.test/"), "origin");
    assertEquals(proxy.heads.length, 1);
    assertEquals(await text(transport, `https://127.0.0.1:${origin.port}/`), "origin");
    assertEquals(proxy.heads.length, 1);
    // http_proxy is not set, whatever the platform makes of https_proxy: plain http goes directly.
    await using plain = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("direct"));
    assertEquals(await text(transport, `http://127.0.0.1:${plain.addr.port}/`), "direct");
  },
});

Deno.test("fetchTransport() with proxy false overrules the environment", async () => {
  await using plain = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("direct"));
  await using proxy = httpProxy(0);
  const address = `http://127.0.0.1:${proxy.port}`;
  using _environment = environment({ HTTP_PROXY: address, HTTPS_PROXY: address, all_proxy: address });
  for (const options of [{ proxy: false }, { proxy: { https: address } }] as const) {
    using transport = fetchTransport(options);
    assertEquals(await text(transport, `http://127.0.0.1:${plain.addr.port}/`), "direct");
  }
  assertEquals(proxy.heads, []);
  assertEquals([Deno.env.get("HTTP_PROXY"), Deno.env.get("all_proxy")], [address, address]);
});

/** What `expression` gives in a process with these variables: nobody else of this one may read such proxies. */
async function inProcess(expression: string, variables: Record<string, string>): Promise<string> {
  const module = (name: string) => JSON.stringify(new URL(`../../../transport/socket/${name}`, import.meta.url).href);
  const source = `import { environmentProxies } from ${module("proxy.ts")};
    import { fetchTransport } from ${module("fetch_transport.ts")};
    console.log(JSON.stringify(${expression}));`;
  const none = Object.fromEntries(proxyVariables.map((name) => [name, ""]));
  return await runModule(source, ["--allow-env"], { ...none, ...variables });
}

Deno.test("environmentProxies() reads either case, lower first, and takes empty for unset", async () => {
  const variables = { http_proxy: "a:1", HTTP_PROXY: "b:1", https_proxy: "", HTTPS_PROXY: "c:1", no_proxy: "x" };
  assertEquals(JSON.parse(await inProcess("environmentProxies()", variables)), { http: "a:1", https: "c:1", no: "x" });
});

Deno.test("fetchTransport() refuses a proxy of the environment it cannot read, without showing its password", async () => {
  const said = await inProcess("fetchTransport()", { ALL_PROXY: "gopher://me:5ec7e7@127.0.0.1:70" });
  assert(said.includes("TypeError"), said);
  assert(!said.includes("gopher") && !said.includes("5ec7e7"), said);
});

Deno.test("proxyFor() chooses by scheme, then ALL_PROXY", () => {
  const settings = { http: "h:1", https: "s:1", all: "a:1" };
  assertEquals(proxyFor("http://x.example/", settings), "h:1");
  assertEquals(proxyFor("https://x.example/", settings), "s:1");
  assertEquals(proxyFor("https://x.example/", { http: "h:1", all: "a:1" }), "a:1");
  assertEquals(proxyFor("https://x.example/", { http: "h:1" }), undefined);
  assertEquals(environmentProxyFor("https://127.0.0.1/", settings), undefined);
  assertEquals(environmentProxyFor("https://x.example/", settings), "s:1");
});

for (
  const [no, direct, proxied] of [
    ["", [], ["https://a.example/"]],
    [" , ", [], ["https://a.example/"]],
    ["*", ["https://a.example/", "https://10.0.0.1/", "https://[fd00::1]/"], []],
    ["a.example", ["https://a.example/", "https://b.a.example/", "https://A.EXAMPLE./"], [
      "https://ba.example/",
      "https://a.example.org/",
    ]],
    [".a.example", ["https://a.example/", "https://b.a.example/"], ["https://ba.example/"]],
    ["*.a.example", ["https://b.a.example/"], ["https://ba.example/"]],
    ["A.Example", ["https://a.example/"], []],
    ["b.example,a.example other.example", ["https://a.example/", "https://b.example/", "https://other.example/"], [
      "https://c.example/",
    ]],
    ["a.example:8443", ["https://a.example:8443/", "https://b.a.example:8443/"], ["https://a.example/"]],
    ["a.example:443", ["https://a.example/"], ["http://a.example/", "https://a.example:444/"]],
    ["10.1.2.3", ["https://10.1.2.3/", "https://10.1.2.3:8/"], [
      "https://10.1.2.30/",
      "https://110.1.2.3/",
      "https://x.10.1.2.3.example/",
    ]],
    ["10.1.2.3:8", ["https://10.1.2.3:8/"], ["https://10.1.2.3/"]],
    ["10.0.0.0/8", ["https://10.255.0.1/"], ["https://11.0.0.1/", "https://10.example/"]],
    ["192.168.4.0/23", ["https://192.168.5.9/"], ["https://192.168.6.1/"]],
    ["0.0.0.0/0", ["https://9.9.9.9/"], ["https://[::9]/", "https://a.example/"]],
    ["fd00::1", ["https://[fd00::1]/", "https://[fd00:0:0::1]:8/"], ["https://[fd00::2]/"]],
    ["[fd00::1]:8", ["https://[fd00::1]:8/"], ["https://[fd00::1]/"]],
    ["fd00::/8", ["https://[fd12:3::4]/"], ["https://[fe80::1]/"]],
    ["nonsense/99,10.0.0.0/99,::/x", [], ["https://a.example/", "https://11.0.0.1/"]],
  ] as const
) {
  Deno.test(`proxyFor() with NO_PROXY "${no}"`, () => {
    for (const url of direct) assertEquals(proxyFor(new URL(url).href, { all: "p:1", no }), undefined, url);
    for (const url of proxied) assertEquals(proxyFor(new URL(url).href, { all: "p:1", no }), "p:1", url);
  });
}

Deno.test("parseProxy() reads what users write, and shows no password when it cannot", () => {
  assertEquals(parseProxy("proxy", "127.0.0.1:3128"), { url: "http://127.0.0.1:3128" });
  assertEquals(parseProxy("proxy", "localhost:3128"), { url: "http://localhost:3128" });
  assertEquals(parseProxy("proxy", "https://p.example/ignored?x"), { url: "https://p.example" });
  assertEquals(parseProxy("proxy", "SOCKS5H://[::1]:1080"), { url: "socks5h://[::1]:1080" });
  assertEquals(parseProxy("proxy", "me:p%40w@p.example:1"), {
    url: "http://p.example:1",
    basicAuth: { username: "me", password: "p@w" },
  });
  for (
    const text of ["", "http://", "socks4://a:1", "ftp://me:5ec7e7@a", "http://me:5ec7e7%zz@a", "http://me:5ec7e7@"]
  ) {
    const error = assertThrows(() => parseProxy("proxy", text), TypeError);
    assert(!error.message.includes("5ec7e7"), error.message);
  }
});

Deno.test("parseProxy() makes the password known, so that nothing repeats what a proxy echoes", () => {
  parseProxy("proxy", "http://me:proxy%40password-1@p.example");
  assertEquals(cutSecrets("wrong: proxy@password-1"), "wrong: [redacted]");
});
