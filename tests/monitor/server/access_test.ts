// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assert, assertEquals, assertThrows } from "@std/assert";
import { logInAttempts } from "../../../monitor/server/log_in_attempts.ts";
import { fakeClock } from "../../_support/clock.ts";
import { diagnostics, type DiagnosticsOptions, metricsRegistry } from "../../../monitor/mod.ts";
import { serve } from "./_served.ts";

const token = "correct-horse-battery-staple";
const local = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 50_000 } } as Deno.ServeHandlerInfo;
const from = (hostname: string) =>
  ({ remoteAddr: { transport: "tcp", hostname, port: 50_000 } }) as Deno.ServeHandlerInfo;
const remote = from("192.168.1.20");

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly info?: Deno.ServeHandlerInfo;
  readonly body?: BodyInit;
}

/** Asks an app directly, with a Host of one's choice, which fetch would not send. */
function asker(options: Partial<DiagnosticsOptions> = {}) {
  const app = diagnostics({ registry: metricsRegistry(), ...options });
  const ask = async (path: string, { method = "GET", headers = {}, info = local, body }: Asked = {}) => {
    const request = new Request(`http://127.0.0.1:8787${path}`, { method, ...(body !== undefined && { body }) });
    const all = { host: "127.0.0.1:8787", ...headers };
    for (const [name, value] of Object.entries(all)) request.headers.set(name, value);
    const response = await app.fetch(request, info);
    await response.body?.cancel();
    return response;
  };
  return { app, ask, status: async (path: string, asked?: Asked) => (await ask(path, asked)).status };
}

Deno.test("diagnostics() knows only hosts of this machine: no DNS rebinding", async () => {
  const { app, status } = asker();
  using _app = app;
  for (const host of ["localhost", "localhost:8787", "127.0.0.1", "127.8.8.8:80", "[::1]:8787", "LOCALHOST"]) {
    assertEquals(await status("/", { headers: { host } }), 200, host);
  }
  const foreign = [
    ...[
      "evil.example",
      "evil.example:8787",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "192.168.1.5",
      "[fe80::1]",
    ],
    ...["", "127.0.0.1@evil.example", "127.0.0.1:8787:1", "evil.example#localhost", "0x7f000001"],
  ];
  for (const host of foreign) {
    for (const path of ["/", "/metrics", "/events", "/api/report", "/assets/style.css", "/healthz"]) {
      assertEquals(await status(path, { headers: { host } }), 421, `${host} ${path}`);
    }
  }
});

Deno.test("diagnostics() takes POSTs of its own pages and of programs only", async () => {
  const { app, status } = asker();
  using _app = app;
  const post = (headers: Record<string, string>) => status("/api/stats/clear", { method: "POST", headers });
  assertEquals(await post({}), 200); // curl
  assertEquals(await post({ origin: "http://127.0.0.1:8787", "sec-fetch-site": "same-origin" }), 200);
  const foreign = [
    "http://evil.example",
    "null",
    "http://127.0.0.1:9999",
    "http://127.0.0.1",
    "https://localhost:8787",
    "x",
  ];
  for (const origin of foreign) assertEquals(await post({ origin }), 403, origin);
  for (const site of ["cross-site", "same-site"]) assertEquals(await post({ "sec-fetch-site": site }), 403, site);
});

