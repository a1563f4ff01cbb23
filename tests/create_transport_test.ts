import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { httpCache, memoryStore } from "../cache/mod.ts";
import { civitai, createTransport, type CreateTransportOptions, downloadModel } from "../mod.ts";
import { embeddedCivitai } from "../testing/mod.ts";
import { download, NetworkError } from "../transport/mod.ts";
import { settle } from "./_support/clock.ts";

const json = { accept: "application/json" };

/** A real server that answers with the credential it was sent, as soon as it is `open`, and keeps them in order. */
function origin(headers: Record<string, string> = {}) {
  const credentials: (string | null)[] = [];
  const { promise: isOpen, resolve: open } = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const credential = request.headers.get("authorization") ?? request.headers.get("x-api-key");
    credentials.push(credential);
    await isOpen;
    return Response.json(credential, { headers });
  });
  return {
    credentials,
    open,
    url: `http://127.0.0.1:${server.addr.port}/api/v1/me`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const client = (options: CreateTransportOptions) => createTransport({ hosts: ["127.0.0.1"], ...options });

Deno.test("createTransport() takes a socket of one's own: everything above it stays, and closing leaves it alone", async () => {
  const site = embeddedCivitai();
  const asked: string[] = [];
  let isClosed = false;
  const socket = {
    fetch(request: Request) {
      asked.push(`${new URL(request.url).pathname} ${request.headers.get("authorization")}`);
      return site.fetch(request);
    },
    close: () => void (isClosed = true),
  };
  {
    using transport = client({ socket, key: () => "key-of-a-test-0123456789", hosts: ["civitai.com"] });
    const model = await civitai(transport).models.get(1001);
    assertEquals([model.name, asked], ["Paper Lantern Style", ["/api/v1/models/1001 Bearer key-of-a-test-0123456789"]]);
    const folder = await Deno.makeTempDir();
    const [file] = await downloadModel(transport, "2002", { directory: folder });
    assertEquals(file?.verified, true);
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals(isClosed, false);
});

Deno.test("createTransport() gives up on a socket of one's own that never answers, and types what it throws", async () => {
  const closing = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, onListen() {}, signal: closing.signal };
  const server = Deno.serve(options, () => new Promise<Response>(() => {}));
  const url = `http://127.0.0.1:${server.addr.port}/api/v1/models`;
  let isGivenUp = false;
  const socket = {
    // whether it has got as far as the server by then is up to the machine
    fetch(request: Request) {
      request.signal.addEventListener("abort", () => isGivenUp = true);
      return fetch(request);
    },
  };
  const codeWithin = async (headersMs: number) => {
    using transport = client({ socket, headersMs, retry: { max: 0 } });
    const ask = () => transport.fetch(new Request(url, { headers: json }));
    return (await assertRejects(ask, NetworkError)).code;
  };
  assertEquals(await codeWithin(20), "header_timeout");
  assert(isGivenUp);
  closing.abort();
  await server.finished;
  assertEquals(await codeWithin(60_000), "connect_failed");
  assertThrows(() => createTransport({ socket: { fetch: "no" } as never }), TypeError, "option fetch");
});

Deno.test("createTransport() never gives one key's answer to a call made with another", async () => {
  await using server = origin();
  let current = "a";
  using transport = client({ key: () => current });
  const ask = async () => await (await transport.fetch(new Request(server.url, { headers: json }))).json();
  const first = ask();
  current = "b";
  const second = ask();
  await settle();
  server.open();
  assertEquals(await Promise.all([first, second]), ["Bearer a", "Bearer b"]);
  assertEquals(server.credentials.toSorted(), ["Bearer a", "Bearer b"]);
});

Deno.test("createTransport() never gives one key's answer to another when keys take a while to find", async () => {
  await using server = origin();
  const keys = ["a", "b", undefined];
  let calls = 0;
  using transport = client({
    key: async () => {
      const key = keys[calls++];
      await Promise.resolve();
      return key;
    },
  });
  const ask = async () => await (await transport.fetch(new Request(server.url, { headers: json }))).json();
  const answers = Promise.all([ask(), ask(), ask()]);
  await settle();
  server.open();
  assertEquals(await answers, ["Bearer a", "Bearer b", null]);
});

Deno.test("createTransport() still asks once for two calls at once with one key", async () => {
  await using server = origin();
  using transport = client({ key: () => Promise.resolve("a") });
  const ask = async () => await (await transport.fetch(new Request(server.url, { headers: json }))).json();
  const answers = Promise.all([ask(), ask(), ask()]);
  await settle();
  server.open();
  assertEquals([await answers, server.credentials], [Array(3).fill("Bearer a"), ["Bearer a"]]);
});

Deno.test("createTransport() keeps a call to the key it was made with, also when it has to ask again", async () => {
  let current = "a";
  let asked = 0;
  const seen: (string | null)[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    seen.push(request.headers.get("authorization"));
    current = "b";
    return ++asked === 1 ? new Response(null, { status: 503 }) : Response.json(seen.at(-1));
  });
  using transport = client({ key: () => current, retry: { delayMs: 1 } });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  assertEquals(await (await transport.fetch(new Request(url, { headers: json }))).json(), "Bearer a");
  assertEquals(seen, ["Bearer a", "Bearer a"]);
});

