import { assert, assertEquals } from "@std/assert";
import { unicodeWidth } from "@std/cli/unicode-width";
import { type BarState, renderBar } from "../../cli/terminal/bar.ts";
import { barReporter } from "../../cli/terminal/bars.ts";
import { painter } from "../../cli/terminal/painter.ts";
import type { Item, Outcome, Summary } from "../../cli/terminal/reporter.ts";
import { plainStyle } from "../../cli/terminal/style.ts";
import { CivikitError } from "../../transport/mod.ts";
import { screen, testIo } from "./_io.ts";

const MiB = 1024 * 1024;

const state: BarState = {
  label: "dreamshaper_8.safetensors",
  downloadedBytes: 900 * MiB,
  totalBytes: 2000 * MiB,
  bytesPerSecond: 85 * MiB,
  connections: 4,
  phase: "",
  tick: 0,
};

const item = (index: number, name: string, totalBytes: number | undefined): Item => {
  return { index, reference: String(index), name, path: `downloads/${name}`, totalBytes };
};

const outcome = (path: string, bytes: number): Outcome => {
  const timing = { resumedBytes: 0, elapsedMs: 2000, skipped: false };
  return { path, bytes, verified: true, verifiedBy: "SHA256", digests: {}, ...timing };
};

const summary: Summary = {
  done: 1,
  skipped: 0,
  failed: 1,
  unfinished: 0,
  bytes: 1,
  fetchedBytes: 1,
  elapsedMs: 1,
  exitCode: 4,
};

Deno.test("renderBar() fits every width from 1 to 200, whatever the name and the state", () => {
  const names = ["a.bin", "dreamshaper_8.safetensors", "超高解析度寫實風格模型第二版.safetensors", "a👨‍👩‍👧‍👦b👍🏽.bin"];
  for (const label of names) {
    for (const totalBytes of [undefined, 0, 1, 2000 * MiB, 3e12]) {
      for (const phase of ["", "verifying"]) {
        for (let columns = 1; columns <= 200; columns++) {
          const line = renderBar({ ...state, label, totalBytes, phase }, columns, unicodeWidth(label));
          assert(unicodeWidth(line) <= Math.max(1, columns - 1), `${columns}: ${line}`);
        }
      }
    }
  }
});

Deno.test("renderBar() drops the least important first as the terminal narrows", () => {
  const label = "超高解析度寫實風格.safetensors";
  const at = (columns: number) => renderBar({ ...state, label }, columns, unicodeWidth(label));
  assertEquals(
    at(120),
    `${label}  [==============>                    ]   45%      0.9/2.0 GB   85.0 MB/s  ETA 13s    x4`,
  );
  assertEquals(at(80), "超高解析…寫實風格  [==>     ]   45%      0.9/2.0 GB   85.0 MB/s  ETA 13s    x4");
  assertEquals(at(40), "超高解析度寫實風格      45%   85.0 MB/s");
  assertEquals(at(20), "超高解…實風格   45%");
});

Deno.test("renderBar() becomes a spinner while the size is unknown", () => {
  const lines = [0, 1, 2, 3].map((tick) => renderBar({ ...state, totalBytes: undefined, tick }, 80, 25));
  assertEquals(new Set(lines).size, 4);
  for (const line of lines) {
    assert(line.includes("900.0 MB") && !line.includes("%") && line.includes("ETA --:--"), line);
  }
});

Deno.test("renderBar() shows a whole file as whole, and never more than 100%", () => {
  for (const downloadedBytes of [2000 * MiB, 2001 * MiB]) {
    const line = renderBar({ ...state, downloadedBytes, phase: "verifying" }, 100, 25);
    assert(line.includes("100%") && line.includes("verifying") && !line.includes(">"), line);
  }
});

