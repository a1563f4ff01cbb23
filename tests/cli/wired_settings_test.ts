import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type SettingKey, settingKeys } from "../../cli/settings/table.ts";
import { embeddedS3, type EmbeddedS3Server } from "../../testing/mod.ts";
import type { Transport } from "../../transport/mod.ts";
import { openRedis } from "../../fleet/mod.ts";
import { hasRedis, type RedisServer, startRedis } from "../_support/redis.ts";
import { hasOpenssl, testAuthority } from "../_tls/mod.ts";
import { startStub } from "../hub/targets/_stub.ts";
import { startCivitai } from "../_civitai/mod.ts";
import { hasty, inPlace, type Place, type UserFile, withOrigin } from "./_wired.ts";
import { type Ran, tree } from "./_world.ts";
import { freePort } from "../_support/free_port.ts";
import { meeting } from "../_support/meeting.ts";

/** How each setting in the user's file is seen to act: on the wire, on the disk, or on the terminal. */
const seen: Partial<Record<SettingKey, () => Promise<void>>> = {};

const once = { "retry.max": 0, "download.retries": 0, ...hasty };
const files = (count: number, size: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`/${n}.bin`, { size, seed: n + 1 }]));
const paths = (count: number) => Array.from({ length: count }, (_, n) => `/${n}.bin`);

/** A server that tells every request to `keep` before it answers. */
function server(answer: (request: Request, port: number) => Response | Promise<Response>) {
  const serving = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request, { remoteAddr }) => {
    return answer(request, remoteAddr.port);
  });
  const { port } = serving.addr;
  return { port, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => serving.shutdown() };
}

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

seen["timeouts.api"] = () =>
  inPlace(async ({ runWith }) => {
    const { promise: never, resolve: end } = Promise.withResolvers<Response>();
    await using silent = server(() => never);
    const file = { ...once, "timeouts.api": 1 };
    const { io } = await runWith(file, ["models", "get", "1001", "--base-url", silent.url]);
    assertMatch(io.err, /within 1000 ms/);
    end(new Response());
  });

seen["timeouts.download"] = () =>
  withOrigin({ files: files(1, 100_000), faults: [{ kind: "stall", after: 50_000 }] }, async (_, __, download) => {
    assertMatch((await download({ ...once, "timeouts.download": 1 }, "/0.bin")).io.err, /no byte for 1000 ms/);
  });

seen["timeouts.image"] = () =>
  inPlace(async ({ stackWith }) => {
    await using silent = server(() => new Response(new ReadableStream()));
    using stack = await stackWith({ ...once, "timeouts.image": 1 });
    const request = new Request(silent.url, { headers: { accept: "image/*" } });
    const error = await stack.transport.fetch(request).then((response) => response.bytes()).catch((error) => error);
    assertMatch(error.message, /not done within 1000 ms/);
  });

seen["retry.max"] = () =>
  inPlace(async ({ civitai, folder, runWith }) => {
    civitai.faults.maintenance(true);
    for (const max of [0, 2]) {
      const before = civitai.log.length;
      await runWith({ ...hasty, "retry.max": max }, ["download", "2002", "--dir", folder]);
      assertEquals(civitai.log.length - before, max + 1);
    }
  });

seen["retry.delay"] = () =>
  inPlace(async ({ civitai, log, runWith }) => {
    civitai.faults.maintenance(true);
    const delays = async (delay: number) => {
      await runWith({ "retry.max": 1, "retry.delay": delay }, ["models", "get", "1001"]);
      return Number(/.*retry.*delayMs: ([\d.]+)/s.exec(log())![1]);
    };
    assertEquals(await delays(0), 0);
    const waited = await delays(0.02);
    assert(waited >= 20 && waited <= 60, `${waited}`);
  });

seen["download.retries"] = () =>
  withOrigin({ files: files(1, 100_000), faults: [{ kind: "no_answer", how: "rst" }] }, async (_, origin, download) => {
    const asked: number[] = [];
    for (const retries of [0, 3]) {
      const before = origin.log.length;
      await download({ ...once, "download.parallel": 1, "download.retries": retries }, "/0.bin");
      asked.push(origin.log.length - before);
    }
    assert(asked[1]! > asked[0]!, asked.join());
  });

seen["download.parallel"] = () =>
  withOrigin({ files: files(1, 3_000_000), faults: [{ kind: "rate", bytesPerSecond: 4_000_000 }] }, async (
    _,
    origin,
    download,
  ) => {
    const file = { "download.pieceBytes": "128K" };
    await download({ ...file, "download.parallel": 1 }, "/0.bin");
    assertEquals(origin.peak(), 1);
    await download({ ...file, "download.parallel": 4 }, "/0.bin");
    assert(origin.peak() > 1, `${origin.peak()}`);
  });