Deno.test("createTransport() looks for the key anew at each part of a download", async () => {
  let current = "a";
  let asked = 0;
  const seen: (string | null)[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    seen.push(request.headers.get("authorization"));
    current = "b";
    if (++asked === 1) return new Response(null, { status: 503 });
    return new Response("x", { status: 206, headers: { "content-range": "bytes 0-0/1" } });
  });
  using transport = client({ key: () => current, retry: { delayMs: 1 } });
  const request = new Request(`http://127.0.0.1:${server.addr.port}/`, { headers: { range: "bytes=0-0" } });
  await (await transport.fetch(request)).text();
  assertEquals(seen, ["Bearer a", "Bearer b"]);
});

Deno.test("createTransport() keeps in a store what Civitai's answers allow, each for its own key", async () => {
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(`${pathname} ${request.headers.get("authorization")}`);
    return pathname.startsWith("/api/v1") ? Response.json(asked.length) : new Response("tensors");
  });
  const store = memoryStore();
  const keys: string[] = [];
  using transport = client({ key: () => keys[0], hosts: [`127.0.0.1:${server.addr.port}`], cache: store });
  const ask = async (path: string) => {
    const request = new Request(`http://127.0.0.1:${server.addr.port}${path}`, { headers: json });
    return await (await transport.fetch(request)).text();
  };
  // a route that is everyone's and names no freshness is kept, a download never
  assertEquals([await ask("/api/v1/tags"), await ask("/api/v1/tags")], ["1", "1"]);
  keys.push("a");
  assertEquals([await ask("/api/v1/tags"), await ask("/api/v1/tags")], ["2", "2"]);
  await ask("/api/download/models/1");
  await ask("/api/download/models/1");
  assertEquals(asked, [
    "/api/v1/tags null",
    "/api/v1/tags Bearer a",
    "/api/download/models/1 Bearer a",
    "/api/download/models/1 Bearer a",
  ]);
  assertEquals((await store.stats()).entries, 2);
});

Deno.test("createTransport() files cached answers by key, also when nobody told the cache of keys", async () => {
  await using server = origin({ "cache-control": "max-age=60" });
  server.open();
  let current: string | undefined;
  using transport = client({ key: () => current, cache: httpCache({ store: memoryStore() }) });
  const answers: unknown[] = [];
  for (current of ["a", "b", undefined, "a", "b", undefined]) {
    answers.push(await (await transport.fetch(new Request(server.url, { headers: json }))).json());
  }
  assertEquals(answers, ["Bearer a", "Bearer b", null, "Bearer a", "Bearer b", null]);
  assertEquals(server.credentials, ["Bearer a", "Bearer b", null]);
});