Deno.test("diagnostics() opens for a link from elsewhere, not for a script from elsewhere", async () => {
  const { app, status } = asker();
  using _app = app;
  assertEquals(await status("/", { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" } }), 200);
  for (const path of ["/api/report", "/events", "/metrics", "/assets/live.js"]) {
    assertEquals(await status(path, { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" } }), 403);
  }
});

Deno.test("diagnostics() beyond loopback does not come into being without a token", () => {
  const registry = metricsRegistry();
  for (const hostname of ["0.0.0.0", "::", "192.168.1.5", "box.lan"]) {
    assertThrows(() => diagnostics({ registry, hostname }), TypeError, `option token: missing, and "${hostname}"`);
  }
  assertThrows(
    () => diagnostics({ registry, allowedHosts: ["box.lan"] }),
    TypeError,
    'option token: missing, and "box.lan"',
  );
  assertThrows(
    () => diagnostics({ registry, token: "short" }),
    TypeError,
    "option token: not 16 to 512 plain characters",
  );
  assertThrows(() => diagnostics({ registry, token: "with blanks in between" }), TypeError, "option token");
  assertThrows(() => diagnostics({ registry, token, allowedHosts: ["a/b"] }), TypeError, 'option allowedHosts: "a/b"');
});

Deno.test("diagnostics() without a token serves no other machine, whatever it was told to listen on", async () => {
  const { app, status } = asker();
  using _app = app;
  for (const path of ["/", "/metrics", "/api/report", "/readyz"]) {
    assertEquals(await status(path, { info: remote }), 403, path);
  }
  const mapped = { remoteAddr: { transport: "tcp", hostname: "::ffff:127.0.0.1", port: 1 } } as Deno.ServeHandlerInfo;
  assertEquals(await status("/", { info: mapped }), 200);
});

Deno.test("diagnostics() with a token shows nothing without it", async () => {
  const { app, ask, status } = asker({ hostname: "0.0.0.0", token, allowedHosts: ["box.lan"] });
  using _app = app;
  const bearer = { authorization: `Bearer ${token}` };
  const paths = [
    "/",
    "/metrics",
    "/healthz",
    "/events",
    "/api/report",
    "/api/openapi.json",
    "/assets/live.js",
    "/nowhere",
  ];
  for (const [index, path] of paths.entries()) {
    assertEquals(await status(path, { info: remote }), 401, path);
    const info = from(`192.168.2.${index}`);
    for (const wrong of [`Bearer ${token}x`, "Bearer ", `Basic ${token}`, token]) {
      assertEquals(await status(path, { info, headers: { authorization: wrong } }), 401, wrong);
    }
    if (path === "/nowhere") continue;
    for (const host of ["box.lan", "192.168.1.5:8787", "[fd00::5]:8787"]) {
      assertEquals(await status(path, { info: remote, headers: { ...bearer, host } }), 200, `${path} ${host}`);
    }
  }
  assertEquals(await status(`/?token=${token}`), 401);
  assertEquals(await status("/", { headers: { ...bearer, host: "evil.example" } }), 421);
  assertEquals(await status("/readyz", { info: remote }), 200);
  const page = await ask("/", { headers: { accept: "text/html" } });
  assertEquals([page.status, page.headers.get("location")], [303, "/login"]);
  const spoken = await ask("/?lang=zh-TW", { headers: { accept: "text/html" } });
  assertEquals(spoken.headers.get("location"), "/login?lang=zh-TW");
});

Deno.test("diagnostics() logs in by a form, with a cookie that scripts and other sites never see", async () => {
  const { app, ask, status } = asker({ hostname: "0.0.0.0", token });
  using _app = app;
  const logIn = (given: string, headers: Record<string, string> = {}) =>
    ask("/login", { method: "POST", body: new URLSearchParams({ token: given }), headers });
  assertEquals((await logIn("wrong")).status, 401);
  assertEquals((await logIn(token, { origin: "http://evil.example" })).status, 403);
  const right = await logIn(token, { origin: "http://127.0.0.1:8787" });
  assertEquals([right.status, right.headers.get("location")], [303, "/"]);
  const [pair, ...attributes] = right.headers.get("set-cookie")!.split("; ");
  assert(attributes.includes("HttpOnly") && attributes.includes("SameSite=Strict"), attributes.join());
  assert(!pair!.includes(token));
  assertEquals(await status("/", { headers: { cookie: pair! } }), 200);
  assertEquals(await status("/events", { headers: { cookie: pair! } }), 200);
  const later = pair!.replace(/=\d/, "=9");
  assertEquals(await status("/", { headers: { cookie: later } }), 401);
  const other = asker({ hostname: "0.0.0.0", token });
  using _other = other.app;
  assertEquals(await other.status("/", { headers: { cookie: pair! } }), 401);
});

Deno.test("diagnostics() lets nobody try tokens for long", async () => {
  const { app, status } = asker({ token });
  using _app = app;
  const logIn = (given: string) => status("/login", { method: "POST", body: new URLSearchParams({ token: given }) });
  for (let i = 0; i < 10; i++) assertEquals(await logIn(`wrong-${i}`), 401);
  assertEquals(await logIn("wrong-again"), 429);
  assertEquals(await logIn(token), 429);
});

Deno.test("diagnostics() counts wrong tokens by their address, typed into the form and sent as Bearer alike", async () => {
  const clock = fakeClock();
  const { app, ask, status } = asker({ hostname: "0.0.0.0", token, clock });
  using _app = app;
  const attacker = from("203.0.113.7");
  const owner = from("203.0.113.8");
  const form = (given: string, info: Deno.ServeHandlerInfo) =>
    ask("/login", { method: "POST", body: new URLSearchParams({ token: given }), info });
  const bearer = (given: string, info: Deno.ServeHandlerInfo) =>
    status("/metrics", { headers: { authorization: `Bearer ${given}` }, info });
  const right = await form(token, owner);
  const cookie = right.headers.get("set-cookie")!.split(";")[0]!;
  for (let n = 0; n < 5; n++) {
    assertEquals((await form(`wrong-${n}`, attacker)).status, 401);
    assertEquals(await bearer(`wrong-${n}`, attacker), 401);
  }
  // from here on this address learns nothing any more, whatever it sends and however
  const refused = await ask("/metrics", { headers: { authorization: `Bearer ${token}` }, info: attacker });
  assertEquals([refused.status, refused.headers.get("retry-after")], [429, "60"]);
  assertEquals((await form(token, attacker)).status, 429);
  assertEquals(await bearer("wrong", from("::ffff:203.0.113.7")), 429);
  // nobody else notices, and who is in stays in
  assertEquals([await bearer(token, owner), (await form(token, owner)).status], [200, 303]);
  assertEquals(await status("/", { headers: { cookie }, info: attacker }), 200);
  // asking without any token is no try
  for (let n = 0; n < 20; n++) assertEquals(await status("/metrics", { info: from("203.0.113.9") }), 401);
  assertEquals(await bearer(token, from("203.0.113.9")), 200);
  await clock.advance(60_001);
  assertEquals(await bearer(token, attacker), 200);
});

Deno.test("diagnostics() counts wrong tokens by the address that a trusted proxy names, and believes nobody else", async () => {
  const { app, status } = asker({ token, allowedHosts: ["box.lan"], trustedProxies: ["127.0.0.1", "10.89.0.0/16"] });
  using _app = app;
  const bearer = (given: string, forwarded: string, info = local) =>
    status("/metrics", { headers: { authorization: `Bearer ${given}`, "x-forwarded-for": forwarded }, info });
  const lock = async (forwarded: string, info?: Deno.ServeHandlerInfo) => {
    for (let n = 0; n < 10; n++) assertEquals(await bearer(`wrong-${n}`, forwarded, info), 401);
  };
  await lock("203.0.113.7");
  assertEquals([await bearer(token, "203.0.113.7"), await bearer(token, "203.0.113.8")], [429, 200]);
  // through two proxies, with a port, and behind what the client made up itself
  assertEquals(await bearer(token, "203.0.113.7, 10.89.3.4"), 429);
  assertEquals(await bearer(token, "203.0.113.7:50000"), 429);
  assertEquals(await bearer(token, "198.51.100.1, 203.0.113.7"), 429);
  assertEquals(await bearer(token, "203.0.113.7, 198.51.100.1"), 200);
  // who is no proxy may say what it likes
  const stranger = from("192.0.2.1");
  await lock("203.0.113.20", stranger);
  assertEquals([await bearer(token, "203.0.113.21", stranger), await bearer(token, "203.0.113.20")], [429, 200]);
  // a proxy that names nobody is counted itself
  await lock("unknown");
  assertEquals([await bearer(token, ""), await bearer(token, "203.0.113.8")], [429, 200]);
  // IPv6, as headers write it
  await lock("2001:db8::7");
  assertEquals(await bearer(token, "[2001:db8:0::7]:443"), 429);
  assertEquals(await bearer(token, "2001:db8::7%eth0"), 429);
  assertEquals(await bearer(token, "::ffff:cb00:7107"), 429);
  for (const wrong of ["box.lan", "10.0.0.0/33", "10.0.0.256", "::/129", "fe80::1%eth0", ":::"]) {
    const options = { registry: metricsRegistry(), trustedProxies: [wrong] };
    assertThrows(() => diagnostics(options), TypeError, `option trustedProxies: "${wrong}"`);
  }
});

Deno.test("logInAttempts() remembers no more addresses than it has room for", () => {
  const tries = logInAttempts(() => 0, 1);
  for (let n = 0; n < 10_001; n++) tries.wrong(`address ${n}`);
  assertEquals([tries.isLocked("address 0"), tries.isLocked("address 1"), tries.isLocked("address 10000")], [
    false,
    true,
    true,
  ]);
});

Deno.test("diagnostics() reads no large bodies", async () => {
  const { app, status } = asker({ token });
  using _app = app;
  assertEquals(await status("/login", { method: "POST", body: "x".repeat(5000) }), 413);
});

Deno.test("diagnostics() never makes Deno print its notice of request.signal, however a form is sent", async () => {
  const { warn } = console;
  const said: unknown[] = [];
  console.warn = (...words) => void said.push(words);
  try {
    await using server = serve({ token });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const chunked = () => ReadableStream.from([`token=${token}`]).pipeThrough(new TextEncoderStream());
    const answers = [
      await server.post("/login", form, chunked()),
      await server.post("/login", form, `token=${token}`),
      await server.post("/login", {}, new URLSearchParams({ token: "wrong" })),
      await server.post("/login", form, ReadableStream.from(Array(80).fill(new Uint8Array(64)))),
      await server.post("/api/stats/clear", { authorization: `Bearer ${token}` }, chunked()),
      await server.get("/healthz", { authorization: `Bearer ${token}` }),
    ];
    for (const answer of answers) await answer.body?.cancel();
    assertEquals(answers.map(({ status }) => status), [303, 303, 401, 413, 200, 200]);
  } finally {
    console.warn = warn;
  }
  assertEquals(said, []);
});