seen["download.pieceBytes"] = () =>
  withOrigin({ files: files(1, 3_000_000) }, async (_, origin, download) => {
    for (const pieceBytes of [65_536, 262_144]) {
      const before = origin.log.length;
      await download({ "download.pieceBytes": pieceBytes }, "/0.bin");
      assertEquals(origin.log[before]!.range, `bytes=0-${pieceBytes - 1}`);
    }
  });

/** Three files, one request each: how many are asked for at once, first by the setting `one`, then by `many`. */
const peaks = (one: UserFile, many: UserFile) => {
  let meet: ReturnType<typeof meeting> = () => Promise.resolve(undefined);
  const options = { files: files(3, 100_000), faults: [{ kind: "delay", ms: 20 } as const], route: () => meet() };
  return withOrigin(options, async (_, origin, download) => {
    await download({ "download.parallel": 1, ...one }, ...paths(3));
    assertEquals(origin.peak(), 1);
    meet = meeting(3);
    await download({ "download.parallel": 1, ...many }, ...paths(3));
    assertEquals(origin.peak(), 3);
  });
};

seen["download.concurrent"] = () => peaks({ "download.concurrent": 1 }, { "download.concurrent": 3 });

seen["download.directory"] = () =>
  inPlace(async ({ folder, runWith }) => {
    await runWith({ "download.directory": join(folder, "here") }, ["download", "2002"]);
    assertEquals(tree(folder), ["here/paper_lantern_v2.safetensors"]);
  });

seen["download.resume"] = () =>
  withOrigin({ files: files(2, 3_000_000) }, async ({ folder }, origin, download) => {
    for (const [n, resume] of [true, false].entries()) {
      origin.add({ kind: "cut", after: 2_000_000, how: "fin", nth: 1 });
      origin.add(...[2, 3, 4, 5, 6].map((nth) => ({ kind: "no_answer", how: "rst", nth }) as const));
      const args = [`/${n}.bin`, "--dir", folder];
      const file = { ...once, "download.parallel": 1, "download.resume": resume };
      assertEquals((await download(file, ...args)).code, 5);
      origin.heal();
      await origin.idle();
      const before = origin.sent();
      const { code, io } = await download(file, ...args);
      assertEquals(code, 0, io.err);
      assertEquals(origin.sent() - before < 3_000_000, resume);
    }
  });

seen["download.verify"] = () =>
  inPlace(async ({ civitai, folder, runWith }) => {
    civitai.storage.add({ kind: "corrupt", at: 100 });
    const run = (verify: boolean) =>
      runWith({ "download.verify": verify }, ["download", "2002", "--dir", join(folder, String(verify))]);
    assertMatch((await run(true)).io.err, /hash/i);
    assertEquals((await run(false)).code, 0);
    const there = tree(folder).filter((path) => path.endsWith(".safetensors"));
    assertEquals(there, ["false/paper_lantern_v2.safetensors"]);
  });

seen["download.limitRate"] = () =>
  withOrigin({ files: files(4, 100_000) }, async ({ folder, civitai, runWith }, _, download) => {
    // the first bytes pass at once, the last only when those before them have: 300 kB at 512 KiB a second, at least
    const file = { "download.limitRate": "00:00,512K", "download.concurrent": 1 };
    assert(await elapsed(() => download(file, ...paths(4))) > 500);
    const images = ["images", "download", "--version-id", "2002", "--limit", "3", "--dir", join(folder, "pictures")];
    const { code, io } = await runWith({ "download.limitRate": "1M" }, images);
    assertEquals([code, civitai.log.length > 0], [0, true], io.err);
  });

seen["scan.ioLimit"] = () =>
  inPlace(async ({ folder, runWith }) => {
    for (const name of ["a.pt", "b.pt"]) Deno.writeFileSync(join(folder, name), new Uint8Array(400_000));
    // the second file waits until the first has passed: 400 kB at 512 KiB a second, at least
    for (const args of [["scan", folder, "--offline"], ["verify", folder]]) {
      const startedAt = performance.now();
      const { code, io } = await runWith({ "scan.ioLimit": "00:00,512K" }, [...args, "--jobs", "1"]);
      assertEquals(code, 0, io.err);
      assert(performance.now() - startedAt > 700, args[0]);
    }
  });

seen["download.sidecars"] = () =>
  inPlace(async ({ folder, runWith }) => {
    await runWith({ "download.sidecars": true }, ["download", "2002", "--dir", folder]);
    assert(tree(folder).includes("paper_lantern_v2.civitai.info"), tree(folder).join());
  });

seen["limits.concurrentRequests"] = () =>
  inPlace(async ({ folder, runWith }) => {
    let active = 0;
    let peak = 0;
    let meet: () => Promise<unknown> = () => new Promise((resolve) => setTimeout(resolve, 20));
    await using slow = server(async () => {
      peak = Math.max(peak, ++active);
      await meet();
      active--;
      return new Response("bytes");
    });
    const urls = [1, 2, 3, 4].map((n) => `${slow.url}/${n}.bin`);
    const run = (most: number) =>
      runWith({ "limits.concurrentRequests": most, "download.concurrent": 4 }, [
        ...["download", ...urls, "--dir", join(folder, String(most))],
      ]);
    await run(1);
    assertEquals(peak, 1);
    meet = meeting(4);
    await run(4);
    assertEquals(peak, 4);
  });

