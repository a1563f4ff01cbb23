import { assertEquals, assertThrows } from "@std/assert";
import { watchSchedule } from "../../../hub/watch/mod.ts";
import { InputError } from "../../../transport/mod.ts";

const at = (text: string) => Date.parse(text);
const hourMs = 3_600_000;

for (
  const [text, everyMs] of [
    ...[["hourly", hourMs], ["Daily", 24 * hourMs], ["weekly", 168 * hourMs], ["every 6h", 6 * hourMs]] as const,
    ...[["every 90 minutes", 1.5 * hourMs], ["every day", 24 * hourMs], ["every 2w", 336 * hourMs]] as const,
  ]
) {
  Deno.test(`watchSchedule("${text}") counts from the last time`, () => {
    const schedule = watchSchedule(text);
    assertEquals([schedule.everyMs, schedule.next(5)], [everyMs, 5 + everyMs]);
  });
}

for (
  const [text, zone, after, due] of [
    ["daily at 07:30", "Asia/Taipei", "2026-01-01T00:00:00Z", "2026-01-01T23:30:00Z"],
    // summer time: the hour between two and three is skipped
    ["30 7 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T05:30:00Z"],
    ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"],
    ["0 */6 * * 1-5", "UTC", "2026-01-02T18:00:00Z", "2026-01-05T00:00:00Z"],
  ] as const
) {
  Deno.test(`watchSchedule("${text}", "${zone}") goes by the clock of the zone`, () => {
    assertEquals(new Date(watchSchedule(text, zone).next(at(after))).toISOString(), new Date(due).toISOString());
  });
}

for (
  const [text, zone] of [
    ...[[""], ["soon"], ["every 0h"], ["every 4m"], ["every 500d"], ["* * * * *"], ["*/2 * * * *"], ["61 * * * *"]],
    ...[["0 0 30 2 *"], ["0 0 0 * * *"], ["daily at 25:00"], ["daily", "Mars/Olympus"], ["0 8 * * *", "Nowhere"]],
  ]
) {
  Deno.test(`watchSchedule("${text}", ${zone}) is refused`, () => {
    assertThrows(() => watchSchedule(text!, zone), InputError);
  });
}
