import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { examine } from "../../cli/run/doctor/examine.ts";
import { exitCodeOf, lineOf } from "../../cli/run/doctor/finding.ts";
import { targetsOf } from "../../cli/run/doctor/targets.ts";
import { readSettings } from "../../cli/settings/read_settings.ts";
import { hasOpenssl, testAuthority } from "../_tls/mod.ts";
import { rawServer, readHead, writeText } from "../_support/raw.ts";
import { inWard, noModels, site } from "./_doctor.ts";
import { testIo } from "./_io.ts";
import { freePort } from "../_support/free_port.ts";

const proxies = { settings: {}, isSetting: false };

Deno.test("civikit doctor: no network is exit code 5, with what a firewall has to let through", () =>
  inWard(async ({ examine }) => {
    const port = freePort();
    const { code, of, io } = await examine(`http://127.0.0.1:${port}`, { env: { CIVITAI_API_KEY: "wrong-key-4711" } });
    assertEquals(code, 5, io.out);
    const [network] = of("network");
    assertEquals(network!.level, "error");
    assertStringIncludes(network!.next!, `127.0.0.1:${port}`);
    assertStringIncludes(of("tcp")[0]!.detail, "refused");
    assertEquals([of("http")[0]!.level, of("clock")[0]!.level, of("key")[0]!.level], ["warning", "warning", "warning"]);
    const nameless = await examine("https://civitai.invalid");
    assertEquals([nameless.code, nameless.of("dns")[0]!.level], [5, "error"], nameless.io.out);
    assertStringIncludes(nameless.of("dns")[0]!.detail, "civitai.invalid");
  }));

Deno.test("civikit doctor: a captive portal is no network, whether it leads elsewhere, shows a page or says so", () =>
  inWard(async ({ examine }) => {
    const page = "<!doctype html><title>Welcome to Hotel Wi-Fi</title>";
    const portals: [() => Response, RegExp][] = [
      [() => Response.redirect("http://login.hotel.example/?from=x", 302), /login\.hotel\.example/],
      [() => new Response(page, { headers: { "content-type": "text/html" } }), /a web page came where JSON was due/],
      [() => new Response(page, { headers: { "content-type": "application/json" } }), /a web page came/],
      [() => new Response(page, { status: 511, headers: { "content-type": "text/html" } }), /login page/],
    ];
    for (const [answer, said] of portals) {
      await using portal = site(answer);
      const { code, of, io } = await examine(portal.url, { env: { CIVITAI_API_KEY: "demo-key-4711" } });
      assertEquals([code, of("network")[0]!.level, of("http")[0]!.level], [5, "error", "error"], io.out);
      assertMatch(of("network")[0]!.detail, said);
      assertStringIncludes(of("network")[0]!.next!, "log in to this network");
      // its clock is nobody's, and it is shown no key
      assertEquals([of("clock")[0]!.level, of("key")[0]!.level], ["warning", "warning"]);
    }
  }));

Deno.test("civikit doctor shows no key to a captive portal", () =>
  inWard(async ({ examine }) => {
    const seen: (string | null)[] = [];
    await using portal = site((request) => {
      seen.push(request.headers.get("authorization"));
      return Response.redirect("http://login.hotel.example/", 302);
    });
    await examine(portal.url, { env: { CIVITAI_API_KEY: "demo-key-4711" } });
    assertEquals(seen, [null]);
  }));

Deno.test("civikit doctor: a redirect within the site is none of a portal's", () =>
  inWard(async ({ examine }) => {
    for (const place of ["/api/v2/models", "https://civitai.com/", "https://www.civitai.com/x"]) {
      await using moved = site((request) => Response.redirect(new URL(place, request.url), 307));
      const { code, of, io } = await examine(moved.url);
      assertEquals([code, of("network")[0]!.level], [0, "ok"], `${place} ${io.out}`);
    }
  }));

Deno.test("civikit doctor: slow answers are a warning and exit code 1, and none within 10 s is an error", () =>
  inWard(async ({ env, examine }) => {
    let delayMs = 0;
    let io = testIo();
    await using slow = site(async ({ signal }) => {
      // who is given up by this hears of it
      const givenUp = new Promise((resolve) => signal.addEventListener("abort", resolve));
      io.advance(delayMs);
      if (delayMs >= 10_000) await givenUp;
      return noModels();
    });
    const levels: unknown[] = [];
    for (delayMs of [200, 2999, 4000, 9900, 10_000]) {
      io = testIo({ env: { ...env, CIVIKIT_BASE_URL: slow.url } });
      const { code, of } = await examine(slow.url, { io });
      const [http] = of("http");
      levels.push([code, of("network")[0]!.level, http!.level, /(\d+) (ms|s)/.exec(http!.detail)?.[0]]);
    }
    assertEquals(levels, [
      [0, "ok", "ok", "200 ms"],
      [0, "ok", "ok", "2999 ms"],
      [1, "ok", "warning", "4000 ms"],
      [1, "ok", "warning", "9900 ms"],
      [1, "ok", "error", "10 s"],
    ]);
  }));

Deno.test("civikit doctor: a server that hangs after the connection costs 10 s of its clock, and no more", () =>
  inWard(async ({ env, examine }) => {
    const io = testIo({ env });
    await using silent = rawServer(async (connection) => {
      await readHead(connection);
      io.advance(10_000);
      await connection.read(new Uint8Array(1));
    });
    const url = `http://127.0.0.1:${silent.port}`;
    const { code, of } = await examine(url, {
      io: Object.assign(io, { env: (name: string) => name === "CIVIKIT_BASE_URL" ? url : env[name] }),
    });
    assertEquals([code, of("http")[0]!.level], [1, "error"]);
    assertStringIncludes(of("http")[0]!.detail, "no answer within 10 s");
  }));