seen["limits.requestDelay"] = () =>
  inPlace(async ({ folder, runWith }) => {
    await using quick = server(() => new Response("bytes"));
    const urls = [1, 2, 3, 4].map((n) => `${quick.url}/${n}.bin`);
    // as long as that, at least: when each of them arrives is up to the machine
    const file = { "limits.requestDelay": 0.1 };
    assert(await elapsed(() => runWith(file, ["download", ...urls, "--dir", folder])) > 290);
  });

seen["limits.smartRetry"] = () =>
  inPlace(async ({ civitai, state, log, runWith }) => {
    for (const smart of [true, false]) {
      civitai.faults.rateLimitNext(1, 0);
      await runWith({ ...hasty, "limits.smartRetry": smart, "cache.enabled": false }, ["models", "get", "1001"]);
      assertEquals(/WARN limit /.test(log()), smart);
      await Deno.remove(state, { recursive: true });
    }
  });

/** Asks four times at once, twice; from how many connections. */
async function connectionsUsed(transport: Transport): Promise<number> {
  const ports = new Set<number>();
  let waiting: (() => void)[] = [];
  await using barrier = server(async (_, port) => {
    ports.add(port);
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length < 4) return;
      for (const go of waiting) go();
      waiting = [];
    });
    return new Response("bytes");
  });
  for (let round = 0; round < 2; round++) {
    await Promise.all([1, 2, 3, 4].map(async (n) => {
      const response = await transport.fetch(new Request(`${barrier.url}/${round}/${n}`));
      await response.bytes();
    }));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return ports.size;
}

seen["pool.idlePerHost"] = () =>
  inPlace(async ({ stackWith }) => {
    using few = await stackWith({ "pool.idlePerHost": 1, "cache.enabled": false });
    assertEquals(await connectionsUsed(few.transport), 7);
    using many = await stackWith({ "pool.idlePerHost": 20, "cache.enabled": false });
    assertEquals(await connectionsUsed(many.transport), 4);
  });

seen["pool.maxConnections"] = () =>
  peaks({ "download.concurrent": 3, "pool.maxConnections": 1 }, { "download.concurrent": 3, "pool.maxConnections": 4 });

seen["network.proxy"] = () =>
  inPlace(async ({ runWith }) => {
    const asked: string[] = [];
    await using proxy = server((request) => {
      asked.push(new URL(request.url).pathname);
      return Response.json({ error: "from the proxy" }, { status: 404 });
    });
    await runWith({ ...once, "network.proxy": proxy.url }, ["models", "get", "1001"]);
    assertEquals(asked, ["/api/v1/models/1001"]);
  });

seen["network.caFiles"] = async () => {
  if (!hasOpenssl) return;
  await inPlace(async ({ folder, runWith }) => {
    const { ca, sign } = testAuthority();
    const path = join(folder, "ca.pem");
    Deno.writeTextFileSync(path, ca);
    const { cert, key } = sign(["IP:127.0.0.1"]);
    const options = { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} };
    await using secure = Deno.serve(options, () => Response.json({ error: "unknown" }, { status: 404 }));
    const args = ["models", "get", "1001", "--base-url", `https://127.0.0.1:${secure.addr.port}`];
    assertEquals((await runWith(once, args)).code, 5);
    assertEquals((await runWith({ ...once, "network.caFiles": [path] }, args)).code, 4);
    assertMatch(
      (await runWith({ "network.caFiles": [join(folder, "none")] }, args)).io.err,
      /network\.caFiles .*no such/,
    );
  });
};

seen["network.httpVersion"] = () =>
  inPlace(async ({ stackWith }) => {
    // HTTP/2 names the host in another place than a header
    await using site = server((request) => new Response(request.headers.has("host") ? "1.1" : "2"));
    for (const version of ["1.1", "2"]) {
      using stack = await stackWith({ "network.httpVersion": version });
      assertEquals(await (await stack.transport.fetch(new Request(site.url))).text(), version);
    }
  });

seen["baseUrl"] = () =>
  inPlace(async ({ runWith }) => {
    const asked: string[] = [];
    await using other = server((request) => {
      asked.push(new URL(request.url).pathname);
      return Response.json({ error: "unknown" }, { status: 404 });
    });
    await runWith({ ...once, baseUrl: other.url }, ["models", "get", "7"], { env: { CIVIKIT_BASE_URL: "" } });
    assertEquals(asked, ["/api/v1/models/7"]);
  });

