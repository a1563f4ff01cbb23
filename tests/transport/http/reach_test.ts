import { assertEquals, assertRejects } from "@std/assert";
import { CivikitError, fetchTransport } from "../../../transport/mod.ts";
import { isNearer, nearestOf, type Reach, reachOf } from "../../../transport/http/reach.ts";
import { nextHop } from "../../../transport/socket/redirect.ts";

const addresses: Record<Reach, readonly string[]> = {
  machine: [
    "http://localhost:80/",
    "https://LOCALHOST./",
    "http://a.localhost/",
    "http://127.0.0.1/",
    "http://127.9.9.9:81/a",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://017700000001/",
    "http://user:pw@127.0.0.1/",
    "http://0.0.0.0/",
    "http://0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
  ],
  network: [
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://100.127.1.1/",
    "https://[fd00::1]/",
    "https://[fc00::1]/",
    "https://[fe80::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://nas/",
    "https://printer.local/",
    "https://metadata.google.internal/",
  ],
  world: [
    "https://civitai.com/",
    "https://172.15.0.1/",
    "https://172.32.0.1/",
    "https://100.63.0.1/",
    "https://100.128.0.1/",
    "https://192.169.0.1/",
    "https://11.0.0.1/",
    "https://1.127.0.0/",
    "https://[2606:4700::1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://localhost.example/",
    "https://127.0.0.1.example/",
    "https://10.example.com/",
    "https://fd.example/",
  ],
};

for (const [reach, urls] of Object.entries(addresses)) {
  for (const url of urls) {
    Deno.test(`reachOf() tells that ${url} is for the ${reach}`, () => assertEquals(reachOf(url), reach));
  }
}

Deno.test("nearestOf() is the nearest of several addresses, and the world for none", () => {
  assertEquals(nearestOf([]), "world");
  assertEquals(nearestOf(["https://a.example/", "https://nas/", "https://b.example/"]), "network");
  assertEquals(nearestOf(["https://nas/", "http://[::1]/"]), "machine");
  assertEquals([isNearer("machine", "network"), isNearer("world", "world")], [true, false]);
});

const all = Object.entries(addresses) as [Reach, string[]][];
for (const [from, [start]] of all) {
  for (const [to, [, target]] of all) {
    const isRefused = isNearer(to, from);
    Deno.test(`a redirect from the ${from} to the ${to} is ${isRefused ? "refused" : "followed"}`, () => {
      const hop = { url: start!.replace("http:", "https:"), method: "GET", headers: {}, body: null };
      const options = { secrets: new Set<string>(), allowHttp: true };
      let reason: unknown = "followed";
      try {
        nextHop(hop, 302, target!.replace("http:", "https:"), options);
      } catch (error) {
        reason = (error as CivikitError).reason;
      }
      assertEquals(reason, isRefused ? "near_address" : "followed");
    });
  }
}

Deno.test("fetchTransport({ nearest }) asks nothing nearer, whoever named it, and sends nothing", async () => {
  let asked = 0;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    asked++;
    return new Response("secret");
  });
  const { port } = server.addr;
  for (const nearest of ["world", "network"] as const) {
    using transport = fetchTransport({ nearest });
    for (const host of ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"]) {
      for (const method of ["GET", "POST"]) {
        const request = new Request(`http://${host}:${port}/`, { method });
        const error = await assertRejects(() => transport.fetch(request), CivikitError);
        assertEquals([error.reason, asked], ["near_address", 0]);
      }
    }
  }
  using transport = fetchTransport();
  assertEquals(await (await transport.fetch(new Request(`http://127.0.0.1:${port}/`))).text(), "secret");
});
