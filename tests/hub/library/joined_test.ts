import { assertEquals, assertRejects } from "@std/assert";
import { joined } from "../../../hub/library/joined.ts";

Deno.test("joined() asks once for all that come while a question is under way", async () => {
  const asked: string[] = [];
  let answer = Promise.withResolvers<void>();
  const look = joined(async (keys: readonly string[]) => {
    asked.push(keys.join());
    await answer.promise;
    return new Map(keys.filter((key) => key !== "c").map((key) => [key, key.toUpperCase()]));
  });
  const first = look("a");
  const later = ["b", "c", "b"].map(look);
  assertEquals(asked, ["a"]);
  answer.resolve();
  assertEquals([await first, ...await Promise.all(later)], ["A", "B", undefined, "B"]);
  assertEquals(asked, ["a", "b,c"]);
  assertEquals(await look("d"), "D");
  answer = Promise.withResolvers();
  answer.promise.catch(() => {});
  const failing = look("e");
  const behind = look("f");
  answer.reject(new Error("down"));
  await assertRejects(() => failing, Error, "down");
  // the next question is one of its own
  await assertRejects(() => behind, Error, "down");
  answer = Promise.withResolvers();
  answer.resolve();
  assertEquals(await look("g"), "G");
  assertEquals(asked, ["a", "b,c", "d", "e", "f", "g"]);
});
