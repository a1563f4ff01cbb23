import { assert, assertMatch } from "@std/assert";
import { chart } from "../../../monitor/server/chart.ts";
import { textsOf } from "../../../monitor/server/texts.ts";

Deno.test("chart() draws a value between two gaps wide enough to be seen, without an area of its own", async () => {
  const draw = async (values: readonly (number | undefined)[]) =>
    String(
      await chart({
        ...{ id: "errors", title: "Error rate", startMs: 0, stepMs: 5000, least: 1, format: String },
        lines: [{ name: "errors", values }],
      }, textsOf("en")),
    );
  const lonely = await draw([undefined, 10, undefined]);
  assertMatch(lonely, /class="stroke line-errors" d="M297 0h6"/);
  assert(lonely.includes('class="area line-errors" d=""'), lonely);
  assertMatch(await draw([10, undefined, 10]), /d="M0 0h6M594 0h6"/);
  assertMatch(await draw([0, 10]), /class="area line-errors" d="M0 140L600 0V140H0Z"/);
});
