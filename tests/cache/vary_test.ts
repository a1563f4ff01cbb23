import { assertEquals } from "@std/assert";
import { matchesVary, normaliseField, selectingFields } from "../../cache/vary.ts";
import type { StoredHead } from "../../cache/mod.ts";

const same = (value: string) => value;

function head(vary: StoredHead["vary"], headers: StoredHead["headers"] = []): StoredHead {
  return { status: 200, statusText: "OK", headers, vary, requestMs: 0, responseMs: 0 };
}

Deno.test("RFC 9111 4.1: normaliseField() ignores white space around commas", () => {
  assertEquals(normaliseField("foo", " 1 ,2"), normaliseField("foo", "1, 2"));
});

Deno.test("RFC 9111 4.1: normaliseField() leaves quoted strings as they are", () => {
  assertEquals(normaliseField("foo", `"a, b"`), `"a, b"`);
});

Deno.test("RFC 9111 4.1: normaliseField() ignores order and case of preferences, not their weights", () => {
  assertEquals(normaliseField("accept-language", "en, DE;q=0.5"), normaliseField("accept-language", "de; q=0.5 ,EN"));
  assertEquals(normaliseField("accept-language", "en") === normaliseField("accept-language", "en;q=0.5"), false);
  assertEquals(normaliseField("foo", "a, b") === normaliseField("foo", "b, a"), false);
});

Deno.test("RFC 9111 4.1: a field missing from both requests matches, one missing from either does not", () => {
  const stored = head(selectingFields("Foo", new Headers(), same));
  assertEquals(matchesVary(stored, new Headers(), same), true);
  assertEquals(matchesVary(stored, new Headers({ foo: "1" }), same), false);
  const other = head(selectingFields("Foo", new Headers({ foo: "1" }), same));
  assertEquals(matchesVary(other, new Headers(), same), false);
});

Deno.test("RFC 9111 4.1: a response in the language the request likes best answers it", () => {
  const stored = head([["accept-language", "de,en"]], [["content-language", "de"]]);
  const asks = (value: string) => matchesVary(stored, new Headers({ "accept-language": value }), same);
  assertEquals(asks("fr;q=0.5, de;q=1.0"), true);
  assertEquals(asks("fr, de"), false);
  assertEquals(asks("fr"), false);
  assertEquals(matchesVary(stored, new Headers(), same), false);
});

Deno.test("selectingFields() hides values that may be credentials", () => {
  const fields = selectingFields(
    "Authorization, Cookie, Foo",
    new Headers({ authorization: "Bearer k", foo: "1" }),
    () => "veiled",
  );
  assertEquals(fields, [["authorization", "veiled"], ["cookie", null], ["foo", "1"]]);
});

Deno.test("selectingFields() hides every header that bears the name of a secret, and no other", () => {
  const headers = new Headers({ "x-client-secret": "a", "x-session": "b", "x-keyword": "c", "x-author": "d" });
  assertEquals(selectingFields("x-client-secret, x-session, x-keyword, x-author", headers, () => "veiled"), [
    ["x-client-secret", "veiled"],
    ["x-session", "veiled"],
    ["x-keyword", "c"],
    ["x-author", "d"],
  ]);
});
