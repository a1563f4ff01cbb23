import { resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { jsonReporter } from "../../cli/terminal/json.ts";
import { plainReporter, quietReporter } from "../../cli/terminal/plain.ts";
import type { Item, Outcome } from "../../cli/terminal/reporter.ts";
import { chooseStyle, plainStyle } from "../../cli/terminal/style.ts";
import { CivikitError } from "../../transport/mod.ts";
import { testIo } from "./_io.ts";

const MiB = 1024 * 1024;
const item: Item = { index: 0, reference: "7", name: "a.bin", path: "downloads/a.bin", totalBytes: 100 * MiB };
const outcome: Outcome = {
  path: "downloads/a.bin",
  bytes: 100 * MiB,
  verified: true,
  verifiedBy: "SHA256",
  resumedBytes: 40 * MiB,
  elapsedMs: 6000,
  skipped: false,
  digests: { SHA256: "AB" },
};

Deno.test("plainReporter() writes a line each ten percent or ten seconds, at most one a second, without codes", () => {
  const io = testIo();
  const reporter = plainReporter({ io, style: plainStyle, locale: "en" });
  const at = (percent: number) =>
    reporter.progress(item, { downloadedBytes: percent * MiB, totalBytes: 100 * MiB, bytesPerSecond: MiB });
  reporter.plan([item]);
  reporter.start(item);
  at(0);
  at(15); // too early
  io.advance(1000);
  at(16);
  io.advance(1000);
  at(17); // the same step
  io.advance(9000);
  at(18); // ten seconds
  io.advance(1000);
  at(35);
  at(100); // its end follows
  reporter.done(item, outcome);
  assertEquals(io.err.split("\n"), [
    "a.bin: started, 100.0 MB",
    "a.bin: 16%, 16.0 MB of 100.0 MB, 1.0 MB/s, 1:24 left",
    "a.bin: 18%, 18.0 MB of 100.0 MB, 1.0 MB/s, 1:22 left",
    "a.bin: 35%, 35.0 MB of 100.0 MB, 1.0 MB/s, 1:05 left",
    "a.bin: done, 100.0 MB in 6.0s (10.0 MB/s), 40.0 MB of it from before, SHA256 verified: downloads/a.bin",
    "",
  ]);
  assertEquals(io.out, "");
});

Deno.test("plainReporter() says where a file that was begun goes on, and prints no start of one that is there", () => {
  const io = testIo();
  const reporter = plainReporter({ io, style: plainStyle, locale: "en" });
  const items = [item, { ...item, index: 1, name: "b.bin" }, {
    ...item,
    index: 2,
    name: "c.bin",
    totalBytes: undefined,
  }];
  reporter.plan(items);
  for (const one of items) reporter.start(one);
  reporter.done(item, { ...outcome, skipped: true });
  const progress = { downloadedBytes: 40 * MiB, totalBytes: undefined, bytesPerSecond: 0 };
  for (const one of items.slice(1)) reporter.progress(one, progress);
  assertEquals(io.err.split("\n"), [
    "[1/3] a.bin: already there, 100.0 MB, SHA256 verified: downloads/a.bin",
    "[2/3] b.bin: going on from 40.0 MB of 100.0 MB",
    "[3/3] c.bin: going on from 40.0 MB",
    "",
  ]);
});

Deno.test("plainReporter() says so when nothing was verified, and when the file was already there", () => {
  const io = testIo();
  const reporter = plainReporter({ io, style: plainStyle, locale: "en" });
  reporter.done(item, { ...outcome, verified: false, resumedBytes: 0 });
  reporter.done(item, { ...outcome, skipped: true });
  const [first, second] = io.err.split("\n");
  assert(first!.includes("not verified: no hash was compared"), first);
  assertEquals(second, "a.bin: already there, 100.0 MB, SHA256 verified: downloads/a.bin");
});

Deno.test("quietReporter() writes failures alone, in the reader's language", () => {
  const io = testIo();
  const reporter = quietReporter({ io, style: plainStyle, locale: "zh-TW" });
  reporter.plan([item]);
  reporter.start(item);
  reporter.done(item, outcome);
  reporter.failed(new CivikitError(`opening "x": no space left`, { code: "no_space" }), "a.bin", item);
  assert(io.err.startsWith(`錯誤：a.bin: 磁碟空間不足\n  opening "x": no space left\n  原因：`), io.err);
});

Deno.test("jsonReporter() writes the documented events, one a line, progress at most twice a second", () => {
  const io = testIo();
  const reporter = jsonReporter({ io, locale: "en", withProgress: true });
  reporter.plan([item, { ...item, index: 1, totalBytes: undefined }]);
  reporter.start(item);
  for (let step = 1; step <= 10; step++) {
    reporter.progress(item, { downloadedBytes: step, totalBytes: undefined, bytesPerSecond: 1.4 });
    io.advance(100);
  }
  reporter.done(item, outcome);
  reporter.failed(new CivikitError("asking https://a.example/x?token=secret", { code: "not_found" }), "model:9");
  reporter.summary({
    done: 1,
    skipped: 0,
    failed: 1,
    unfinished: 0,
    bytes: 5,
    fetchedBytes: 9,
    elapsedMs: 12.6,
    exitCode: 4,
  });
  const events = io.out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.map(({ event }) => event), ["plan", "start", "progress", "progress", "done", "error", "summary"]);
  assertEquals(events[0], { event: "plan", files: 2, totalBytes: null });
  assertEquals(events[1], {
    event: "start",
    index: 0,
    reference: "7",
    file: "a.bin",
    path: resolve("downloads/a.bin"),
    totalBytes: 100 * MiB,
  });
  assertEquals(events[2], {
    event: "progress",
    index: 0,
    downloadedBytes: 1,
    totalBytes: null,
    bytesPerSecond: 1,
    connections: 1,
  });
  assertEquals(events[4], {
    event: "done",
    index: 0,
    reference: "7",
    path: "downloads/a.bin",
    bytes: 100 * MiB,
    verified: true,
    verifiedBy: "SHA256",
    hashes: { SHA256: "AB" },
    resumedBytes: 40 * MiB,
    skipped: false,
    elapsedMs: 6000,
    baseModel: null,
    trainedWords: [],
  });
  const { message, action, ...error } = events[5];
  assertEquals(error, {
    event: "error",
    index: null,
    reference: "model:9",
    code: "not_found",
    reason: null,
    exitCode: 4,
    title: "Not found",
    server: null,
    retryAfterMs: null,
  });
  assert(action.length > 10 && !message.includes("secret"), message);
  assertEquals(events[6].exitCode, 4);
  assertEquals(io.err, "");
});

Deno.test("chooseStyle() obeys --color, NO_COLOR and TERM=dumb, and colours nothing that is no terminal", () => {
  const isColoured = (env: Record<string, string>, isTerminal: boolean, wanted?: boolean) =>
    chooseStyle({ env: (name) => env[name], isTerminal }, wanted).bad("x") !== "x";
  assertEquals(isColoured({}, true), true);
  assertEquals(isColoured({ NO_COLOR: "" }, true), true);
  assertEquals(isColoured({ NO_COLOR: "1" }, true), false);
  assertEquals(isColoured({ TERM: "dumb" }, true), false);
  assertEquals(isColoured({}, false), false);
  assertEquals(isColoured({ NO_COLOR: "1" }, false, true), true);
  assertEquals(isColoured({}, true, false), false);
});
