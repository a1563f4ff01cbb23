import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { createTransport } from "../../mod.ts";
import { httpCache, memoryStore } from "../../cache/mod.ts";
import {
  breaker,
  CivikitError,
  compose,
  dedupe,
  fetchTransport,
  isCode,
  observe,
  rangeTransport,
  rateLimit,
  resumeTransport,
  retry,
  status,
  timeout,
  toFetch,
  type Transport,
} from "../../transport/mod.ts";
import { freePort } from "../_support/free_port.ts";

type Fetch = typeof fetch;

/** A server with a route for everything a fetch may meet. */
function origin() {
  const inner = (path: string) => (request: Request) => answer(new Request(new URL(path, request.url), request));
  const routes: Record<string, (request: Request) => Response | Promise<Response>> = {
    "/ok": () => new Response("fine", { headers: { "x-a": "1", "set-cookie": "a=1" } }),
    "/json": () => Response.json({ a: [1, "ü"] }),
    "/empty": () => new Response(null, { status: 204 }),
    "/reset": () => new Response(null, { status: 205 }),
    "/unchanged": () => new Response(null, { status: 304 }),
    "/teapot": () => new Response("short and stout", { status: 418, statusText: "I'm a teapot" }),
    "/missing": () => Response.json({ error: "no" }, { status: 404 }),
    "/busy": () => new Response("later", { status: 429, headers: { "retry-after": "1" } }),
    "/broken": () => new Response("x".repeat(20_000), { status: 500 }),
    "/cookies": () => new Response("", { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] }),
    "/echo": async (request) =>
      Response.json([request.method, new URL(request.url).search, request.headers.get("x-a"), await request.text()]),
    "/form": async (request) => Response.json([...(await request.formData()).entries()].map(([name]) => name)),
    "/gzip": () =>
      new Response(new Blob(["z".repeat(50)]).stream().pipeThrough(new CompressionStream("gzip")), {
        headers: { "content-encoding": "gzip" },
      }),
    "/chunks": () => new Response(ReadableStream.from(["a", "b", "c"]).pipeThrough(new TextEncoderStream())),
    "/endless": () => new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(1024)) })),
    "/never": ({ signal }) =>
      new Promise((resolve) => {
        // it may have been given up before it was here
        if (signal.aborted) resolve(new Response());
        else signal.addEventListener("abort", () => resolve(new Response()));
      }),
    "/loop": () => redirect("/loop", 302),
    "/nowhere": () => new Response(null, { status: 302 }),
    "/away": () => redirect("ftp://a.example/", 302),
    "/fragment": () => redirect("/ok#there", 302),
    "/utf8": () => redirect("/echo?" + encodeURI("ü"), 302),
  };
  for (const code of [301, 302, 303, 307, 308]) routes[`/${code}`] = () => redirect("/echo?to", code);
  for (const code of [301, 302, 303, 307, 308]) routes[`/${code}/ok`] = () => redirect("/ok", code);
  const redirect = (to: string, code: number) => new Response("moved", { status: code, headers: { location: to } });
  function answer(request: Request): Response | Promise<Response> {
    const { pathname } = new URL(request.url);
    return (routes[pathname] ?? inner("/missing"))(request);
  }
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response() }, answer);
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** One thing that a fetch promises, as what comes of it. */
type Promised = (fetch: Fetch, base: string) => Promise<unknown>;

/** All that can be seen of a response. */
async function seen(response: Response): Promise<unknown> {
  const { status, statusText, ok, redirected, type, url, bodyUsed } = response;
  const headers = [...response.headers].filter(([name]) => !["date", "vary"].includes(name));
  const isNull = response.body === null;
  const text = await response.text();
  return { status, statusText, ok, redirected, type, url, bodyUsed, headers, isNull, text, after: response.bodyUsed };
}

const ask = (path: string, init?: RequestInit) => async (fetch: Fetch, base: string) =>
  await seen(await fetch(base + path, init));
const bytes = new TextEncoder().encode("bytes");

