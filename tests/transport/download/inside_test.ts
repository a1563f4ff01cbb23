import { assertEquals } from "@std/assert";
import { isInside, outermost } from "../../../transport/internal.ts";

Deno.test("isInside() takes a folder and what is below it, also below a name that begins with two dots", () => {
  const paths = ["/a", "/a/b", "/a/..b", "/a/..b/c", "/ab", "/", "/b"];
  assertEquals(paths.map((path) => isInside("/a", path)), [true, true, true, true, false, false, false]);
});

Deno.test("outermost() leaves out what lies in another folder", () => {
  assertEquals(outermost(["/a/b", "/a", "/ab", "/a/..c"]), ["/a", "/ab"]);
  assertEquals(outermost([]), []);
});
