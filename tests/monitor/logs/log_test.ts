import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { type Logger, logRequests, metricsRegistry, openLogs } from "../../../monitor/mod.ts";
import { cleaner } from "../../../monitor/logs/clean.ts";
import { wrapDiskError } from "../../../transport/internal.ts";
import { DiskError, HttpError, NetworkError } from "../../../transport/mod.ts";
import { withFolder } from "../../_support/folder.ts";

const key = "0123456789abcdef0123456789abcdef";

const lines = async (path: string) => (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "");

/** Every place a secret could hide in; each goes through the log once. */
const places: Record<string, (secret: string) => [string, Record<string, unknown>?]> = {
  "a message": (secret) => [`sent Authorization: Bearer ${secret} to them`],
  "a query string": (secret) => [`HTTP 403 error for https://civitai.com/api/download/models/1?token=${secret}`],
  "a signed link": (secret) => ["redirect", { to: `https://b2.example/f?X-Amz-Signature=${secret}&X-Amz-Date=1` }],
  "a header": (secret) => ["asking", { headers: new Headers({ authorization: `Bearer ${secret}` }) }],
  "a cookie": (secret) => ["asking", { headers: { Cookie: `a=b; session=${secret}` } }],
  "a cookie in text": (secret) => [`got set-cookie: first=1; second=${secret}; path=/`],
  "a body": (secret) => ["got", { body: JSON.stringify({ apiKey: secret, user: { password: secret } }) }],
  "an object": (secret) => ["settings", { settings: { deep: { api_key: secret, list: [{ clientSecret: secret }] } } }],
  "an error": (secret) => {
    const url = `https://b2.example/f?sig=${secret}`;
    return ["failed", { error: new NetworkError(`fetching "${url}": reset`, { code: "connection_reset", url }) }];
  },
  "the cause of a cause": (secret) => {
    const cause = new Error("outer", {
      cause: new TypeError(`error sending request for url (https://x/?key=${secret})`),
    });
    return ["failed", { error: new HttpError("no", { code: "forbidden", status: 403, url: "https://x/", cause }) }];
  },
  "a URL": (secret) => ["link", { url: new URL(`https://me:${secret}@x.example/a?signature=${secret}#${secret}`) }],
  "a map": (secret) => ["map", { map: new Map([["x-api-key", secret]]) }],
};

for (const format of ["text", "json"] as const) {
  for (const [place, write] of Object.entries(places)) {
    Deno.test(`openLogs() lets no secret through in ${place}, as ${format}`, () =>
      withFolder(async (folder) => {
        using logs = openLogs({ folder, format });
        logs.application.error(...write(key));
        logs.close();
        for (const name of ["application.log", "error.log"]) {
          const text = await Deno.readTextFile(join(folder, name));
          assert(text.length > 10 && !text.includes(key), text);
        }
      }));
  }
}

Deno.test("openLogs() cuts the secrets it was told wherever they stand, also encoded", () =>
  withFolder(async (folder) => {
    const odd = "key/with+signs&more";
    using logs = openLogs({ folder, secrets: [odd, "abc"] });
    logs.application.info(`the server said: ${odd}, and ${encodeURIComponent(odd)}, abc`);
    logs.close();
    const [line] = await lines(join(folder, "application.log"));
    assert(line!.endsWith("the server said: [redacted], and [redacted], abc"), line);
  }));

Deno.test("openLogs() hides fields by the names of secrets, and keeps those that only sound like one", () =>
  withFolder(async (folder) => {
    using logs = openLogs({ folder, format: "json" });
    logs.application.info("x", {
      sig: "a",
      pwd: "b",
      jwt: "c",
      keyword: "d",
      author: "e",
      tokens: 75,
      code: "not_found",
    });
    logs.close();
    const { time: _, level: __, logger: ___, message: ____, ...fields } = JSON.parse(
      (await lines(join(folder, "application.log")))[0]!,
    );
    const cut = "[redacted]";
    assertEquals(fields, { sig: cut, pwd: cut, jwt: cut, keyword: "d", author: "e", tokens: 75, code: "not_found" });
  }));

Deno.test("openLogs() writes the path of a disk error as it is on the disk", () =>
  withFolder(async (folder) => {
    using logs = openLogs({ folder });
    const path = "/models/token: abc/Basic Anime.safetensors";
    logs.application.error("failed", { error: wrapDiskError(new Deno.errors.NotFound("x"), path, "reading") });
    logs.close();
    const [line] = await lines(join(folder, "application.log"));
    assert(line!.includes(path), line);
  }));

Deno.test("openLogs() cuts a secret that stands where a long text is shortened", () =>
  withFolder(async (folder) => {
    using logs = openLogs({ folder, secrets: ["straddling-key-1234567890"] });
    logs.application.info(`${"x".repeat(4090)} straddling-key-1234567890`);
    logs.close();
    assert(!(await Deno.readTextFile(join(folder, "application.log"))).includes("strad"));
  }));

Deno.test("openLogs() keeps one record on one line, whatever a server sends", () =>
  withFolder(async (folder) => {
    using logs = openLogs({ folder });
    logs.application.info("first\n[http_client] 2026-01-01T00:00:00Z ERROR HTTP 500 error for x\r\n\u2028\x1b[31m", {
      body: "a\nb",
    });
    logs.close();
    const found = await lines(join(folder, "application.log"));
    assertEquals(found.length, 1);
    assert(found[0]!.startsWith("[application] ") && !found[0]!.includes("\x1b"), found[0]);
  }));