Deno.test("createTransport() tells callers apart by a credential under any name", async () => {
  await using server = origin();
  using transport = client({});
  const ask = async (key: string) =>
    await (await transport.fetch(new Request(server.url, { headers: { ...json, "x-api-key": key } }))).json();
  const answers = Promise.all([ask("a"), ask("b")]);
  await settle();
  server.open();
  assertEquals(await answers, ["a", "b"]);
});

Deno.test("createTransport() files cached answers by a credential under any name", async () => {
  for (const name of ["x-api-key", "cookie", "x-session-token", "authorization"]) {
    let asked = 0;
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      asked++;
      return Response.json(request.headers.get(name), { headers: { "cache-control": "max-age=60" } });
    });
    using transport = client({ cache: httpCache({ store: memoryStore() }) });
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const answers: unknown[] = [];
    for (const headers of [{ [name]: "a=1" }, { [name]: "b=2" }, {}, { [name]: "a=1" }, { [name]: "b=2" }, {}]) {
      answers.push(await (await transport.fetch(new Request(url, { headers: headers as HeadersInit }))).json());
    }
    assertEquals([answers, asked], [["a=1", "b=2", null, "a=1", "b=2", null], 3], name);
  }
});

Deno.test("createTransport() gives up a picture that takes longer than imageMs, and nothing else", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = new URL(request.url).searchParams.get("end");
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(10));
        if (end !== null) timer = setTimeout(() => controller.close(), 300);
      },
      cancel: () => clearTimeout(timer),
    });
    return new Response(stream);
  });
  using transport = client({ imageMs: 100 });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const picture = () => transport.fetch(new Request(url, { headers: { accept: "image/*" } }));
  assertEquals((await assertRejects(async () => (await picture()).bytes(), NetworkError)).code, "total_timeout");
  assertEquals((await (await transport.fetch(new Request(`${url}?end`))).bytes()).length, 10);
});

Deno.test("createTransport() holds no more connections of downloads open than maxConnections, over all of them", async () => {
  let open = 0;
  let most = 0;
  const bytes = new Uint8Array(2_000_000);
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const [, first, last] = /bytes=(\d+)-(\d*)/.exec(request.headers.get("range") ?? "bytes=0-")!;
    const start = Number(first);
    const end = Math.min(bytes.length, last ? Number(last) + 1 : bytes.length);
    most = Math.max(most, ++open);
    let at = start;
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(bytes.subarray(at, at = Math.min(end, at + 65_536)));
        if (at < end) return;
        open--;
        controller.close();
      },
      cancel: () => void open--,
    }, { highWaterMark: 0 });
    const headers = {
      "content-range": `bytes ${start}-${end - 1}/${bytes.length}`,
      "content-length": String(end - start),
      etag: '"one"',
    };
    return new Response(stream, { status: 206, headers });
  });
  // one connection each: of several, some are given up before their end, and the server hears of it later
  using transport = client({ maxConnections: 2, parallel: 1, pieceBytes: 65_536 });
  const folder = await Deno.makeTempDir();
  try {
    const url = `http://127.0.0.1:${server.addr.port}`;
    const all = [1, 2, 3].map((n) => download(transport, `${url}/${n}`, `${folder}/${n}`));
    assertEquals((await Promise.all(all)).map(({ bytes }) => bytes), [2_000_000, 2_000_000, 2_000_000]);
    assertEquals(most <= 2, true, `${most}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("createTransport() sends a host's own headers with whole answers, parts and no redirect", async () => {
  const seen: (string | null)[] = [];
  await using storage = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    seen.push(request.headers.get("x-team"));
    return new Response("bytes");
  });
  await using site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    seen.push(request.headers.get("x-team"));
    return Response.redirect(`http://127.0.0.1:${storage.addr.port}/x`);
  });
  const host = `127.0.0.1:${site.addr.port}`;
  using transport = client({ headers: { [host]: { "X-Team": "lamp" } } });
  await (await transport.fetch(new Request(`http://${host}/`))).body?.cancel();
  await (await transport.fetch(new Request(`http://${host}/`, { headers: { range: "bytes=0-" } }))).body?.cancel();
  assertEquals(seen, ["lamp", null, "lamp", null]);
});
