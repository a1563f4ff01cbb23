import { assertEquals } from "@std/assert";
import { type Attempt, judge } from "../../../hub/worker/judge.ts";
import { CivikitError, DiskError, type ErrorCode, HttpError } from "../../../transport/mod.ts";

const nowMs = Date.parse("2026-03-01T12:00:00Z");
const attempt = (more: Partial<Attempt> = {}): Attempt => ({
  ...{ attempts: 0, mostAttempts: 8, isPatient: false, isShared: false, earlyAccessMs: null, nowMs, random: 0.5 },
  ...more,
});
const failure = (code: ErrorCode) => new CivikitError(`fetching: ${code}`, { code });

/** How long it waits in seconds, or the code it fails with. */
function verdict(error: unknown, more?: Partial<Attempt>): number | string {
  const ending = judge(error, attempt(more));
  if (ending.state === "waiting") return (ending.notBeforeMs - nowMs) / 1000;
  return ending.state === "failed" ? ending.code : ending.state;
}

Deno.test("judge() waits longer each time, up to ten minutes, and gives up in the end", () => {
  const waits = [0, 1, 2, 3, 4, 5, 6].map((attempts) => verdict(failure("connection_reset"), { attempts }));
  assertEquals(waits, [5, 15, 45, 135, 405, 600, 600]);
  assertEquals(verdict(failure("connection_reset"), { attempts: 7 }), "connection_reset");
});

Deno.test("judge() waits on for a network that is away, where somebody has the patience", () => {
  for (const code of ["dns_failed", "connect_failed", "circuit_open"] as const) {
    assertEquals(verdict(failure(code), { attempts: 99, isPatient: true }), 600, code);
    assertEquals(verdict(failure(code), { attempts: 99 }), code);
  }
});

Deno.test("judge() waits as long as the server asks for", () => {
  const url = "https://civitai.com/api";
  const error = new HttpError("fetching: 429", { code: "rate_limited", status: 429, url, retryAfterMs: 90_000 });
  assertEquals(verdict(error), 90);
  const { why } = judge(error, attempt());
  assertEquals([why?.code, why?.status, why?.untilMs], ["rate_limited", 429, nowMs + 90_000]);
});

Deno.test("judge() does not try again what no pause mends", () => {
  const path = "/srv/a";
  for (const code of ["no_space", "permission_denied", "invalid_path"] as const) {
    assertEquals(verdict(new DiskError(`writing: ${code}`, { code, path })), code);
  }
  for (const code of ["unauthorized", "login_required", "not_found", "hash_mismatch", "tls_failed"] as const) {
    assertEquals(verdict(failure(code)), code);
  }
  assertEquals(verdict(new TypeError("a slip of ours")), "internal_error");
});

Deno.test("judge() lets early access wait for its date, and looks again where that is not told or over", () => {
  const earlyAccessMs = nowMs + 86_400_000;
  assertEquals(verdict(failure("early_access"), { earlyAccessMs }), 86_400);
  assertEquals(verdict(failure("early_access"), { attempts: 7 }), 3600);
  assertEquals(verdict(failure("early_access"), { earlyAccessMs: nowMs - 1 }), 3600);
});

Deno.test("judge() lets a job wait for another key where somebody has the patience, and fails it where nobody has", () => {
  for (const code of ["unauthorized", "login_required"] as const) {
    assertEquals([verdict(failure(code)), verdict(failure(code), { attempts: 99, isPatient: true })], [code, 3600]);
  }
  assertEquals(verdict(failure("forbidden"), { isPatient: true }), "forbidden");
});

Deno.test("judge() waits for space, however often, where somebody has the patience", () => {
  const full = new DiskError("writing: no_space", { code: "no_space", path: "/srv/a" });
  assertEquals(verdict(full, { attempts: 99, isPatient: true }), 600);
  const { state, ...rest } = judge(full, attempt({ isPatient: true }));
  assertEquals([state, "isParked" in rest && rest.isParked], ["waiting", true]);
});

Deno.test("judge() leaves to another machine what is the trouble of this one's disk, but not for ever", () => {
  for (const code of ["no_space", "permission_denied", "folder_missing", "invalid_path", "disk_error"] as const) {
    const error = new DiskError(`writing: ${code}`, { code, path: "/srv/a" });
    assertEquals(verdict(error, { isShared: true }), 5, code);
    assertEquals(verdict(error, { isShared: true, attempts: 7 }), code);
  }
  const full = new DiskError("writing: no_space", { code: "no_space", path: "/srv/a" });
  assertEquals(verdict(full, { isShared: true, isPatient: true }), 5);
  assertEquals(verdict(full, { isShared: true, isPatient: true, attempts: 7 }), 600);
});
