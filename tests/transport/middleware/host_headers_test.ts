import { assertEquals, assertThrows } from "@std/assert";
import { compose, fetchTransport, hostHeaders } from "../../../transport/mod.ts";
import { cutSecrets } from "../../../transport/internal.ts";
import { script } from "./_stub.ts";

const token = "hf_9f8e7d6c5b4a39281706";
const rules = { "huggingface.co": { Authorization: `Bearer ${token}`, "X-Team": "lamp" } };

function sent(rules: Parameters<typeof hostHeaders>[0], url: string, init: RequestInit = {}) {
  const origin = script(() => new Response());
  return compose(origin, hostHeaders(rules)).fetch(new Request(url, init)).then(() =>
    Object.fromEntries(origin.requests[0]!.headers)
  );
}

Deno.test("hostHeaders() sends a host its headers, over https or to this machine, and nobody else", async () => {
  const all = { authorization: `Bearer ${token}`, "x-team": "lamp" };
  assertEquals(await sent(rules, "https://huggingface.co/a/b"), all);
  assertEquals(await sent(rules, "https://www.huggingface.co/a/b"), all);
  for (
    const url of [
      "http://huggingface.co/",
      "https://huggingface.co:8443/",
      "https://cdn.huggingface.co/",
      "https://huggingface.co.evil.example/",
      "https://civitai.com/",
    ]
  ) assertEquals(await sent(rules, url), {}, url);
  assertEquals(await sent({ "127.0.0.1": { "x-a": "1" } }, "http://127.0.0.1:8080/"), { "x-a": "1" });
});

Deno.test("hostHeaders() leaves a request its own header", async () => {
  const own = { authorization: "Bearer mine", "x-team": "lamp" };
  assertEquals(await sent(rules, "https://huggingface.co/", { headers: { authorization: "Bearer mine" } }), own);
});

Deno.test("hostHeaders() has its values cut out of every text", () => {
  hostHeaders(rules);
  assertEquals(cutSecrets(`it said ${token}!`), "it said [redacted]!");
});

Deno.test("hostHeaders() names what it cannot send, but no value", () => {
  assertThrows(() => hostHeaders({ "https://a.example": { a: "b" } }), TypeError, '"https://a.example"');
  const error = assertThrows(() => hostHeaders({ "a.example": { "x-a": "s3cret\nvalue" } }), TypeError, '"x-a"');
  assertEquals(error.message.includes("s3cret"), false);
  assertThrows(() => hostHeaders({ "a.example": { "x a": "b" } }), TypeError, '"x a"');
});

Deno.test("a redirect to another host does not take the headers of hostHeaders() along", async () => {
  const seen: Record<string, string | null>[] = [];
  const keep = (request: Request) => {
    seen.push({ authorization: request.headers.get("authorization"), team: request.headers.get("x-team") });
  };
  await using storage = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    keep(request);
    return new Response("bytes");
  });
  await using site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    keep(request);
    return Response.redirect(`http://127.0.0.1:${storage.addr.port}/x`);
  });
  using socket = fetchTransport({ secretHeaders: ["X-Team"] });
  const here = { [`127.0.0.1:${site.addr.port}`]: rules["huggingface.co"] };
  const client = compose(socket, hostHeaders(here));
  assertEquals(await (await client.fetch(new Request(`http://127.0.0.1:${site.addr.port}/`))).text(), "bytes");
  assertEquals(seen, [{ authorization: `Bearer ${token}`, team: "lamp" }, { authorization: null, team: null }]);
});
