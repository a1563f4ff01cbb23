import { assert, assertEquals } from "@std/assert";
import { main } from "../../cli/mod.ts";
import { jsonText } from "../../cli/terminal/json_line.ts";
import { testIo } from "./_io.ts";

const key = "echoed-K3Y-0123456789abcdef";

/** What a careless server does with the key it got. */
const echoes: Readonly<Record<string, (key: string) => Response>> = {
  "an error text": (key) => Response.json({ error: `${key} is no key of ours` }, { status: 401 }),
  "a message that quotes JSON": (key) =>
    Response.json({ message: JSON.stringify({ sent: { [`x${key}y`]: 1 } }) }, { status: 400 }),
  "a wrong shape": (key) => Response.json({ id: key, name: key }),
  "broken JSON": (key) => new Response(`{"id": 5, ${key}`, { headers: { "content-type": "application/json" } }),
  "a web page": (key) => new Response(`<html>${key}</html>`, { headers: { "content-type": "text/html" } }),
  "the path of a redirect": (key) => new Response(null, { status: 302, headers: { location: `/for/${key}/` } }),
  "a redirect to elsewhere": (key) =>
    new Response(null, { status: 302, headers: { location: `http://${key.toLowerCase()}.example/` } }),
};

async function run(args: readonly string[], echo: (key: string) => Response, apiKey = key): Promise<[number, string]> {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const sent = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
    return request.url.includes("/for/") ? Response.json({ error: request.url }, { status: 404 }) : echo(sent);
  });
  const home = await Deno.makeTempDir();
  try {
    const env = {
      CIVITAI_API_KEY: apiKey,
      CIVIKIT_BASE_URL: `http://127.0.0.1:${server.addr.port}`,
      CIVIKIT_CACHE: "off",
      CIVIKIT_MONITOR: "off",
      HOME: home,
    };
    const io = testIo({ env });
    const code = await main([...args], io);
    return [code, io.out + io.err];
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

for (const [what, echo] of Object.entries(echoes)) {
  Deno.test(`civikit prints no key that a server repeats in ${what}`, async () => {
    for (const args of [["models", "get", "5"], ["whoami"], ["download", "5", "--dir", "/nowhere"]]) {
      for (const more of [[], ["--json"]]) {
        const [code, printed] = await run([...args, ...more], echo);
        assert(code !== 0 && printed.length > 20, printed);
        assert(!printed.toLowerCase().includes(key.toLowerCase()), printed);
      }
    }
  });
}

Deno.test("civikit prints no key that a server repeats in good data", async () => {
  const me = (key: string) => Response.json({ id: 5, username: `me ${key}` });
  for (const args of [["whoami"], ["whoami", "--json"]]) {
    const [code, printed] = await run(args, me);
    assert(code === 0 && printed.includes("me [redacted]"), printed);
  }
});

Deno.test("civikit shows the words of a message about a key that is none", async () => {
  const [code, printed] = await run(["whoami"], () => Response.json({}), "wrong");
  assertEquals(code, 2);
  assert(printed.includes("reading the API key from CIVITAI_API_KEY: not one word"), printed);
});

Deno.test("civikit shows the path of a file it cannot read, whatever words are in it", async () => {
  const path = "/nowhere/Basic Anime/token: abc/list.txt";
  const [code, printed] = await run(["download", "--from", path], () => Response.json({}));
  assertEquals(code, 8);
  assert(printed.includes(JSON.stringify(path)), printed);
});

Deno.test("civikit shows a reference as it was written", async () => {
  const missing = () => Response.json({ error: "No model" }, { status: 404 });
  for (const text of ["model:99", "version:99", "civitai:99@98", "urn:air:sdxl:lora:civitai:99@98", "urn:air:x"]) {
    const [, printed] = await run(["download", text], missing);
    assert(printed.startsWith(`error: ${text}: `), printed);
  }
});

Deno.test("jsonText() escapes what steers a terminal and loses nothing of it", () => {
  const odd = "a\u009b31m \u202e\u2066 \u2028\u2029 \u200b\ufeff\u{e0041} \u007f\u0085 é 模型 👍🏽";
  const text = jsonText({ odd });
  assertEquals(JSON.parse(text), { odd });
  assert(!/[\u007f-\u009f\p{Cf}\u2028\u2029]/u.test(text), text);
  assert(text.includes("\\u009b31m \\u202e\\u2066 \\u2028\\u2029") && text.includes("é 模型 👍🏽"), text);
  assert(text.includes("\\udb40\\udc41"), text);
});

Deno.test("civikit --json escapes what steers a terminal in what Civitai sends", async () => {
  const me = () => Response.json({ id: 5, username: "a\u009b31m\u202eb" });
  const [, printed] = await run(["whoami", "--json"], me);
  assert(printed.includes("a\\u009b31m\\u202eb"), printed);
});
