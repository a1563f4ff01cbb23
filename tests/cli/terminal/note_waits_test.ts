import { assertEquals } from "@std/assert";
import type { Locale, TransportEvent } from "../../../transport/mod.ts";
import { noteWaits } from "../../../cli/terminal/note_waits.ts";

const wait = (waitMs: number, host = "a.example"): TransportEvent => ({ type: "wait", host, waitMs });
const retry = (delayMs: number, code: "rate_limited" | "connect_failed"): TransportEvent => ({
  type: "retry",
  url: "https://a.example/x?[redacted]",
  attempt: 2,
  delayMs,
  code,
});

/** What is said of events that come at these times. */
function said(
  events: readonly (readonly [atMs: number, event: TransportEvent])[],
  locale: Locale = "en",
  shows = true,
) {
  const lines: string[] = [];
  let at = 0;
  const tell = noteWaits({ locale, now: () => at, showsWaits: () => shows, note: (text) => void lines.push(text) });
  for (const [atMs, event] of events) {
    at = atMs;
    tell(event);
  }
  return lines;
}

Deno.test("a host's pause is told once, however many requests wait for it", () => {
  const pause = "waiting 1:40: a.example asked for a pause";
  assertEquals(said([[0, retry(100_000, "rate_limited")], [5, wait(99_995)], [50_000, wait(50_000)]]), [pause]);
  assertEquals(said([[0, wait(100_000)], [1, retry(99_999, "rate_limited")]]), [pause]);
  assertEquals(said([[0, wait(100_000)]], "zh-TW"), ["等候 1:40：a.example 要求暫停"]);
});

Deno.test("another host's pause, a longer one and a later one are told again", () => {
  const lines = said([[0, wait(5000)], [0, wait(5000, "b.example")], [1000, wait(9000)], [60_000, wait(5000)]]);
  assertEquals(lines.map((line) => line.split(":")[0]), ["waiting 5s", "waiting 5s", "waiting 9s", "waiting 5s"]);
});

Deno.test("short waits are not worth a line, nor a file's own where the file shows it", () => {
  assertEquals(said([[0, wait(1999)], [0, retry(1999, "rate_limited")], [0, retry(1999, "connect_failed")]]), []);
  assertEquals(said([[0, retry(9000, "connect_failed")]], "en", false), []);
  assertEquals(said([[0, retry(9000, "connect_failed")]]), ["waiting 9s before trying again: Connection failed"]);
  assertEquals(said([[0, retry(9000, "connect_failed")]], "zh-TW"), ["等候 9s 後再試一次：連線失敗"]);
  assertEquals(said([[0, retry(9000, "rate_limited")]], "en", false), ["waiting 9s: a.example asked for a pause"]);
});