for (const key of ["trustedHosts", "headers"] as const) {
  seen[key] = () =>
    inPlace(async ({ folder, runWith }) => {
      const sent: (string | null)[] = [];
      await using other = server((request) => {
        sent.push(request.headers.get(key === "headers" ? "x-team" : "authorization"));
        return new Response("bytes");
      });
      const env = { CIVITAI_API_KEY: "k3y-of-a-test-0123456789", TEAM: "lantern-0123456789" };
      const value = { trustedHosts: ["127.0.0.1"], headers: { "127.0.0.1": { "X-Team": { env: "TEAM" } } } }[key];
      for (const file of [{}, { [key]: value }]) {
        const dir = join(folder, String(sent.length));
        const { io } = await runWith(file, ["download", `${other.url}/a.bin`, "--dir", dir], { env });
        assert(!io.err.includes(env.TEAM) && !io.err.includes(env.CIVITAI_API_KEY), io.err);
      }
      const text = { trustedHosts: `Bearer ${env.CIVITAI_API_KEY}`, headers: env.TEAM }[key];
      assertEquals([sent[0], sent.at(-1)], [null, text]);
    });
}

for (const [key, off, on] of [["cache.enabled", false, true], ["cache.defaultTtl", 0, 3600]] as const) {
  seen[key] = () =>
    inPlace(async ({ stackWith }) => {
      let asked = 0;
      await using site = server(() => {
        asked++;
        return Response.json({ items: [] });
      });
      for (const value of [off, on]) {
        using stack = await stackWith({ [key]: value }, site.url);
        const before = asked;
        for (let round = 0; round < 2; round++) {
          const request = new Request(`${site.url}/api/v1/tags?for=${value}`, {
            headers: { accept: "application/json" },
          });
          await (await stack.transport.fetch(request)).json();
        }
        assertEquals(asked - before, value === off ? 2 : 1, String(value));
      }
    });
}

seen["cache.maxSizeMb"] = () =>
  inPlace(async ({ stackWith }) => {
    let asked = 0;
    await using gallery = server(() => {
      asked++;
      const headers = { "content-type": "image/png", "cache-control": "max-age=600" };
      return new Response(crypto.getRandomValues(new Uint8Array(60_000)), { headers });
    });
    for (const maxSizeMb of [100, 1]) {
      using stack = await stackWith({ "cache.maxSizeMb": maxSizeMb });
      const ask = async (n: number) => {
        await (await stack.transport.fetch(new Request(`${gallery.url}/${maxSizeMb}/${n}.png`))).bytes();
      };
      for (let n = 0; n < 40; n++) await ask(n);
      const before = asked;
      for (let n = 0; n < 40; n++) await ask(n);
      assertEquals(asked === before, maxSizeMb === 100, `${asked - before}`);
    }
  });

seen["monitor.enabled"] = () =>
  inPlace(async ({ state, runWith }) => {
    await runWith({ "monitor.enabled": false }, ["models", "get", "1001"]);
    assertEquals(existsSync(join(state, "logs")), false);
    await runWith({ "monitor.enabled": true }, ["models", "get", "1001"]);
    assertEquals(existsSync(join(state, "logs", "http_client.log")), true);
  });

seen["monitor.retentionHours"] = () =>
  inPlace(async ({ state, runWith }) => {
    const old = Date.now() - 3 * 3_600_000;
    const args = ["models", "get", "1001"];
    const count = (work: string) => {
      using db = new DatabaseSync(join(state, "stats.sqlite"));
      db.exec(work);
      return db.prepare("SELECT count(*) AS n FROM minutes WHERE at <= ?").get(old + 60_000)!["n"];
    };
    await runWith({}, args);
    assert(Number(count("UPDATE minutes SET at = at - 10800000")) > 0);
    await runWith({ "monitor.retentionHours": 24 }, args);
    assert(Number(count("")) > 0);
    await runWith({ "monitor.retentionHours": 1 }, args);
    assertEquals(count(""), 0);
  });

seen["monitor.logLevel"] = () =>
  inPlace(async ({ state, log, runWith }) => {
    const lines: Record<string, number> = {};
    for (const level of ["ERROR", "INFO", "DEBUG"]) {
      await runWith({ "monitor.logLevel": level, "cache.enabled": false }, ["models", "get", "1001"]);
      lines[level] = log().split("\n").length - 1;
      if (level === "DEBUG") assertMatch(log(), /DEBUG asking GET .*headers/);
      await Deno.remove(state, { recursive: true });
    }
    assert(lines["ERROR"] === 0 && lines["INFO"]! > 0 && lines["DEBUG"]! > lines["INFO"]!, JSON.stringify(lines));
  });

seen["monitor.logFormat"] = () =>
  inPlace(async ({ log, runWith }) => {
    await runWith({ "monitor.logFormat": "json" }, ["models", "get", "1001"]);
    assertEquals(JSON.parse(log().split("\n")[0]!).logger, "http_client");
  });