/** What a fetch promises: equal things come of equal fetches. */
const promises: Record<string, Promised> = {
  "a plain answer": ask("/ok"),
  "JSON": async (fetch, base) =>
    await (await fetch(`${base}/json`, { headers: { accept: "application/json" } })).json(),
  "bytes, blob, array buffer": async (fetch, base) => [
    await (await fetch(`${base}/ok`)).bytes(),
    (await (await fetch(`${base}/ok`)).blob()).size,
    (await (await fetch(`${base}/ok`)).arrayBuffer()).byteLength,
  ],
  "several cookies": async (fetch, base) => (await fetch(`${base}/cookies`)).headers.getSetCookie(),
  "gzip": ask("/gzip"),
  "a body in chunks": ask("/chunks"),
  "a Request": async (fetch, base) =>
    await seen(await fetch(new Request(`${base}/echo`, { method: "PUT", body: "b" }))),
  "a Request and init": async (fetch, base) =>
    await seen(await fetch(new Request(`${base}/echo`, { headers: { "x-a": "1" } }), { headers: { "x-a": "2" } })),
  "a URL": async (fetch, base) => await seen(await fetch(new URL("/ok", base))),
  "a fragment": ask("/ok#here"),
  "a relative URL": async (fetch) => await fetch("/ok"),
  "no URL": async (fetch) => await fetch("http://"),
  "another scheme": async (fetch) => await fetch("ftp://a.example/"),
  "a data URL": async (fetch) => await seen(await fetch("data:text/plain;charset=utf-8,hello%20there")),
  "a data URL in base64": async (fetch) => await seen(await fetch("data:application/octet-stream;base64,AAEC")),
  "a data URL that is none": async (fetch) => await fetch("data:nonsense"),
  "a blob URL": async (fetch) => {
    const url = URL.createObjectURL(new Blob(["blob"], { type: "text/x-a" }));
    const { status, headers } = await fetch(url);
    const text = await (await fetch(url)).text();
    URL.revokeObjectURL(url);
    return [status, headers.get("content-type"), text];
  },
  "a blob URL that was revoked": async (fetch) => {
    const url = URL.createObjectURL(new Blob(["blob"]));
    URL.revokeObjectURL(url);
    return await fetch(url);
  },
  "an unknown method": ask("/echo", { method: "PURGE" }),
  "a forbidden method": ask("/echo", { method: "TRACE" }),
  "a body with GET": ask("/echo", { method: "GET", body: "b" }),
  "a body of a string": ask("/echo?q=1", { method: "POST", body: "text", headers: { "x-a": "1" } }),
  "a body of bytes": ask("/echo", { method: "POST", body: bytes }),
  "a body of a blob": ask("/echo", { method: "POST", body: new Blob([bytes]) }),
  "a body of parameters": ask("/echo", { method: "POST", body: new URLSearchParams({ a: "1", b: "ü" }) }),
  "a body of a stream": async (fetch, base) =>
    await seen(
      await fetch(
        `${base}/echo`,
        { method: "POST", body: new Blob([bytes]).stream(), duplex: "half" } as RequestInit,
      ),
    ),
  "a form": async (fetch, base) => {
    const body = new FormData();
    body.append("name", "value");
    body.append("file", new Blob(["content"]), "a.txt");
    return await (await fetch(`${base}/form`, { method: "POST", body })).json();
  },
  "reading twice": async (fetch, base) => {
    const response = await fetch(`${base}/ok`);
    await response.text();
    return await response.text();
  },
  "a clone": async (fetch, base) => {
    const response = await fetch(`${base}/ok`);
    const copy = response.clone();
    return [await seen(response), await seen(copy)];
  },
  "a clone of a clone after a redirect": async (fetch, base) =>
    await seen((await fetch(`${base}/302`)).clone().clone()),
  "a clone after reading": async (fetch, base) => {
    const response = await fetch(`${base}/ok`);
    await response.text();
    return response.clone();
  },
  "a byte stream to read by hand": async (fetch, base) => {
    const { body } = await fetch(`${base}/chunks`);
    const reader = body!.getReader({ mode: "byob" });
    let text = "";
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(100));
      if (done) return text;
      text += new TextDecoder().decode(value);
    }
  },
  "a body that is cancelled": async (fetch, base) => {
    const response = await fetch(`${base}/endless`);
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    return [await reader.read(), response.bodyUsed];
  },
  "HEAD": ask("/ok", { method: "HEAD" }),
  "a header that is none": ask("/ok", { headers: { "a b": "1" } }),
  "an abort before": async (fetch, base) => {
    const reason = new Error("mine");
    return await fetch(`${base}/ok`, { signal: AbortSignal.abort(reason) }).catch((error) => error === reason);
  },
  "an abort without a reason": async (fetch, base) => await fetch(`${base}/ok`, { signal: AbortSignal.abort() }),
  "an abort while headers are waited for": async (fetch, base) => {
    const reason = new Error("mine");
    const stop = new AbortController();
    const call = fetch(`${base}/never`, { signal: stop.signal }).catch((error) => error === reason);
    stop.abort(reason);
    return await call;
  },
  "an abort while the body is read": async (fetch, base) => {
    const reason = new Error("mine");
    const stop = new AbortController();
    const { body } = await fetch(`${base}/endless`, { signal: stop.signal });
    const reader = body!.getReader();
    await reader.read();
    stop.abort(reason);
    for (;;) {
      try {
        await reader.read();
      } catch (error) {
        return error === reason;
      }
    }
  },
  "a port that nobody listens on": async (fetch) => await fetch(`http://127.0.0.1:${freePort()}/`),
  "redirects in a circle": ask("/loop"),
  "a redirect without a place": async (fetch, base) => (await fetch(`${base}/nowhere`)).status,
  "a redirect to another scheme": ask("/away"),
  "a redirect to a fragment": ask("/fragment"),
  "a redirect that keeps the caller's fragment": ask("/302/ok#mine"),
  "a redirect that must not be followed": ask("/302", { redirect: "error" }),
  "a redirect to look at": ask("/302", { redirect: "manual" }),
};
for (const path of ["/empty", "/reset", "/unchanged", "/teapot", "/missing", "/busy", "/broken"]) {
  promises[`the answer of ${path}`] = ask(path);
  promises[`the answer of ${path} to who asks for JSON`] = ask(path, { headers: { accept: "application/json" } });
  promises[`the answer of ${path} to a part`] = ask(path, { headers: { range: "bytes=0-1" } });
  promises[`the answer of ${path} to POST`] = ask(path, { method: "POST", body: "b" });
}
for (const code of [301, 302, 303, 307, 308]) {
  for (const method of ["GET", "HEAD", "POST", "PUT"]) {
    const init = { method, ...(method.startsWith("P") && { body: "b" }) };
    promises[`a ${code} of ${method}`] = ask(`/${code}`, init);
  }
}

