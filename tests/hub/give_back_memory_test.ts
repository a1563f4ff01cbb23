import { assert } from "@std/assert";
import { giveBackMemory } from "../../hub/give_back_memory.ts";

Deno.test("giveBackMemory() gives back what bulky work has left, and leaves no gc() behind", async () => {
  let rows: unknown[] = Array.from({ length: 400_000 }, (_, index) => ({ name: String(index) }));
  assert(rows.length > 0);
  rows = [];
  const { heapTotal } = Deno.memoryUsage();
  await giveBackMemory();
  const left = Deno.memoryUsage().heapTotal;
  assert(left < heapTotal - 10 * 1024 ** 2, `${heapTotal} bytes before, ${left} after`);
  assert(!("gc" in globalThis));
});
