import { assertEquals } from "@std/assert";
import { remembered } from "../../../transport/internal.ts";

Deno.test("remembered() works once for each text, until it knows too many", () => {
  const worked: string[] = [];
  const lengthOf = remembered(2, (text) => {
    worked.push(text);
    return text.length;
  });
  assertEquals(["a", "bb", "a", "", "bb", "a"].map(lengthOf), [1, 2, 1, 0, 2, 1]);
  assertEquals(worked, ["a", "bb", "", "bb", "a"]);
});