for (const [key, few, many] of [["monitor.logSizeMb", 1, 5], ["monitor.logFiles", 1, 3]] as const) {
  seen[key] = () =>
    inPlace(async ({ state, runWith }) => {
      for (const value of [few, many]) {
        const path = join(state, "logs", "http_client.log");
        for (let round = 0; round < 2; round++) {
          Deno.mkdirSync(join(state, "logs"), { recursive: true });
          Deno.writeTextFileSync(path, "x".repeat(2 * 1024 ** 2));
          const file = { "monitor.logSizeMb": 1, [key]: value, "cache.enabled": false };
          await runWith(file, ["models", "get", "1001"]);
        }
        const older = [1, 2].map((n) => existsSync(`${path}.${n}`));
        const wanted = key === "monitor.logFiles" ? [true, value === many] : [value === few, value === few];
        assertEquals(older, wanted, `${key} ${value}`);
        await Deno.remove(state, { recursive: true });
      }
    });
}

seen["memory.enabled"] = () =>
  inPlace(async ({ stackWith }) => {
    using off = await stackWith({ "memory.enabled": false });
    assertEquals(off.monitor?.guard, undefined);
    using on = await stackWith({});
    assertEquals(on.monitor?.guard?.level, 0);
  });

seen["memory.limitMb"] = () =>
  inPlace(async ({ stackWith }) => {
    using small = await stackWith({ "memory.limitMb": 1 });
    using large = await stackWith({ "memory.limitMb": 60_000 });
    const ballast = new Uint8Array(64 * 1024 ** 2).fill(1);
    for (const { monitor } of [small, large]) monitor!.guard!.check();
    assertEquals([small.monitor!.guard!.level, large.monitor!.guard!.level, ballast[7]], [1, 0, 1]);
  });

seen["memory.checkInterval"] = () =>
  inPlace(async ({ stackWith }) => {
    using often = await stackWith({ "memory.checkInterval": 1 });
    using seldom = await stackWith({ "memory.checkInterval": 3600 });
    const looked = ({ monitor }: typeof often) => (monitor!.registry.snapshot().memory.limitBytes ?? 0) > 0;
    while (!looked(often)) await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(looked(seldom), false);
  });

seen["root"] = seen["layout"] = seen["folders"] = () =>
  inPlace(async ({ folder, runWith }) => {
    const root = join(folder, "ComfyUI");
    await runWith({ root, layout: "comfyui" }, ["download", "2002"]);
    await runWith({ root, layout: "comfyui", folders: { LORA: "loras/new" } }, ["download", "2001"]);
    assertEquals(tree(folder).map((path) => path.replace(/[^/]*$/, "")), [
      "ComfyUI/loras/new/",
      "ComfyUI/models/loras/",
    ]);
  });

seen["language"] = () =>
  inPlace(async ({ runWith }) => {
    const run = async (language: string) => (await runWith({ language }, ["models", "get", "999999999"])).io.err;
    assert(/\p{Script=Han}/u.test(await run("zh-TW")) && !/\p{Script=Han}/u.test(await run("en")));
  });

seen["notifications.terminal"] = seen["notifications.after"] = () =>
  inPlace(async ({ runWith }) => {
    const rings = async (terminal: boolean, after: number) => {
      const file = { "notifications.terminal": terminal, "notifications.after": after };
      const { io } = await runWith(file, ["models", "get", "1001"], { isTerminal: true });
      return io.err.includes("\x1b]9;civikit models: done\x07\x07");
    };
    assertEquals([await rings(true, 0), await rings(true, 30), await rings(false, 0)], [true, false, false]);
  });

/** The head of the answer to a request, with a host nobody else would name. */
async function headOf(port: number, request: string, headers: Readonly<Record<string, string>>): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = Object.entries({ ...headers, connection: "close" }).map(([name, value]) => `${name}: ${value}\r\n`);
  await connection.write(new TextEncoder().encode(`${request} HTTP/1.1\r\n${lines.join("")}\r\n`));
  const bytes = new Uint8Array(4096);
  return new TextDecoder().decode(bytes.subarray(0, await connection.read(bytes) ?? 0));
}

