import { assertEquals } from "@std/assert";
import { fakeClock } from "../../../testing/mod.ts";
import { Crew } from "../../../transport/body/crew.ts";
import { newContext } from "../../../transport/transport.ts";

const enoughBytesPerSecond = 1000;

/** How many connections there are after each tick of 100 ms in which every one of them brought so many bytes a second. */
async function sizes(rates: readonly number[], load = 0): Promise<number[]> {
  const clock = fakeClock();
  const part = { start: 0, end: 1e9 };
  const options = { parallel: () => 4, enoughBytesPerSecond, idleTimeoutMs: 60_000, clock, context: newContext() };
  const grow = () => {
    while (crew.room > 0) crew.add(part);
  };
  const crew: Crew = new Crew("https://example.com/", options, grow, { share: () => load });
  crew.add(part);
  const found: number[] = [];
  for (const rate of rates) {
    for (const connection of crew.connections) connection.bytes = rate / 10;
    await clock.advance(100);
    found.push(crew.connections.size);
  }
  crew.stop();
  return found;
}

Deno.test("Crew opens connections where the first one is slow, and none where it is fast enough", async () => {
  assertEquals(await sizes([200]), [4]);
  assertEquals(await sizes([1000, 1000]), [1, 1]);
  assertEquals(await sizes([1000, 900]), [1, 4]);
});

Deno.test("Crew gives the first connection one tick more to become fast", async () => {
  assertEquals(await sizes([600, 1000]), [1, 1]);
  assertEquals(await sizes([600, 900]), [1, 4]);
});

Deno.test("Crew opens none while the thread is at work all the time", async () => {
  assertEquals(await sizes([200, 200], 0.8), [1, 1]);
});
