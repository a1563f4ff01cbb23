import { assertEquals } from "@std/assert";
import { counted } from "../../../monitor/server/format.ts";

Deno.test("counted() takes the word for one thing or for several, and a name as it is", () => {
  assertEquals([0, 1, 2, "1", "1,000"].map((count) => counted("{n} {file|files}", count)), [
    ...["0 files", "1 file", "2 files", "1 file", "1,000 files"],
  ]);
  assertEquals(counted("{n} failed", 1), "1 failed");
  for (const name of ["{fp16|fp32}", "$& $1 $$ $`", "{n}"]) assertEquals(counted("Ignore {n}", name), `Ignore ${name}`);
});