const serving = () =>
  inPlace(async ({ begin }) => {
    const port = freePort();
    const file = {
      "serve.port": port,
      "serve.host": "localhost",
      "serve.allowedHosts": ["box.lan"],
      "serve.trustedProxies": ["127.0.0.1", "::1"],
      "serve.rpcOrigins": ["https://ui.example"],
    };
    const { io, ended } = begin(file, ["serve"], { CIVIKIT_SERVE_TOKEN: "token-of-a-test-0123456789" });
    const { promise: isPrinted, resolve: printed } = Promise.withResolvers<void>();
    const timer = setInterval(() => io.out.includes("\n") && printed(), 10);
    await Promise.race([isPrinted, ended]);
    clearInterval(timer);
    try {
      assert(io.out.startsWith(`http://localhost:${port}/`), io.out + io.err);
      const status = async (host: string) => (await headOf(port, "GET /healthz", { host })).slice(9, 12);
      // one is asked for the token, the other is not served at all
      assertEquals([await status("box.lan"), await status("other.lan")], ["401", "421"]);
      const tries = async (from: string) => {
        const headers = { host: "box.lan", authorization: "Bearer wrong", "x-forwarded-for": from };
        return (await headOf(port, "GET /healthz", headers)).slice(9, 12);
      };
      for (let n = 0; n < 10; n++) assertEquals(await tries("203.0.113.7"), "401");
      assertEquals([await tries("203.0.113.7"), await tries("203.0.113.8")], ["429", "401"]);
      const isLetIn = async (origin: string) => {
        const asked = { host: `localhost:${port}`, origin, "access-control-request-method": "POST" };
        return (await headOf(port, "OPTIONS /jsonrpc", asked)).toLowerCase().includes("access-control-allow-origin");
      };
      assertEquals([await isLetIn("https://ui.example"), await isLetIn("https://other.example")], [true, false]);
    } finally {
      io.interrupt();
    }
    assertEquals(await ended, 0);
  });
seen["serve.slowRate"] = () =>
  inPlace(async ({ begin }) => {
    const port = freePort();
    const { io, ended } = begin({ "serve.port": port, "serve.slowRate": "768K" }, ["serve"], {});
    try {
      while (!io.out.includes("\n")) await new Promise((resolve) => setTimeout(resolve, 10));
      const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: "text/html" } });
      assertMatch(await page.text(), /768 KB\/s/);
    } finally {
      io.interrupt();
    }
    assertEquals(await ended, 0);
  });

for (
  const key of ["serve.port", "serve.host", "serve.allowedHosts", "serve.trustedProxies", "serve.rpcOrigins"] as const
) seen[key] = serving;

seen["trash.keepDays"] = () =>
  inPlace(async ({ begin, folder }) => {
    const trash = join(folder, ".civikit-trash");
    const put = (id: string, trashedMs: number) => {
      Deno.mkdirSync(join(trash, id), { recursive: true });
      Deno.writeTextFileSync(join(trash, id, "0"), "x");
      const files = [{ from: `${id}.safetensors`, bytes: 1, mtimeMs: 0 }];
      Deno.writeTextFileSync(
        join(trash, id, "item.json"),
        JSON.stringify({ version: 1, trashedMs, why: "x", sha256: null, files }),
      );
    };
    put("20200101T000000000Z-00000000", Date.now() - 3 * 86_400_000);
    put("20200102T000000000Z-00000000", Date.now() - 86_400_000);
    const { io, ended } = begin({ "trash.keepDays": 2, root: folder, "serve.port": freePort() }, ["serve"], {});
    try {
      const kept = () => [...Deno.readDirSync(trash)].filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
      while (kept().length > 1) await new Promise((resolve) => setTimeout(resolve, 10));
      assertEquals(kept(), ["20200102T000000000Z-00000000"]);
    } finally {
      io.interrupt();
    }
    assertEquals(await ended, 0);
  });

seen["targets"] = () =>
  inPlace(async ({ folder, runWith }) => {
    await using forge = startStub("forge");
    await runWith({ targets: [`forge=${forge.url}`] }, ["download", "2002", "--dir", folder]);
    assertEquals(forge.asked, ["/sdapi/v1/refresh-loras"]);
  });

seen["targetHosts"] = () =>
  inPlace(async ({ folder, runWith }) => {
    await using forge = startStub("forge");
    // the one address that is not called loopback, and reaches this machine all the same
    const targets = [`forge=${forge.url.replace("127.0.0.1", "0.0.0.0")}`];
    const download = ["download", "2002", "--dir", folder];
    assertEquals((await runWith({ targets }, download)).code, 2);
    assertEquals((await runWith({ targets, targetHosts: ["0.0.0.0"] }, download)).code, 0);
    assertEquals(forge.asked, ["/sdapi/v1/refresh-loras"]);
  });

/** How long after its first round a rule is due again, in milliseconds. */
async function dueAfter(file: Readonly<Record<string, unknown>>): Promise<number> {
  let dueMs = 0;
  await inPlace(async ({ runWith }) => {
    await runWith(file, ["watch", "add", "model:1001"]);
    await runWith(file, ["watch", "now"]);
    const { nextMs, lastMs } = JSON.parse((await runWith(file, ["watch", "list", "--json"])).io.out);
    dueMs = nextMs - lastMs;
  });
  return dueMs;
}

seen["watch.schedule"] = async () => {
  assertEquals(Math.round(await dueAfter({ "watch.schedule": "every 6h", "watch.jitter": 0 }) / 60_000), 360);
};

seen["watch.jitter"] = async () => {
  assertEquals(Math.round(await dueAfter({ "watch.jitter": 0 }) / 60_000), 24 * 60);
  const late = await dueAfter({ "watch.jitter": 3600 }) - 24 * 3_600_000;
  assert(late > 0 && late <= 3_600_000, `${late}`);
};

