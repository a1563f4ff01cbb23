import { assert, assertEquals, assertThrows } from "@std/assert";
import { SpanSet } from "../../../transport/body/spans.ts";
import { randomFrom } from "../../_origin/mod.ts";

/** The spans of a bitmap, found the slow way. */
function runs(bitmap: Uint8Array, value: number): { start: number; end: number }[] {
  const found = [];
  for (let at = 0; at < bitmap.length;) {
    const start = at;
    while (at < bitmap.length && bitmap[at] === value) at++;
    if (at > start) found.push({ start, end: at });
    else at++;
  }
  return found;
}

Deno.test("SpanSet agrees with a bitmap over random operations (faults row 36)", () => {
  const length = 96;
  for (let seed = 1; seed <= 300; seed++) {
    const uniform = randomFrom(seed);
    const random = (below: number) => Math.floor(uniform() * below);
    const bitmap = new Uint8Array(length);
    const set = new SpanSet();
    for (let step = 0; step < 60; step++) {
      const start = random(length);
      const end = start + random(length - start + 1);
      const adding = random(3) > 0;
      if (adding) set.add(start, end);
      else set.remove(start, end);
      bitmap.fill(adding ? 1 : 0, start, end);

      const state = `seed ${seed} step ${step}`;
      const covered = bitmap.reduce((sum, bit) => sum + bit, 0);
      assertEquals([...set], runs(bitmap, 1), state);
      assertEquals(set.covered, covered, state);
      assertEquals(set.size, runs(bitmap, 1).length, state);
      assertEquals(set.holes(length), runs(bitmap, 0), state);
      const total = random(length + 1);
      assertEquals(set.holes(total), runs(bitmap.subarray(0, total), 0), state);
      assertEquals(set.prefix, bitmap.indexOf(0) === -1 ? length : bitmap.indexOf(0), state);
      const from = random(length);
      const to = from + random(length - from + 1);
      const inside = runs(bitmap.subarray(from, to), 0).map(({ start, end }) => ({
        start: start + from,
        end: end + from,
      }));
      assertEquals(set.holes(to, from), inside, state);
      assertEquals(set.has(from, to), bitmap.subarray(from, to).every((bit) => bit === 1), state);
    }
  }
});

Deno.test("SpanSet merges neighbours and counts doubled bytes once", () => {
  const set = new SpanSet([{ start: 4, end: 8 }, { start: 0, end: 4 }]);
  set.add(2, 6);
  assertEquals([...set], [{ start: 0, end: 8 }]);
  assertEquals(set.covered, 8);
  assertEquals(set.prefix, 8);
});

Deno.test("SpanSet works past 4 GiB", () => {
  const set = new SpanSet([{ start: 0, end: 20e9 }]);
  set.remove(10e9, 10e9 + 1);
  assertEquals(set.holes(20e9), [{ start: 10e9, end: 10e9 + 1 }]);
  assertEquals(set.covered, 20e9 - 1);
});

Deno.test("SpanSet.clone() is a set of its own", () => {
  const set = new SpanSet([{ start: 0, end: 4 }]);
  const copy = set.clone();
  copy.add(4, 8);
  assertEquals([...set], [{ start: 0, end: 4 }]);
  assertEquals([...copy], [{ start: 0, end: 8 }]);
  assertEquals(set.covered, 4);
});

Deno.test("SpanSet refuses what is no span, and takes an empty one as nothing", () => {
  const set = new SpanSet();
  for (const [start, end] of [[-1, 2], [3, 2], [0.5, 2], [0, NaN], [0, Infinity]] as const) {
    assertThrows(() => set.add(start, end), RangeError);
    assertThrows(() => set.remove(start, end), RangeError);
  }
  set.add(5, 5);
  assertEquals(set.covered, 0);
  assert(set.has(5, 5));
});
