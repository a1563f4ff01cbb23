import { assertEquals } from "@std/assert";
import { localTime } from "../../../cli/terminal/text.ts";
import { whyOf } from "../../../cli/terminal/why_of.ts";
import { queueText } from "../../../cli/texts/queue.ts";

Deno.test("whyOf() says until when early access lasts by the clock of this machine, soon ends in minutes", () => {
  const nowMs = Date.UTC(2026, 0, 1);
  const until = (untilMs: number) =>
    whyOf(
      { why: { code: "early_access", status: 403, untilMs }, verdict: null, notBeforeMs: null },
      queueText.en,
      nowMs,
    );
  const farMs = Date.UTC(2099, 0, 1);
  assertEquals(until(farMs), `403 early_access: until ${localTime(farMs)}`);
  assertEquals(until(nowMs + 60_000), "403 early_access: again in 1:00");
});