seen["watch.pages"] = () =>
  inPlace(async ({ runWith }) => {
    await using site = await startCivitai({ bulkModels: 500 });
    const args = ["--base-url", site.url];
    await runWith({}, ["watch", "add", "search:", "--since", "900d", "--tell", ...args]);
    for (const pages of [1, 2]) {
      site.log.length = 0;
      await runWith({ "watch.pages": pages, "cache.enabled": false }, ["watch", "now", ...args]);
      assertEquals(site.log.length, pages);
    }
  });

seen["watch.enabled"] = () =>
  inPlace(async ({ begin, runWith, civitai }) => {
    await runWith({}, ["watch", "add", "model:1001"]);
    for (const isEnabled of [false, true]) {
      civitai.log.length = 0;
      const { io, ended } = begin(
        { "serve.port": freePort(), "watch.enabled": isEnabled, baseUrl: civitai.url },
        ["serve"],
        {},
      );
      const isAsked = () => civitai.log.some(({ path }) => path === "/api/v1/models/1001");
      try {
        while (!io.out.includes("\n")) await new Promise((resolve) => setTimeout(resolve, 10));
        if (isEnabled) { while (!isAsked()) await new Promise((resolve) => setTimeout(resolve, 10)); }
        const page = await fetch(`${io.out.trim()}api/v1/watch`);
        assertEquals((await page.json()).isEnabled, isEnabled);
        assertEquals(isAsked(), isEnabled);
      } finally {
        io.interrupt();
      }
      assertEquals(await ended, 0);
    }
  });

seen["upgrade.registry"] = () =>
  inPlace(async ({ runWith }) => {
    await using registry = server(() => Response.json({ latest: "999.0.0" }));
    const { code, io } = await runWith({ "upgrade.registry": registry.url }, ["upgrade", "--json"]);
    assertEquals([code, JSON.parse(io.out).latest], [0, "999.0.0"]);
  });

/** A project, and a store that has all its files. */
async function inLab(work: (place: Place, s3: EmbeddedS3Server, run: LabRun) => Promise<void>): Promise<void> {
  await inPlace(async (place) => {
    await using s3 = embeddedS3({ region: "eu-west-3" }).listen();
    const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = s3.user;
    await place.run(["add", "2002", "--project", place.folder, "--no-install"]);
    const env = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
    await work(
      place,
      s3,
      (file, ...args) => place.runWith({ ...once, ...file }, [...args, "--project", place.folder], { env }),
    );
  });
}

type LabRun = (file: UserFile, ...args: string[]) => Promise<Ran>;

const storing = () =>
  inLab(async ({ folder, runWith, civitai }, s3, run) => {
    const own = { "s3.endpoint": s3.url, "s3.region": "eu-west-3" };
    const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = s3.user;
    const env = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
    const mirror = (file: UserFile) => runWith({ ...once, ...file }, ["mirror", folder, "s3://models"], { env });
    assertMatch((await mirror({ "s3.endpoint": s3.url })).io.err, /region is eu-west-3/);
    assertEquals([(await mirror(own)).code, s3.objects().size], [0, 1]);
    const hosted = { ...own, "s3.endpoint": s3.url.replace("127.0.0.1", "localhost"), "s3.addressing": "virtual" };
    assertMatch((await mirror(hosted)).io.err, /http:\/\/models\.localhost:/);
    const asked = civitai.storage.log.length;
    const { code, io } = await run({ ...own, "install.mirror": "s3://models" }, "install");
    assertEquals([code, civitai.storage.log.length], [0, asked], io.err);
  });

for (const key of ["s3.endpoint", "s3.region", "s3.addressing", "install.mirror"] as const) seen[key] = storing;

/** A machine and a Redis. */
async function inFleet(work: (place: Place, redis: RedisServer) => Promise<void>): Promise<void> {
  await inPlace(async (place) => {
    await using redis = await startRedis();
    await work(place, redis);
  });
}

seen["fleet.redis"] = seen["fleet.prefix"] = () =>
  inFleet(async ({ runWith, folder }, redis) => {
    const waiting = async (file: UserFile, state: string) => {
      const env = { CIVIKIT_STATE_DIR: join(folder, state) };
      return (await runWith({ ...once, ...file }, ["queue", "list", "--json"], { env })).io.out.split("\n").length - 1;
    };
    const file = { "fleet.redis": redis.url };
    const env = { CIVIKIT_STATE_DIR: join(folder, "one") };
    assertEquals((await runWith({ ...once, ...file }, ["queue", "add", "2002"], { env })).code, 0);
    assertEquals(await waiting(file, "other"), 1);
    assertEquals(await waiting({}, "other"), 0);
    assertEquals(await waiting({ ...file, "fleet.prefix": "second" }, "other"), 0);
  });