/** What comes of it, also when that is an error. */
async function outcome(work: Promised, fetch: Fetch, base: string): Promise<unknown> {
  try {
    return await work(fetch, base);
  } catch (error) {
    return `rejects with ${(error as Error).constructor.name} (${(error as Error).name})`;
  }
}

for (const [name, work] of Object.entries(promises)) {
  Deno.test(`toFetch() of the whole stack does what the platform's fetch does: ${name}`, async () => {
    await using server = origin();
    using transport = createTransport({ retry: { max: 0 } });
    assertEquals(await outcome(work, toFetch(transport), server.url), await outcome(work, fetch, server.url));
  });
}

const stacks: Record<string, () => Transport> = {
  "the socket": () => fetchTransport(),
  "status": () => compose(fetchTransport(), status()),
  "status above retry": () => compose(fetchTransport(), status(), retry({ max: 2, delayMs: 1 })),
  "status below retry": () => compose(fetchTransport(), retry({ max: 2, delayMs: 1 }), status()),
  "status twice, with listeners": () =>
    observe(observe(compose(fetchTransport(), status(), status()), () => {}), () => {}),
  "a cache": () => compose(fetchTransport(), status(), httpCache({ store: memoryStore() })),
  "dedupe, breaker, limits and deadlines": () =>
    compose(fetchTransport(), status(), dedupe(), timeout({ totalMs: 60_000 }), breaker(), rateLimit()),
  "parallel ranges and healing bodies": () => rangeTransport(resumeTransport(compose(fetchTransport(), status()))),
  "the whole stack": () => createTransport({ retry: { max: 2, delayMs: 1 } }),
  "the whole stack with a cache and a key": () =>
    createTransport({ cache: httpCache({ store: memoryStore() }), key: "a", hosts: ["127.0.0.1"], retry: { max: 0 } }),
};

