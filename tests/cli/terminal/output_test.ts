import { assertEquals } from "@std/assert";
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

Deno.test("output().table() cuts words to the terminal, and shows rows as lines where that would cut too much", () => {
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
    "ID     1",
    "STATE  waiting",
    "SIZE   256.0 MB",
    "NAME   bigHarbour_v10.safetensors",
    "WHY    403 early_access",
    "",
    "ID     2",
    "STATE  done",
    "SIZE   2.0 MB",
    "NAME   twin.safetensors",
  ]);
  assertEquals(shownAt(60, true, true)[0], "ID     1");
  // a file or a pipe is no terminal, however narrow the one of the remarks is
  assertEquals(shownAt(40, false)[1], "1   waiting  256.0 MB  bigHarbour_v10.safetensors  403 early_access");
});