Deno.test("painter() repaints in one write, hides the cursor while it paints, and gives it back once", () => {
  const io = testIo({ isTerminal: true });
  const canvas = painter(io);
  canvas.paint(["one", "two"]);
  canvas.paint(["one", "two"]);
  canvas.paint(["ONE", "two"]);
  assertEquals(io.writes.length, 2, "the same picture is not painted twice");
  canvas.above("for good\n");
  assertEquals(screen(io.err), ["for good", "ONE", "two", ""]);
  canvas.paint(["last"]);
  assertEquals(screen(io.err), ["for good", "last", ""]);
  canvas.close();
  canvas.close();
  assertEquals(screen(io.err), ["for good", ""]);
  assertEquals(io.err.split("\x1b[?25l").length - 1, 1);
  assertEquals(io.err.split("\x1b[?25h").length - 1, 1);
  assert(io.err.lastIndexOf("\x1b[?25h") > io.err.lastIndexOf("\x1b[?25l"));
});

Deno.test("painter() finds its first line again after the window became narrower", () => {
  const io = testIo({ isTerminal: true, columns: 80 });
  const canvas = painter(io);
  canvas.paint(["x".repeat(70), "y".repeat(30)]);
  io.resize(40); // the terminal now shows the first line in two rows
  canvas.paint(["short"]);
  assert(io.writes.at(-1)!.startsWith("\x1b[3F"), JSON.stringify(io.writes.at(-1)));
  canvas.close();
});

Deno.test("barReporter() shows active files and a total, leaves a line for each end, and cleans up", () => {
  const io = testIo({ isTerminal: true, columns: 80 });
  const reporter = barReporter({ io, style: plainStyle, locale: "en" });
  const a = item(0, "a.bin", 100 * MiB);
  const b = item(1, "b.bin", 300 * MiB);
  const c = item(2, "c.bin", 100 * MiB);
  reporter.plan([a, b, c]);
  reporter.start(a);
  reporter.start(b);
  reporter.progress(a, { downloadedBytes: 50 * MiB, totalBytes: 100 * MiB, bytesPerSecond: 10 * MiB });
  reporter.connections(a, 4);
  io.advance(100);
  let lines = screen(io.err);
  assertEquals(lines.length, 4, lines.join("\n"));
  assert(lines[0]!.startsWith("a.bin") && lines[0]!.includes(" 50%") && lines[0]!.includes("x4"), lines[0]!);
  assert(lines[1]!.startsWith("b.bin") && lines[1]!.includes(" 0%"), lines[1]!);
  assert(lines[2]!.startsWith("total 0/3") && lines[2]!.includes(" 10%"), lines[2]!);

  reporter.done(a, outcome("downloads/a.bin", 100 * MiB));
  reporter.failed(new CivikitError("asking for b", { code: "not_found" }), "b.bin", b);
  reporter.start(c);
  io.advance(100);
  lines = screen(io.err);
  assertEquals(lines[0], "done: downloads/a.bin: 100.0 MB in 2.0s (50.0 MB/s), SHA256 verified");
  assertEquals(lines[1], "error: b.bin: Not found");
  assert(lines.some((line) => line.startsWith("  next: ")), lines.join("\n"));
  assert(lines.at(-2)!.startsWith("total 2/3") && lines.at(-3)!.startsWith("c.bin"), lines.join("\n"));
  assert(!lines.some((line) => line.startsWith("b.bin")), "a file that ended has no bar");

  reporter.summary(summary);
  reporter.close();
  reporter.close();
  lines = screen(io.err);
  assertEquals(lines.at(-2), "1 downloaded, 1 failed; 1 B in 0.0s");
  assert(io.err.endsWith("\x1b[?25h"));
  const { length } = io.writes;
  io.advance(1000);
  assertEquals(io.writes.length, length, "nothing is painted after the end");
});

Deno.test("barReporter() repaints at most ten times a second however often progress comes", () => {
  const io = testIo({ isTerminal: true });
  const reporter = barReporter({ io, style: plainStyle, locale: "en" });
  const file = item(0, "a.bin", 1000);
  reporter.plan([file]);
  reporter.start(file);
  for (let step = 0; step < 10; step++) {
    for (let at = 0; at < 100; at++) {
      reporter.progress(file, { downloadedBytes: step * 100 + at, totalBytes: 1000, bytesPerSecond: 1 });
    }
    io.advance(100);
  }
  assertEquals(io.writes.length, 10);
  reporter.close();
});