for (const [name, stack] of Object.entries(stacks)) {
  Deno.test(`toFetch() gives a response for every status, with its whole body, over ${name}`, async () => {
    await using server = origin();
    for (const headers of [{}, { accept: "application/json" }, { range: "bytes=0-" }] as HeadersInit[]) {
      // a new one each time: a breaker would stop asking
      const fetch = toFetch(stack());
      const missing = await fetch(`${server.url}/missing`, { headers });
      assertEquals([missing.ok, missing.status, await missing.json()], [false, 404, { error: "no" }]);
      const broken = await fetch(`${server.url}/broken`, { headers });
      assertEquals([broken.status, (await broken.text()).length, broken.url], [500, 20_000, `${server.url}/broken`]);
    }
    assertEquals((await toFetch(stack())(`${server.url}/missing`, { method: "POST", body: "b" })).status, 404);
  });

  Deno.test(`toFetch() rejects with a TypeError, or the caller's reason, over ${name}`, async () => {
    await using server = origin();
    const fetch = toFetch(stack());
    const reason = { mine: true };
    const error = await assertRejects(() => fetch(`http://127.0.0.1:${freePort()}/`), TypeError);
    assert(isCode(error.cause, "connect_failed"));
    const aborted = await fetch(`${server.url}/ok`, { signal: AbortSignal.abort(reason) }).catch((error) => error);
    assertStrictEquals(aborted, reason);
  });
}

Deno.test("toFetch() makes a response of an HttpError that a layer threw all the same", async () => {
  const inner: Transport = { fetch: () => Promise.resolve(Response.json({ error: "no" }, { status: 404 })) };
  // a layer that does not pass the context on
  const fetch = toFetch({ fetch: (request) => compose(inner, status()).fetch(request) });
  const response = await fetch("https://a.example/x");
  assertEquals([response.status, response.url, await response.json()], [404, "https://a.example/x", { error: "no" }]);
});

Deno.test("toFetch() answers 429 for a host that asked for a long pause, without asking it", async () => {
  let asked = 0;
  const refuse = () => {
    asked++;
    return Promise.resolve(new Response("no", { status: 429, headers: { "retry-after": "3600" } }));
  };
  const fetch = toFetch(compose({ fetch: refuse }, rateLimit()));
  await fetch("https://a.example/");
  const { status, headers } = await fetch("https://a.example/");
  assertEquals([status, headers.get("retry-after"), asked], [429, "3600", 1]);
});

Deno.test("toFetch() tells in the TypeError's cause what civikit refuses", async () => {
  using transport = createTransport();
  const error = await assertRejects(() => toFetch(transport)("http://a.example/"), TypeError);
  assertInstanceOf(error.cause, CivikitError);
  assertEquals([error.cause.code, error.message], ["insecure_url", error.cause.message]);
});

Deno.test("toFetch() in the place of the global fetch does not call itself", async () => {
  await using server = origin();
  using transport = createTransport();
  const { fetch } = globalThis;
  globalThis.fetch = toFetch(transport);
  try {
    assertEquals(await (await globalThis.fetch(`${server.url}/ok`)).text(), "fine");
    assertEquals(await (await globalThis.fetch("data:,hello")).text(), "hello");
  } finally {
    globalThis.fetch = fetch;
  }
});
