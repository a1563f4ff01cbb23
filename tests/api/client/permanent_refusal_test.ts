import { assertEquals } from "@std/assert";
import { isPermanentRefusal as isPermanent } from "../../../api/client/errors.ts";
import { createTransport } from "../../../mod.ts";
import { retry } from "../../../transport/mod.ts";
import { fakeClock } from "../../_support/clock.ts";
import { script, silentBody, watched } from "../../transport/middleware/_stub.ts";

const get = () => new Request("https://civitai.com/api/v1/models");
const status = (status: number) => () => new Response("x", { status });

Deno.test("retry() does not repeat a permanent 429, and its body can still be read", async () => {
  const bodies = [
    { error: "You've requested too many pages, please use cursors instead" },
    { error: "We've noticed an unusual amount of downloading from your account. Contact support or come back later." },
  ];
  for (const body of bodies) {
    const origin = script(() => Response.json(body, { status: 429 }), status(200));
    const response = await watched(origin, retry({ delayMs: 0, isPermanent })).fetch(get());
    assertEquals([response.status, origin.requests.length, await response.json()], [429, 1, body]);
  }
  const passing = script(() => Response.json({ error: "Rate limit exceeded" }, { status: 429 }), status(200));
  assertEquals((await watched(passing, retry({ delayMs: 0, isPermanent })).fetch(get())).status, 200);
});

Deno.test("retry() does not wait for ever on the body of a 429", async () => {
  const clock = fakeClock();
  const body = silentBody();
  const headers = { "content-type": "application/json" };
  const origin = script(new Response(body.stream, { status: 429, headers }), status(200));
  const call = watched(origin, retry({ clock, isPermanent, random: () => 0 })).fetch(get());
  await clock.advance(1500);
  assertEquals((await call).status, 200);
  assertEquals(body.cancelled, true);
});

Deno.test("createTransport() does not repeat a 429 of the site that waiting cannot cure", async () => {
  let calls = 0;
  const error = "You've requested too many pages, please use cursors instead";
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
    calls++;
    return Response.json({ error }, { status: 429 });
  });
  using transport = createTransport({ retry: { delayMs: 0 }, rateLimit: { pauseMs: 0 } });
  const code = await transport.fetch(new Request(`http://127.0.0.1:${server.addr.port}/`)).catch(({ code }) => code);
  assertEquals([code, calls], ["too_many_pages", 1]);
});
