// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assertEquals } from "@std/assert";
import { drawSchedule, type Outcome, play } from "./_schedule.ts";

/** `CIVIKIT_SCHEDULES=2000` for the long run; `CIVIKIT_SEED=17` for one schedule again, from its seed. */
const count = Number(Deno.env.get("CIVIKIT_SCHEDULES") ?? 150);
const only = Deno.env.get("CIVIKIT_SEED");
const atOnce = 6;

Deno.test("download() survives random fault schedules without a wrong byte and without an unexplained error", async () => {
  const seeds = only === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(only)];
  const started = performance.now();
  const outcomes: Outcome[] = [];
  const folder = await Deno.makeTempDir();
  async function work(): Promise<void> {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      const place = `${folder}/${seed}`;
      await Deno.mkdir(place);
      const outcome = await play(drawSchedule(seed), place);
      outcomes.push(outcome);
      await Deno.remove(place, { recursive: true });
    }
  }
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  if (Deno.env.has("CIVIKIT_SCHEDULES") || only !== undefined) {
    console.log(summary(outcomes), `${Math.round((performance.now() - started) / 1000)} s`);
  }
  // at the end, where it is still there when a log is cut to its tail
  const failed = outcomes.filter(({ complaint }) => complaint !== undefined);
  assertEquals(failed.map(({ complaint, codes, schedule }) => JSON.stringify({ complaint, codes, schedule })), []);
});

function summary(outcomes: readonly Outcome[]): unknown {
  const codes: Record<string, number> = {};
  for (const { codes: failed } of outcomes) for (const code of failed) codes[code] = (codes[code] ?? 0) + 1;
  const atOnce = outcomes.filter(({ codes, arrived }) => arrived && codes.length === 0).length;
  return { schedules: outcomes.length, arrived: outcomes.filter(({ arrived }) => arrived).length, atOnce, codes };
}
