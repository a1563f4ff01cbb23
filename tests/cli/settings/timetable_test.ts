import { assertEquals, assertThrows } from "@std/assert";
import { timetable } from "../../../cli/settings/timetable.ts";

const at = (text: string): Date => new Date(`2026-03-01T${text}:00`);

Deno.test("timetable() gives the rate of the entry before, past midnight until the first of the day", () => {
  const rate = timetable("23:00,off 08:00,512k 12:30,2M");
  const times = ["00:00", "07:59", "08:00", "12:29", "12:30", "22:59", "23:00", "23:59"];
  const [low, high] = [512 * 1024, 2 * 1024 ** 2];
  assertEquals(times.map((time) => rate(at(time))), [Infinity, Infinity, low, low, high, high, Infinity, Infinity]);
  assertEquals([timetable("5M")(at("03:00")), timetable("off")(at("03:00"))], [5 * 1024 ** 2, Infinity]);
});

Deno.test("timetable() refuses what is no time, no rate, or stands there twice", () => {
  for (const wrong of ["24:00,1M", "08:60,1M", "8,1M", "08:00", "08:00,slow", "10", "", "08:00,1M 08:00,2M", "1M 2M"]) {
    assertThrows(() => timetable(wrong), TypeError, undefined, wrong);
  }
});
