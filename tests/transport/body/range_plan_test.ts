import { assert, assertEquals } from "@std/assert";
import { type Lane, RangePlan } from "../../../transport/body/range_plan.ts";
import { randomFrom } from "../../_origin/mod.ts";

Deno.test("RangePlan covers every byte once, whatever lanes do", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomFrom(seed);
    const below = (most: number) => Math.floor(random() * most);
    const end = 1 + below(40_000_000);
    const plan = new RangePlan(0, end, () => 65_536 + below(4_000_000));
    const lanes = new Set<Lane>();
    const delivered: [number, number][] = [];
    const assign = (lane?: Lane) => {
      const part = plan.next(lanes, lane?.rate);
      if (part === undefined) return;
      const fresh: Lane = { at: part.start, end: part.end, rate: random() < 0.5 ? undefined : below(9_000_000) };
      lanes.add(fresh);
    };
    for (let step = 0; step < 100_000 && (plan.hasWork || lanes.size > 0); step++) {
      if (lanes.size < 4 && random() < 0.4) assign();
      for (const lane of lanes) {
        const action = random();
        if (action < 0.7) {
          const bytes = Math.min(lane.end - lane.at, 1 + below(1_048_576));
          delivered.push([lane.at, lane.at + bytes]);
          lane.at += bytes;
        } else if (action < 0.72) {
          plan.giveBack(lane);
        }
        if (lane.at < lane.end) continue;
        lanes.delete(lane);
        assign(lane);
      }
    }
    assert(!plan.hasWork && lanes.size === 0, `seed ${seed}: unfinished`);
    delivered.sort(([a], [b]) => a - b);
    let at = 0;
    for (const [start, stop] of delivered) {
      assertEquals(start, at, `seed ${seed}: a gap or an overlap`);
      at = stop;
    }
    assertEquals(at, end, `seed ${seed}: the end`);
  }
});

Deno.test("RangePlan hands out pieces in order, then smaller ones, then the slowest tail", () => {
  const plan = new RangePlan(0, 64 << 20, () => 8 << 20);
  const lanes = new Set<Lane>();
  assertEquals(plan.next(lanes), { start: 0, end: 8 << 20 });
  assertEquals(plan.next(lanes, 16 << 20), { start: 8 << 20, end: 24 << 20 });
  // the rate of one that has a line for itself will be shared with those that join
  assertEquals(plan.next(lanes, 36 << 20, 3), { start: 24 << 20, end: 33 << 20 });
  plan.clear();
  const slow: Lane = { at: 0, end: 4 << 20, rate: 1 << 20 };
  lanes.add(slow).add({ at: 0, end: 4 << 20, rate: 9 << 20 });
  const stolen = plan.next(lanes, 3 << 20)!;
  assert(stolen.from === slow);
  assertEquals([slow.end, stolen.start, stolen.end], [1 << 20, 1 << 20, 4 << 20]);
});
