import { assertEquals, assertFalse, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { HttpError, InputError } from "../../../transport/errors/errors.ts";
import { compose } from "../../../transport/compose.ts";
import { redactText } from "../../../transport/http/redact.ts";
import type { Middleware } from "../../../transport/transport.ts";
import { auth, type AuthOptions, status } from "../../../transport/mod.ts";
import { script, watched } from "./_stub.ts";

const key = "s3cr3t-k3y";

async function sent(url: string, options: Partial<AuthOptions> = {}, init: RequestInit = {}): Promise<string | null> {
  const origin = script(() => new Response());
  await watched(origin, auth({ key, ...options })).fetch(new Request(url, init));
  return origin.requests[0]!.headers.get("authorization");
}

Deno.test("auth() sends the key to civitai.com and civitai.red, and their www twins", async () => {
  for (const host of ["civitai.com", "civitai.red", "www.civitai.com", "CIVITAI.com", "civitai.com:443"]) {
    assertEquals(await sent(`https://${host}/api/v1/me`), `Bearer ${key}`, host);
  }
});

Deno.test("auth() keeps the key from every other host", async () => {
  const others = [
    "civitai.green",
    "b2.civitai.com",
    "image.civitai.com",
    "civitai.com.evil.example",
    "evilcivitai.com",
    "civitai.com:8443",
    "x.r2.cloudflarestorage.com",
    "www.b2.civitai.com",
    "civitai.com.",
    "127.0.0.1:8080",
  ];
  for (const host of others) assertEquals(await sent(`https://${host}/civitai.com/`), null, host);
});

Deno.test("auth() keeps the key from plain http", async () => {
  assertEquals(await sent("http://civitai.com/api/v1/me"), null);
  assertEquals(await sent("http://192.168.1.2/", { hosts: ["192.168.1.2"] }), null);
});

Deno.test("auth() allows plain http to loopback hosts on the list, with and without a port", async () => {
  assertEquals(await sent("http://127.0.0.1:8080/", { hosts: ["127.0.0.1:8080"] }), `Bearer ${key}`);
  assertEquals(await sent("http://127.0.0.1:8081/", { hosts: ["127.0.0.1:8080"] }), null);
  assertEquals(await sent("http://127.0.0.1:8081/", { hosts: ["127.0.0.1"] }), `Bearer ${key}`);
  assertEquals(await sent("http://localhost:9/", { hosts: ["localhost"] }), `Bearer ${key}`);
  assertEquals(await sent("http://[::1]:9/", { hosts: ["[::1]"] }), `Bearer ${key}`);
  assertEquals(await sent("http://localhost:9/", { hosts: ["127.0.0.1"] }), null);
});

Deno.test("auth() never overrides an Authorization of the caller's", async () => {
  const headers = { authorization: "Bearer other" };
  assertEquals(await sent("https://civitai.com/", {}, { headers }), "Bearer other");
});

Deno.test("auth() asks for the key at each call, and waits for it", async () => {
  let calls = 0;
  const origin = script(() => new Response());
  const client = watched(origin, auth({ key: () => Promise.resolve(`key${++calls}`) }));
  for (let call = 0; call < 2; call++) await client.fetch(new Request("https://civitai.com/"));
  assertEquals(origin.requests.map((request) => request.headers.get("authorization")), ["Bearer key1", "Bearer key2"]);
});

Deno.test("auth() does not ask for the key on behalf of strangers", async () => {
  const never = () => {
    throw new Error("asked");
  };
  assertEquals(await sent("https://other.example/", { key: never }), null);
});

Deno.test("auth() passes the same request on when there is no key", async () => {
  for (const none of [undefined, "", "  \n", () => undefined, () => Promise.resolve("")]) {
    const origin = script(() => new Response());
    const request = new Request("https://civitai.com/");
    await watched(origin, auth({ key: none })).fetch(request);
    assertStrictEquals(origin.requests[0], request);
  }
});

Deno.test("auth() leaves the caller's request as it was, and keeps its signal, method and headers", async () => {
  const caller = new AbortController();
  const origin = script(() => new Response());
  const init = { method: "POST", body: "abc", headers: { "x-a": "1" }, signal: caller.signal };
  const request = new Request("https://civitai.com/", init);
  await watched(origin, auth({ key: `${key}\n` })).fetch(request);
  assertFalse(request.headers.has("authorization"));
  const derived = origin.requests[0]!;
  assertEquals([derived.method, derived.headers.get("x-a"), await derived.text()], ["POST", "1", "abc"]);
  caller.abort("mine");
  assertEquals(derived.signal.reason, "mine");
});

Deno.test("auth() refuses a key no header can hold, without showing it", async () => {
  for (const bad of ["top\nsecret", "top secret", "tøp", "a\u0000b", "top\r\nx-evil: 1"]) {
    const error = await assertRejects(() => sent("https://civitai.com/", { key: bad }), InputError);
    assertEquals(error.code, "invalid_config");
    const shown = Deno.inspect(error) + JSON.stringify(error) + error.stack;
    assertFalse(shown.includes(bad) || shown.includes("evil"), bad);
  }
});

Deno.test("auth() shows its key to nobody who looks at the layer", () => {
  const layer = auth({ key });
  assertFalse(Deno.inspect({ layer }, { depth: 9, showHidden: true }).includes(key));
  assertEquals(JSON.stringify({ layer }), "{}");
});

Deno.test("auth() refuses hosts that are not host names", () => {
  for (const host of ["https://civitai.com", "civitai.com/api", "", "user@civitai.com", "a b"]) {
    assertThrows(() => auth({ key, hosts: [host] }), TypeError, "option hosts", host);
  }
});

Deno.test("auth() makes the key it sends known, so that no message repeats what a server echoes", async () => {
  await sent("https://civitai.com/", { key: " echoed-key-0123456789 " });
  assertEquals(redactText('"echoed-key-0123456789": no such key'), '"[redacted]": no such key');
});

Deno.test("auth() tells what became of the key: missing, refused, or not meant for this host", async () => {
  const withBody = () => Response.json({ error: "You must be logged in" }, { status: 401 });
  const reasonOf = async (url: string, key: string | undefined, answer: () => Response, init: RequestInit = {}) => {
    const rebuilt: Middleware = async (request, next) => {
      const { body, status, headers } = await next(request);
      return new Response(body, { status, headers });
    };
    const stack = compose({ fetch: () => Promise.resolve(answer()) }, status(), rebuilt, auth({ key }));
    const error = await assertRejects(() => stack.fetch(new Request(url, init)), HttpError);
    return error.reason;
  };
  const headers = { authorization: "Bearer own" };
  assertEquals(await reasonOf("https://civitai.com/x", undefined, withBody), "key_missing");
  assertEquals(await reasonOf("https://civitai.com/x", "k3y-k3y-k3y", withBody), "key_refused");
  assertEquals(await reasonOf("https://civitai.com/x", undefined, withBody, { headers }), "key_refused");
  assertEquals(await reasonOf("https://other.example/x", "k3y-k3y-k3y", withBody), "key_withheld");
  assertEquals(await reasonOf("https://civitai.com/x", "k3y", () => new Response("x", { status: 403 })), undefined);
});

Deno.test("auth() may have a key for each host", async () => {
  const keys: Record<string, string> = { "civitai.com": "key-of-com", "civitai.red": "key-of-red" };
  const client = compose(
    { fetch: (request: Request) => Promise.resolve(new Response(request.headers.get("authorization"))) },
    auth({ key: (host) => keys[host], hosts: ["civitai.com", "civitai.red", "other.example"] }),
  );
  const sent = async (url: string) => await (await client.fetch(new Request(url))).text();
  const urls = ["https://civitai.com/a", "https://civitai.red/b", "https://other.example/", "https://civitai.com"];
  const answers = [];
  for (const url of urls) answers.push(await sent(url));
  assertEquals(answers, ["Bearer key-of-com", "Bearer key-of-red", "", "Bearer key-of-com"]);
});
