import { assertEquals } from "@std/assert";
import { errorIs, statusIs, type Trait } from "../../../transport/errors/error_traits.ts";
import type { ErrorCode } from "../../../transport/errors/codes.ts";
import { ContentError, HttpError, NetworkError } from "../../../transport/errors/errors.ts";

const url = "https://example.test/";
const every = Array.from({ length: 500 }, (_, index) => index + 100);
const server = every.filter((status) => status >= 500);
const down = [500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527];

const statuses: Partial<Record<Trait, number[]>> = {
  passing: [408, 425, 429, ...down],
  failing: server,
  absent: [...down, 530],
  crowded: [403, 429, 500, 502, 503, 504],
  expired: [400, 401, 403, 404, 410],
  fatal: [],
  final: [],
};

for (const [trait, expected] of Object.entries(statuses)) {
  Deno.test(`statusIs() knows which statuses are ${trait}`, () => {
    assertEquals(every.filter((status) => statusIs(trait as Trait, status)), expected);
  });
}

const codes: readonly (readonly [ErrorCode, readonly Trait[]])[] = [
  ["dns_failed", ["passing", "unreachable"]],
  ["connect_failed", ["passing", "unreachable", "crowded"]],
  ["connection_reset", ["passing", "broken"]],
  ["network_error", ["passing", "broken"]],
  ["header_timeout", ["passing"]],
  ["idle_timeout", []],
  ["total_timeout", ["final"]],
  ["tls_failed", ["final"]],
  ["permission_denied", ["final"]],
  ["circuit_open", ["unreachable", "fatal", "withheld"]],
  ["redirect_insecure", ["withheld", "final"]],
  ["redirect_invalid", ["withheld", "final"]],
  ["redirect_loop", ["withheld", "final"]],
  ["too_many_redirects", ["withheld", "final"]],
  ["body_incomplete", ["broken", "misleading"]],
  ["no_progress", ["final"]],
];
const traits = [
  ...["passing", "failing", "absent", "unreachable", "broken", "crowded", "expired", "misleading", "fatal"],
  ...["withheld", "final"],
] as Trait[];

for (const [code, expected] of codes) {
  Deno.test(`errorIs() knows what ${code} means`, () => {
    const error = new NetworkError("asking", { code, url });
    assertEquals(traits.filter((trait) => errorIs(trait, error)), expected);
  });
}

Deno.test("errorIs() judges an answer by its status, and by what its text told", () => {
  const busy = new HttpError("asking", { code: "forbidden", status: 403, url });
  assertEquals(traits.filter((trait) => errorIs(trait, busy)), ["crowded", "expired"]);
  const pages = new HttpError("asking", { code: "too_many_pages", status: 429, url });
  assertEquals(traits.filter((trait) => errorIs(trait, pages)), ["passing", "crowded", "final"]);
  const unknown = new HttpError("asking", { code: "server_error", status: 599, url });
  assertEquals(traits.filter((trait) => errorIs(trait, unknown)), ["failing"]);
});

Deno.test("errorIs() tells bytes of another file from a file that is another one", () => {
  const violation = new ContentError("asking", { code: "protocol_violation", url });
  assertEquals(traits.filter((trait) => errorIs(trait, violation)), ["misleading"]);
  const changed = new ContentError("asking", { code: "content_changed", url });
  assertEquals(traits.filter((trait) => errorIs(trait, changed)), ["misleading", "fatal"]);
});