Deno.test("civikit doctor: what the API answers besides 2xx is told by its status, and the network is there", () =>
  inWard(async ({ examine }) => {
    const html = { headers: { "content-type": "text/html" } };
    for (
      const [status, level, due] of [[503, "error", 1], [403, "error", 1], [429, "warning", 1], [204, "ok", 0]] as const
    ) {
      await using busy = site(() => status === 204 ? noModels() : new Response("<h1>no</h1>", { status, ...html }));
      const { code, of, io } = await examine(busy.url);
      assertEquals([code, of("network")[0]!.level, of("http")[0]!.level], [due, "ok", level], io.out);
      if (level !== "ok") assertStringIncludes(of("http")[0]!.detail, `HTTP ${status}`);
    }
  }));

Deno.test("civikit doctor: a clock that is off is told with which way and how far", () =>
  inWard(async ({ examine }) => {
    const table = [[0, "ok", ""], [-40, "ok", ""], [120, "warning", "behind"], [-120, "warning", "ahead of"], [
      86_400,
      "error",
      "behind",
    ]] as const;
    for (const [offS, level, said] of table) {
      const date = () => new Date(Date.now() + offS * 1000).toUTCString();
      await using other = site(() => Response.json({ items: [] }, { headers: { date: date() } }));
      const { code, of } = await examine(other.url);
      assertEquals([code, of("clock")[0]!.level], [level === "ok" ? 0 : 1, level], String(offS));
      assertStringIncludes(of("clock")[0]!.detail, said);
    }
  }));

Deno.test("civikit doctor sees the proxy, shows no password of it, and goes through it", () =>
  inWard(async ({ examine }) => {
    await using proxy = rawServer(async (connection) => {
      if (await readHead(connection) !== "") await writeText(connection, "HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    const shown = `http://127.0.0.1:${proxy.port}`;
    const place = shown.replace("http://", "http://me:5ec7e7-5ec7e7@");
    const env = { HTTPS_PROXY: place, HTTP_PROXY: place };
    const { of, io } = await examine("https://civitai.example", { env });
    assertStringIncludes(of("proxy")[0]!.detail, `${shown} for civitai.example`);
    assert(!io.out.includes("5ec7e7"), io.out);
    // a proxy that refuses the tunnel is not the network
    assertEquals([of("tcp")[0]!.level, of("http")[0]!.level, of("network")[0]!.level], ["ok", "error", "error"]);
    await using there = site(noModels);
    const direct = await examine(there.url, { env });
    assertEquals([direct.code, direct.of("proxy")[0]!.detail], [0, "none"]);
    const broken = await examine(there.url, { env: { HTTPS_PROXY: "gopher://me:5ec7e7-5ec7e7@proxy:70" } });
    assertEquals([broken.code, broken.unwell], [1, ["proxy"]]);
    assert(!broken.io.out.includes("5ec7e7"), broken.io.out);
  }));

Deno.test("civikit doctor asks Civitai's three hosts, or the one that stands in for it", () => {
  const hosts = (url: string) => targetsOf(url, proxies).map(({ host }) => host);
  assertEquals(hosts("https://civitai.com"), ["civitai.com", "image.civitai.com", "api.civitai.com"]);
  assertEquals(hosts("https://civitai.red"), ["civitai.red"]);
  assertEquals(hosts("http://127.0.0.1:8080/mirror"), ["127.0.0.1:8080"]);
});

Deno.test({
  name: "civikit doctor: TLS is measured, and a certificate nobody vouches for is an error of TLS, not of the network",
  ignore: !hasOpenssl,
  fn: () =>
    inWard(async ({ env }) => {
      const authority = testAuthority();
      const tls = authority.sign(["DNS:localhost", "IP:127.0.0.1"]);
      const server = Deno.serve({ hostname: "127.0.0.1", port: 0, ...tls, onListen() {} }, noModels);
      const expired = Deno.serve(
        { hostname: "127.0.0.1", port: 0, ...authority.sign(["DNS:localhost"], -1), onListen() {} },
        noModels,
      );
      async function look(port: number, caCerts: string[]) {
        const io = testIo({ env });
        const baseUrl = `https://localhost:${port}`;
        const { signal } = new AbortController();
        const keys = { find: () => undefined };
        const settings = await readSettings({ env: io.env });
        const findings = await examine({
          io,
          baseUrl,
          keys,
          proxies,
          caCerts,
          downloads: ".",
          isWriting: false,
          settings,
          signal,
        });
        const lines = findings.map((finding) => lineOf(finding, "en"));
        return { code: exitCodeOf(findings), of: (check: string) => lines.find((line) => line.check === check)! };
      }
      try {
        const well = await look(server.addr.port, [authority.ca]);
        const ways = ["dns", "tcp", "tls", "http"].map((check) => well.of(check).level);
        assertEquals([well.code, ways], [0, ["ok", "ok", "ok", "ok"]]);
        for (const [port, caCerts] of [[server.addr.port, []], [expired.addr.port, [authority.ca]]] as const) {
          const bad = await look(port, [...caCerts]);
          assertEquals([bad.code, bad.of("network").level, bad.of("tls").level], [1, "ok", "error"]);
          assert(bad.of("tls").next);
        }
      } finally {
        await Promise.all([server.shutdown(), expired.shutdown()]);
      }
    }),
});
