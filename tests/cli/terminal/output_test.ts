import { assertEquals } from "@std/assert";
import { tableText } from "../../../cli/terminal/columns.ts";
import { output, type OutputOptions } from "../../../cli/terminal/output.ts";
import { plainStyle } from "../../../cli/terminal/style.ts";
import { CivikitError } from "../../../transport/mod.ts";
import { screen, testIo } from "../_io.ts";

const lost = new CivikitError("asking for a model: there is none", { code: "not_found" });
const full = new CivikitError("writing a file: no room", { code: "no_space" });

/** Says one of everything; the title is all that is kept of a failure. */
function printed(options: OutputOptions): { out: string[]; err: string[]; code: number } {
  const io = testIo();
  using out = output({ io, style: plainStyle, locale: "en" }, options);
  out.emit({ event: "found", id: 1 });
  out.emit({ event: "found", id: 2 }, "found 2");
  out.show({ id: 3 }, "three\n");
  out.table([["ID"], ["4"]]);
  out.note("a remark");
  out.fail(lost, "model 5", { event: "missing", id: 5 });
  const code = out.finish({ found: 2 }, "2 found\n");
  const lines = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("  "));
  return { out: lines(io.out), err: lines(io.err), code };
}

Deno.test("output() prints results and the summary on one stream, remarks and failures on the other", () => {
  assertEquals(printed({}), {
    out: ["three", "ID", "4", "2 found"],
    err: ["found 2", "a remark", "error: model 5: Not found"],
    code: 4,
  });
  assertEquals(printed({ quiet: true }), { out: [], err: ["error: model 5: Not found"], code: 4 });
});

Deno.test("output() with json says of a failure the exit code that counts, also where its command has one of its own", () => {
  const io = testIo();
  using out = output({ io, style: plainStyle, locale: "en" }, { json: true });
  out.fail(full, "model 5", { event: "damaged" }, 7);
  assertEquals([out.finish({}, ""), ...io.out.trim().split("\n").map((line) => JSON.parse(line).exitCode)], [7, 7, 7]);
});

Deno.test("output() with json prints a line for each event, and none of the text", () => {
  const { out, err, code } = printed({ json: true, quiet: true });
  assertEquals([err, code], [[], 4]);
  assertEquals(out.map((line) => JSON.parse(line)), [
    { event: "found", id: 1 },
    { event: "found", id: 2 },
    { id: 3 },
    { event: "missing", id: 5, code: "not_found", reason: null, exitCode: 4, message: lost.message },
    { event: "summary", found: 2, exitCode: 4 },
  ]);
});

Deno.test("output() ends with the code that all failures share, else 1, and a code of the event's own counts", () => {
  const end = (...failures: [unknown, number?][]) => {
    using out = output({ io: testIo(), style: plainStyle, locale: "en" }, {});
    for (const [error, code] of failures) out.fail(error, "x", { event: "error" }, code);
    return out.finish({}, "");
  };
  assertEquals([end(), end([lost], [lost]), end([lost], [full]), end([lost, 7], [full, 7])], [0, 4, 1, 7]);
});

Deno.test("output() keeps its line of progress below what it says, and takes it away at the end", () => {
  const io = testIo({ isTerminal: true });
  using out = output({ io, style: plainStyle, locale: "en" }, {});
  out.progress("half");
  out.note("a remark");
  assertEquals(screen(io.err).filter(Boolean), ["a remark", "half"]);
  out.finish({}, "");
  assertEquals(screen(io.err).filter(Boolean), ["a remark"]);
});

Deno.test("output().table() cuts words to the terminal, and lets rows flow where that would cut too much", () => {
  const shownAt = (columns: number, isOutTerminal = true, isWhole = false) => {
    const io = testIo({ columns, isTerminal: true, isOutTerminal });
    using out = output({ io, style: plainStyle, locale: "en" }, {});
    out.table([
      ["ID", "STATE", "SIZE", "NAME", "WHY"],
      ["1", "waiting", "256.0 MB", "bigHarbour_v10.safetensors", "403 early_access"],
      ["2", "done", "2.0 MB", "twin.safetensors", ""],
    ], { isWhole });
    return io.out.trimEnd().split("\n");
  };
  assertEquals(shownAt(60), [
    "ID  STATE    SIZE      NAME                 WHY",
    "1   waiting  256.0 MB  bigHarbour_v10       403 early_access",
    "2   done     2.0 MB    twin.safetensors",
  ]);
  assertEquals(shownAt(40), [
    "ID · STATE · SIZE · NAME · WHY",
    "1 · waiting · 256.0 MB",
    "  bigHarbour_v10.safetensors",
    "  403 early_access",
    "2 · done · 2.0 MB · twin.safetensors",
  ]);
  assertEquals(shownAt(60, true, true)[0], "ID · STATE · SIZE · NAME · WHY");
  // a file or a pipe is no terminal, however narrow the one of the remarks is
  assertEquals(shownAt(40, false)[1], "1   waiting  256.0 MB  bigHarbour_v10.safetensors  403 early_access");
});

Deno.test("rows that flow keep their cells whole and in their place, and are as wide as the terminal shows them", () => {
  const text = tableText([
    ["檔案", "大小", "模型", "版本", "基礎模型"],
    ["燈籠/紙燈籠的長名字第二版.safetensors", "64.0 KB", "紙燈籠", "", "SDXL 1.0"],
    ["a.pt", "1 B", "", "", ""],
  ], 40);
  assertEquals(text.split("\n"), [
    "檔案 · 大小 · 模型 · 版本 · 基礎模型",
    "燈籠/紙燈籠的長名字第二版.safetensors",
    "  64.0 KB · 紙燈籠 · - · SDXL 1.0",
    "a.pt · 1 B",
    "",
  ]);
});

Deno.test("output().facts() breaks a long value at words beside its name, but no path", () => {
  const shownAt = (columns: number | undefined) => {
    const io = testIo({ ...(columns !== undefined && { columns, isTerminal: true }) });
    using out = output({ io, style: plainStyle, locale: "en" }, {});
    out.facts([["path", "/a folder with a long name/a model with another"], [
      "words",
      "lanternstyle, paper lantern, glowing at night",
    ]]);
    return io.out;
  };
  const path = "path   /a folder with a long name/a model with another\n";
  assertEquals(shownAt(40), `${path}words  lanternstyle, paper lantern,\n       glowing at night\n`);
  assertEquals(shownAt(undefined), `${path}words  lanternstyle, paper lantern, glowing at night\n`);
});