Deno.test("openLogs() writes JSON lines that any reader takes", () =>
  withFolder(async (folder) => {
    using logs = openLogs({ folder, format: "json" });
    logs.httpClient.info("GET https://a.example/ HTTP 200", { response_time: 12.5 });
    logs.close();
    const [line] = await lines(join(folder, "http_client.log"));
    const { time, level, logger, message, response_time } = JSON.parse(line!);
    assertEquals([level, logger, message, response_time], [
      ...["INFO", "http_client", "GET https://a.example/ HTTP 200", 12.5],
    ]);
    assert(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  }));

Deno.test("openLogs() sorts levels: below the least nothing is written, errors also go to error.log", () =>
  withFolder(async (folder) => {
    using logs = openLogs({ folder, level: "WARN" });
    logs.application.info("unheard");
    logs.application.warn("heard");
    logs.application.error("bad");
    logs.httpClient.error("worse");
    logs.close();
    const words = async (name: string) => (await lines(join(folder, name))).map((line) => line.split(" ").at(-1));
    assertEquals(await words("application.log"), ["heard", "bad"]);
    assertEquals(await words("http_client.log"), ["worse"]);
    assertEquals(await words("error.log"), ["bad", "worse"]);
  }));

Deno.test("openLogs() rotates at its size and keeps so many files, with no line lost among them", () =>
  withFolder(async (folder) => {
    using logs = openLogs({ folder, maxBytes: 2000, keep: 3, bufferSize: 1 });
    for (let n = 0; n < 200; n++) logs.application.info(`line ${n}`);
    logs.close();
    const names = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
    assertEquals(names.filter((name) => name.startsWith("application")), [
      ...["application.log", "application.log.1", "application.log.2", "application.log.3"],
    ]);
    const numbers: number[] = [];
    for (const end of [".3", ".2", ".1", ""]) {
      const path = join(folder, `application.log${end}`);
      assert((await Deno.stat(path)).size <= 2000);
      for (const line of await lines(path)) numbers.push(Number(line.split(" ").at(-1)));
    }
    const first = numbers[0]!;
    assertEquals(numbers, Array.from({ length: 200 - first }, (_, n) => first + n));
  }));

Deno.test("openLogs() goes on with the files of an earlier run", () =>
  withFolder(async (folder) => {
    for (const word of ["one", "two"]) {
      using logs = openLogs({ folder });
      logs.application.info(word);
      logs.close();
    }
    assertEquals((await lines(join(folder, "application.log"))).length, 2);
    if (Deno.build.os !== "windows") {
      assertEquals((await Deno.stat(join(folder, "application.log"))).mode! & 0o777, 0o600);
    }
  }));

Deno.test("openLogs() says what it cannot open, and names options that cannot be", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "file"), "");
    assertThrows(() => openLogs({ folder: join(folder, "file") }), DiskError, "opening the log");
    assertThrows(() => openLogs({ folder, maxBytes: 5 }), RangeError, "maxBytes");
    assertThrows(() => openLogs({ folder, keep: 0 }), RangeError, "keep");
  }));

Deno.test("logRequests() writes what the analysers and people look for", () =>
  withFolder(async (folder) => {
    using logs = openLogs({ folder });
    const registry = metricsRegistry();
    const stop = logRequests(registry, logs);
    const url = "https://civitai.com/api/v1/models/5?token=hush-hush-hush";
    const attempt = { method: "GET", url, durationMs: 41.26, bytes: 0, isAborted: false };
    registry.record({ ...attempt, status: 200, code: undefined });
    registry.record({ ...attempt, status: 404, code: "not_found" });
    registry.record({ ...attempt, status: 0, code: "header_timeout" });
    registry.event({ type: "retry", url: "https://civitai.com/", attempt: 2, delayMs: 5, code: "bad_gateway" }, "c7");
    registry.transfers.track("a.bin").end({ error: new DiskError("x", { code: "no_space", path: "a.bin" }) });
    stop();
    registry.record({ ...attempt, status: 200, code: undefined });
    logs.close();
    const plain = async (name: string) =>
      (await lines(join(folder, name))).map((line) => line.replace(/ \d{4}-\S+Z /, " TIME "));
    const shown = "https://civitai.com/api/v1/models/5?[redacted]";
    assertEquals(await plain("http_client.log"), [
      `[http_client] TIME INFO GET ${shown} HTTP 200 response_time: 41.3`,
      `[http_client] TIME ERROR HTTP 404 error for ${shown} method: GET code: not_found response_time: 41.3`,
      `[http_client] TIME ERROR HTTP header_timeout error for ${shown} method: GET code: header_timeout response_time: 41.3`,
      "[http_client] TIME WARN retry call: c7 url: https://civitai.com/ attempt: 2 delayMs: 5 code: bad_gateway",
    ]);
    assertEquals(await plain("application.log"), [
      `[application] TIME INFO download "a.bin" waiting bytes: 0`,
      `[application] TIME ERROR download "a.bin" failed bytes: 0 code: no_space`,
    ]);
    assertEquals((await lines(join(folder, "error.log"))).length, 3);
  }));

Deno.test("Logger is what console is, too", () => {
  const logger: Logger = console;
  assertEquals(typeof logger.warn, "function");
});

Deno.test("cleaner() bounds what is written of large and deep data", () => {
  const { value, text } = cleaner();
  assertEquals(JSON.stringify(value({ a: { b: { c: { d: { e: { f: 1 } } } } } })), `{"a":{"b":{"c":{"d":{"e":"…"}}}}}`);
  assert(text("x".repeat(100_000)).length < 5000);
  assertEquals((value(Array.from({ length: 900 }, (_, n) => n)) as unknown[]).length, 50);
  assertEquals(value(new Uint8Array(7)), "7 bytes");
  assertEquals([value(5n), value(null), value(undefined), value(true)], ["5", null, undefined, true]);
});