seen["fleet.store"] = () =>
  inFleet(async ({ runWith, folder }, redis) => {
    await using s3 = embeddedS3({ region: "eu-west-3" }).listen();
    const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = s3.user;
    const env = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
    const file = { ...once, "fleet.redis": redis.url, "s3.endpoint": s3.url, "s3.region": "eu-west-3" };
    const kept = { ...file, "fleet.store": "s3://models", "download.directory": folder };
    await runWith(kept, ["queue", "add", "2002"], { env });
    const { code, io } = await runWith(kept, ["fleet", "worker", "--once"], { env });
    assertEquals([code, s3.objects().size], [0, 1], io.err);
  });

seen["fleet.perSecond"] = () =>
  inFleet(async ({ runWith, folder, civitai }, redis) => {
    const file = { ...once, "fleet.redis": redis.url, "download.directory": folder, "fleet.cache": false };
    await runWith(file, ["queue", "add", "2002"]);
    await using ear = await listenIn(redis.url);
    const worker = ["fleet", "worker", "--once"];
    assertEquals((await runWith({ ...file, "fleet.perSecond": 500 }, worker)).code, 0);
    // places at two milliseconds' distance: what every request asks Redis for
    assert(
      ear.heard().some((line) => line.includes('"{civikit}:limits:') && line.includes('"" "2" "0"')),
      ear.heard().join("\n"),
    );
    assert(civitai.log.length > 0);
  });

seen["fleet.cache"] = () =>
  inFleet(async ({ runWith, folder }, redis) => {
    const client = await openRedis(redis.url);
    for (const [isOn, reference] of [[false, "2002"], [true, "model:1003"]] as const) {
      const file = { ...once, "fleet.redis": redis.url, "download.directory": folder, "fleet.cache": isOn };
      await runWith(file, ["queue", "add", reference]);
      assertEquals((await runWith(file, ["fleet", "worker", "--once"])).code, 0);
      assertEquals((await client.keys("{civikit}:cache:e:*")).length > 0, isOn);
    }
    client.disconnect();
  });

/** What a Redis is asked. */
async function listenIn(url: string): Promise<AsyncDisposable & { heard(): readonly string[] }> {
  const client = await openRedis(url);
  if (!("monitor" in client)) throw new Error("listening in: one server is due, not a cluster");
  const monitor = await client.monitor();
  const lines: string[] = [];
  monitor.on("monitor", (_: string, words: readonly string[]) => {
    lines.push(words.map((word) => JSON.stringify(String(word).slice(0, 60))).join(" "));
  });
  return {
    heard: () => lines,
    [Symbol.asyncDispose]() {
      monitor.disconnect();
      client.disconnect();
      return Promise.resolve();
    },
  };
}

/** A folder with the first version of model 1001, and what an update of it says with that file of settings. */
async function updating(
  work: (place: Place, said: (file: UserFile) => Promise<string>) => Promise<void>,
): Promise<void> {
  await inPlace(async (place) => {
    const { content } = place.civitai.file(3001).file;
    Deno.writeFileSync(join(place.folder, "paper_lantern.safetensors"), content.read(0, content.size));
    const said = async (file: UserFile) =>
      (await place.runWith({ ...once, ...file }, ["update", place.folder, "--all", "-n"])).io.out;
    await work(place, said);
  });
}

seen["updates.ignore"] = () =>
  updating(async (_, said) => {
    assertMatch(await said({}), /would update/);
    assertMatch(await said({ "updates.ignore": ["version:2002"] }), /nothing to update/);
  });

seen["updates.otherBase"] = () =>
  updating(async ({ civitai }, said) => {
    const version = civitai.models.flatMap(({ versions }) => versions).find(({ id }) => id === 2002)!;
    (version as { baseModel: string }).baseModel = "Pony";
    assertMatch(await said({}), /nothing to update/);
    assertMatch(await said({ "updates.otherBase": ["model:1001"] }), /would update/);
  });

seen["secondSource"] = () =>
  inPlace(async ({ civitai, folder, run, runWith }) => {
    const { content } = civitai.file(3002).file;
    const bytes = content.read(0, content.size).slice();
    const hash = (await civitai.sha256(3002)).toLowerCase();
    await using mirror = server(({ url }) =>
      url.endsWith(`/${hash}`) ? new Response(bytes) : new Response("no", { status: 404 })
    );
    await run(["add", "2002", "--project", folder, "--no-install"]);
    civitai.faults.refuseDownloads(100, { status: 404 });
    const install = (file: UserFile) => runWith({ ...once, ...file }, ["install", "--project", folder]);
    assertEquals((await install({})).code, 4);
    const { code, io } = await install({ secondSource: `${mirror.url}/{sha256}` });
    assertEquals(code, 0, io.err);
  });

for (const key of settingKeys) {
  Deno.test({
    name: `the setting ${key} in the user's file is seen to act`,
    ignore: key.startsWith("fleet.") && !hasRedis,
    async fn() {
      assert(seen[key] !== undefined, "no test sees it act");
      await seen[key]();
    },
  });
}
