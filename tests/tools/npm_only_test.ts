import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unreachable,
} from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { promptSecret } from "@std/cli/prompt-secret";
import { unicodeWidth } from "@std/cli/unicode-width";
import * as cli from "@std/cli";
import { eTag, ifNoneMatch } from "@std/http/etag";
import { accepts } from "@std/http/negotiation";
import { type ServerSentEventMessage, ServerSentEventStream } from "@std/http/server-sent-event-stream";
import { Logger, type LogRecord, RotatingFileHandler } from "@std/log";
import * as nodeAssert from "node:assert";

// What the rest of the suite relies on. It holds for the real @std packages and for the adapters of tools/npm_only
// alike, whichever of them this network gives. It judges with node:assert, so that nothing vouches for itself.

Deno.test("@std/assert: equality is structural, and an absent key is not an undefined one", () => {
  const same: [unknown, unknown][] = [
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    [new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer],
    [new Map([[{ k: 1 }, [1]]]), new Map([[{ k: 1 }, [1]]])],
    [new Set([[1], [2]]), new Set([[2], [1]])],
    [new Date(5), new Date(5)],
    [new URL("https://example.com/a"), new URL("https://example.com/a")],
    [/a/g, /a/g],
    [NaN, NaN],
    [undefined, undefined],
  ];
  for (const [a, b] of same) {
    nodeAssert.strictEqual(equal(a, b), true);
    assertEquals(a, b);
    nodeAssert.throws(() => assertNotEquals(a, b), AssertionError);
  }
  const different: [unknown, unknown][] = [
    [{ a: undefined }, {}],
    [{}, { a: undefined }],
    [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
    [new Uint8Array([1]), [1]],
    [new Map([["a", 1]]), new Map([["a", 2]])],
    [new Map([["a", undefined]]), new Map([["b", undefined]])],
    [new Set([1]), new Set([2])],
    [new Date(5), new Date(6)],
    [new URL("https://example.com/a"), new URL("https://example.com/b")],
    [/a/g, /a/i],
    [1, "1"],
    [null, undefined],
    [[1, 2], [1]],
    [new TypeError("a"), new RangeError("a")],
  ];
  for (const [a, b] of different) {
    nodeAssert.strictEqual(equal(a, b), false);
    assertNotEquals(a, b);
    nodeAssert.throws(() => assertEquals(a, b, "the note"), { name: "AssertionError", message: /the note/ });
  }
});

Deno.test("@std/assert: assertThrows() and assertRejects() return the error and check class and message", async () => {
  const error = new TypeError("a long message");
  const throwing = () => {
    throw error;
  };
  nodeAssert.strictEqual(assertThrows(throwing), error);
  const typed: TypeError = assertThrows(throwing, TypeError, "long");
  nodeAssert.strictEqual(typed, error);
  for (
    const wrong of [
      () => assertThrows(() => 1),
      () => assertThrows(throwing, RangeError),
      () => assertThrows(throwing, TypeError, "short"),
      () => assertIsError("text"),
      () => assertIsError(error, RangeError),
      () => assertIsError(error, TypeError, /short/),
    ]
  ) nodeAssert.throws(wrong, AssertionError);
  assertIsError(error, TypeError, /long/);

  const rejecting = () => Promise.reject(error);
  nodeAssert.strictEqual(await assertRejects(rejecting), error);
  const rejected: TypeError = await assertRejects(rejecting, TypeError, "long");
  nodeAssert.strictEqual(rejected, error);
  nodeAssert.strictEqual(await assertRejects(() => Promise.reject("text")), "text");
  for (
    const wrong of [
      () => assertRejects(() => Promise.resolve(1)),
      () => assertRejects(rejecting, RangeError),
      () => assertRejects(rejecting, TypeError, "short"),
      () => assertRejects(() => Promise.reject("text"), Error),
      () => assertRejects(throwing),
    ]
  ) await nodeAssert.rejects(wrong, AssertionError);
});

Deno.test("@std/assert: assertObjectMatch() looks only at what is named", () => {
  const actual = { a: 1, b: { c: [1, { d: 2, e: 3 }], f: 4 }, g: new Date(5) };
  assertObjectMatch(actual, { b: { c: [1, { e: 3 }] }, g: new Date(5) });
  for (const expected of [{ b: { c: [2] } }, { h: 1 }, { g: new Date(6) }, { a: undefined }]) {
    nodeAssert.throws(() => assertObjectMatch(actual, expected), AssertionError);
  }
});

Deno.test("@std/assert: every other assertion passes and fails as its name says", () => {
  const passing: (() => void)[] = [
    () => assert(1),
    () => assertFalse(0),
    () => assertExists(""),
    () => assertStrictEquals(passing, passing),
    () => assertNotStrictEquals({}, {}),
    () => assertGreater(2, 1),
    () => assertGreaterOrEqual(2, 2),
    () => assertLess(1, 2),
    () => assertLessOrEqual(2, 2),
    () => assertAlmostEquals(0.1 + 0.2, 0.3),
    () => assertMatch("abc", /b/),
    () => assertNotMatch("abc", /d/),
    () => assertStringIncludes("abc", "bc"),
    () => assertArrayIncludes([{ a: 1 }, 2], [2, { a: 1 }]),
    () => assertInstanceOf(new Date(), Date),
    () => assertNotInstanceOf({}, Date),
  ];
  const failing: (() => void)[] = [
    () => assert(0),
    () => assertFalse(1),
    () => assertExists(null),
    () => assertStrictEquals({}, {}),
    () => assertNotStrictEquals(passing, passing),
    () => assertGreater(1, 1),
    () => assertGreaterOrEqual(1, 2),
    () => assertLess(1, 1),
    () => assertLessOrEqual(2, 1),
    () => assertAlmostEquals(1, 1.01),
    () => assertMatch("abc", /d/),
    () => assertNotMatch("abc", /b/),
    () => assertStringIncludes("abc", "ac"),
    () => assertArrayIncludes([{ a: 1 }], [{ a: 2 }]),
    () => assertInstanceOf({}, Date),
    () => assertNotInstanceOf(new Date(), Date),
    () => fail("no"),
    () => unreachable("no"),
  ];
  for (const each of passing) each();
  for (const each of failing) nodeAssert.throws(each, AssertionError, each.toString());
});

Deno.test("@std/cli: parseArgs() reads strings, booleans, aliases, defaults and what follows --", () => {
  const args = parseArgs(["--dir", "models", "-q", "--parallel=4", "get", "128713", "--", "-x"], {
    string: ["_", "dir", "parallel", "file"],
    boolean: ["quiet", "json"],
    alias: { q: "quiet" },
    default: { file: "primary" },
    "--": true,
  });
  const dir: string | undefined = args.dir;
  const quiet: boolean = args.quiet;
  assertEquals([dir, quiet, args.json, args.parallel, args.file], ["models", true, false, "4", "primary"]);
  assertEquals<unknown>(args._, ["get", "128713"]);
  assertEquals(args["--"], ["-x"]);
});

Deno.test("@std/cli: parseArgs() collects on request only, and the last value wins otherwise", () => {
  const args = parseArgs(["--tag=a", "--tag", "b", "--dir=1", "--dir=2"], {
    string: ["tag", "dir", "none"],
    collect: ["tag", "none"],
  });
  const tags: string[] = args.tag;
  assertEquals([tags, args.dir, args.none], [["a", "b"], "2", []]);
});

Deno.test("@std/cli: parseArgs() negates only what is negatable", () => {
  const args = parseArgs(["--no-color", "--no-cache"], {
    boolean: ["color", "cache"],
    negatable: ["color"],
    default: { color: true, cache: true },
  });
  assertEquals([args.color, args.cache, args["no-cache"]], [false, true, true]);
});

Deno.test("@std/cli: parseArgs() reports what is not declared, and stops early when asked to", () => {
  const seen: unknown[] = [];
  const args = parseArgs(["--dir=a", "--bogus=1", "--no-such", "-z"], {
    string: ["dir"],
    unknown: (arg, key) => {
      seen.push([arg, key]);
      return false;
    },
  });
  assertEquals(seen, [["--bogus=1", "bogus"], ["--no-such", "no-such"], ["-z", "z"]]);
  assertEquals(Object.keys(args).sort(), ["_", "dir"]);
  assertEquals(parseArgs(["--a", "get", "--b"], { boolean: ["a", "b"], stopEarly: true })._, ["get", "--b"]);
});

Deno.test("@std/cli: unicodeWidth() counts terminal columns", () => {
  const widths = ["hello world", "天地玄黃", "ｆｕｌｌ", "e\u0301", "", "голубой"].map(unicodeWidth);
  assertEquals(widths, [11, 8, 8, 1, 0, 7]);
});

Deno.test("@std/cli: promptSecret() is null without a terminal, and mod offers all three", async () => {
  assertEquals([cli.parseArgs, cli.promptSecret, cli.unicodeWidth], [parseArgs, promptSecret, unicodeWidth]);
  const { registryFlags } = await import("../../tools/registry.ts");
  const script = `import { promptSecret } from "@std/cli"; console.log(JSON.stringify(promptSecret("Key")));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", ...await registryFlags(), script],
    cwd: new URL("../../", import.meta.url),
    stdin: "null",
  }).output();
  assertEquals(new TextDecoder().decode(stdout).trim(), "null");
});

Deno.test("@std/http: eTag() is strong and tells texts apart, ifNoneMatch() compares weakly", async () => {
  const [one, same, other, none] = await Promise.all([eTag("天地"), eTag("天地"), eTag("玄黃"), eTag("")]);
  assertEquals([one, new Set([one, other, none]).size], [same, 3]);
  for (const tag of [one, other, none]) assert(/^"[!#-~]+"$/.test(tag!), tag);
  for (const held of [one, `W/${one}`, `"x", ${one}`, `W/"x" ,W/${one}`, "*"]) {
    assertEquals([ifNoneMatch(held!, one), ifNoneMatch(held!, `W/${one}`)], [false, false], held);
  }
  for (const held of [other, `"x", ${none}`, one!.slice(1, -1), "", null]) assertEquals(ifNoneMatch(held!, one), true);
});

Deno.test("@std/http: accepts() takes what is preferred, and the first where nothing is", () => {
  const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
  const cases: [accept: string | undefined, type: string | undefined][] = [
    [undefined, "application/json"],
    ["*/*", "application/json"],
    ["application/json", "application/json"],
    [browser, "text/html"],
    ["text/html", "text/html"],
    ["text/*", "text/html"],
    ["text/html;q=0.5, application/json", "application/json"],
    ["text/html;q=0, */*", "application/json"],
    ["image/png", undefined],
  ];
  for (const [accept, type] of cases) {
    const headers = new Headers(accept === undefined ? {} : { accept });
    assertEquals(accepts({ headers } as Request, "application/json", "text/html"), type, accept);
  }
});

Deno.test("@std/http: ServerSentEventStream encodes messages, and refuses line ends where there can be none", async () => {
  const encode = (...messages: ServerSentEventMessage[]) =>
    new Response(ReadableStream.from(messages).pipeThrough(new ServerSentEventStream())).text();
  assertEquals(
    await encode({ id: "a-1", event: "hello", data: "one\r\ntwo", retry: 2000 }, { comment: "busy" }, { id: 7 }),
    "event:hello\ndata:one\ndata:two\nid:a-1\nretry:2000\n\n:busy\n\nid:7\n\n",
  );
  for (const name of ["comment", "event", "id"]) await assertRejects(() => encode({ [name]: "a\nb" }), SyntaxError);
});

Deno.test("@std/log: a logger hands levels, names and arguments to a rotating file that keeps so many old ones", async () => {
  const folder = await Deno.makeTempDir();
  const filename = `${folder}/a.log`;
  const formatter = ({ levelName, loggerName, msg, args, datetime }: LogRecord) =>
    `${levelName} ${loggerName} ${msg} ${JSON.stringify(args)} ${datetime instanceof Date}`;
  const open = (maxBytes: number, bufferSize: number) => {
    const handler = new RotatingFileHandler("INFO", {
      ...{ filename, formatter, maxBytes, maxBackupCount: 2, bufferSize, mode: "a" as const },
    });
    handler.setup();
    return handler;
  };
  const handler = open(10_000, 4096);
  const logger = new Logger("mine", "INFO", { handlers: [handler] });
  logger.debug("unheard");
  assertEquals(logger.info("one", { x: 1 }), "one");
  logger.error("two");
  handler.flush();
  const text = await Deno.readTextFile(filename);
  assertEquals(text, 'INFO mine one [{"x":1}] true\nERROR mine two [] true\n');
  handler.destroy();

  const small = open(120, 0);
  const busy = new Logger("mine", "WARN", { handlers: [small] });
  for (let n = 0; n < 20; n++) busy.warn(`line ${n}`);
  small.destroy();
  const names = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
  assertEquals(names, ["a.log", "a.log.1", "a.log.2"]);
  const kept = await Promise.all([".2", ".1", ""].map((end) => Deno.readTextFile(filename + end)));
  assertEquals(kept.every((part) => part.length <= 120), true);
  const numbers = kept.join("").trim().split("\n").map((line) => Number(line.split(" ")[3]));
  assertEquals(numbers, Array.from({ length: numbers.length }, (_, n) => 20 - numbers.length + n));
  await Deno.remove(folder, { recursive: true });
});
