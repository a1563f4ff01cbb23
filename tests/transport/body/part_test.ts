import { assertEquals } from "@std/assert";
import { addressOf, type PartAnswer, partRequest, readPart, type Wanted } from "../../../transport/body/part.ts";
import { noteWithheld } from "../../../transport/http/response_source.ts";

const url = "https://one.test/a.bin";
const validator = { value: '"a"', host: "one.test" };

/** An answer of `from`, as the platform gives it. */
function answer(status: number, headers: Record<string, string> = {}, from: string = url): Response {
  const body = status === 304 ? null : "bytes";
  const response = new Response(body, { status, headers: { "content-type": "application/octet-stream", ...headers } });
  return Object.defineProperty(response, "url", { value: from });
}

const part = (range: string, more: Record<string, string> = {}) => answer(206, { "content-range": range, ...more });
const untrusted = (reason: string): PartAnswer => ({ kind: "untrusted", reason });
const changed = (reason: string): PartAnswer => ({ kind: "changed", reason });

const cases: readonly (readonly [string, Response, Wanted, PartAnswer])[] = [
  [
    "takes the part that was asked for",
    part("bytes 5-9/100"),
    { start: 5, end: 10, total: 100, validator },
    { kind: "part", start: 5, end: 10, total: 100 },
  ],
  [
    "takes the first bytes of the part that was asked for",
    part("bytes 5-7/100"),
    { start: 5, end: 10 },
    { kind: "part", start: 5, end: 8, total: 100 },
  ],
  [
    "takes all that is left where no end was asked for",
    part("bytes 5-99/100"),
    { start: 5 },
    { kind: "part", start: 5, end: 100, total: 100 },
  ],
  [
    "takes a part of a file whose size nobody tells",
    part("bytes 5-9/*"),
    { start: 5, end: 10, total: 100 },
    { kind: "part", start: 5, end: 10, total: undefined },
  ],
  [
    "trusts no part from elsewhere",
    part("bytes 0-9/100"),
    { start: 5, end: 10 },
    untrusted("a 206 from 0 where 5 was asked"),
  ],
  [
    "trusts no part that goes on for longer",
    part("bytes 5-10/100"),
    { start: 5, end: 10 },
    untrusted("a 206 to before 11 where 10 was asked"),
  ],
  [
    "trusts no part of another length than its place",
    part("bytes 5-9/100", { "content-length": "4" }),
    { start: 5, end: 10 },
    untrusted("a 206 whose Content-Length and Content-Range differ"),
  ],
  ["trusts no part without its place", answer(206), { start: 5 }, untrusted("a 206 without a usable Content-Range")],
  [
    "trusts no part in a coding",
    part("bytes 5-9/100", { "content-encoding": "gzip" }),
    { start: 5 },
    untrusted("a 206 in a coding"),
  ],
  [
    "sees by its size that a part is of another file",
    part("bytes 5-9/101"),
    { start: 5, end: 10, total: 100 },
    changed("its size was 100 and is now 101"),
  ],
  [
    "sees by its ETag that a part is of another file",
    part("bytes 5-9/100", { etag: '"b"' }),
    { start: 5, end: 10, total: 100, validator },
    changed("its validator is another one"),
  ],
  [
    "does not compare the ETags of two hosts",
    answer(206, { "content-range": "bytes 5-9/100", etag: '"b"' }, "https://two.test/a.bin"),
    { start: 5, end: 10, total: 100, validator },
    { kind: "part", start: 5, end: 10, total: 100 },
  ],
  [
    "sees by its ETag that the whole file is the same",
    answer(200, { etag: '"a"', "content-length": "100" }),
    { start: 5, total: 100, validator },
    { kind: "whole", total: 100, unchanged: true },
  ],
  [
    "does not take a file of another size for the same",
    answer(200, { etag: '"a"', "content-length": "101" }),
    { start: 5, total: 100, validator },
    { kind: "whole", total: 101, unchanged: false },
  ],
  [
    "does not take the whole file of another host for the same",
    answer(200, { etag: '"a"', "content-length": "100" }, "https://two.test/a.bin"),
    { start: 5, total: 100, validator },
    { kind: "whole", total: 100, unchanged: false },
  ],
  [
    "trusts no whole file in a coding when a range was asked for",
    answer(200, { "content-encoding": "gzip" }),
    { start: 5 },
    untrusted("a 200 in a coding that nobody takes off"),
  ],
  [
    "trusts no whole file of several parts",
    answer(200, { "content-type": "multipart/byteranges; boundary=a" }),
    { start: 5 },
    untrusted("a 200 of several parts"),
  ],
  [
    "knows the end of the file",
    answer(416, { "content-range": "bytes */5" }),
    { start: 5 },
    { kind: "beyond", total: 5 },
  ],
  [
    "knows the end of a file of known size",
    answer(416, { "content-range": "bytes */5" }),
    { start: 5, total: 5 },
    { kind: "beyond", total: 5 },
  ],
  ["knows an end that nobody gives a number", answer(416), { start: 5 }, { kind: "beyond", total: undefined }],
  [
    "trusts no 416 in the middle of the file",
    answer(416, { "content-range": "bytes */100" }),
    { start: 5, total: 100 },
    untrusted("a 416 for byte 5 of 100"),
  ],
  ["leaves any other status to others", answer(503), { start: 5 }, { kind: "refused" }],
  ["leaves a redirect nobody followed to others", answer(304), { start: 5 }, { kind: "refused" }],
];

for (const [name, response, wanted, expected] of cases) {
  Deno.test(`readPart() ${name}`, () => {
    assertEquals(readPart(response, partRequest(new Request(url), wanted), wanted), expected);
  });
}

Deno.test("readPart() takes a 416 to a request without a range for a refusal", () => {
  assertEquals(readPart(answer(416), new Request(url), { start: 0 }), { kind: "refused" });
});

Deno.test("partRequest() asks for the bytes, and only of the same file", () => {
  const request = new Request(url, { headers: { accept: "*/*", "if-range": '"old"', range: "bytes=1-2" } });
  assertEquals([...partRequest(request, { start: 5, end: 10, validator }).headers], [
    ["accept", "*/*"],
    ["if-range", '"a"'],
    ["range", "bytes=5-9"],
  ]);
  assertEquals([...partRequest(request, { start: 5 }).headers], [["accept", "*/*"], ["range", "bytes=5-"]]);
});

Deno.test("partRequest() leaves out what the address it goes to did not get", () => {
  const request = new Request(url, { headers: { authorization: "Bearer a", accept: "*/*" } });
  const answered = answer(206, {}, "https://two.test/b?sig=1");
  const address = addressOf(noteWithheld(answered, request, { accept: "*/*" }), { url, withheld: [] });
  const asked = partRequest(request, { start: 0, end: 1 }, { address });
  assertEquals(asked.url, "https://two.test/b?sig=1");
  assertEquals([...asked.headers], [["accept", "*/*"], ["range", "bytes=0-0"]]);
});

Deno.test("partRequest() goes to the original URL where nobody knows what another origin got", () => {
  const from = { url, withheld: [] };
  assertEquals(addressOf(answer(206, {}, "https://two.test/b"), from), from);
  assertEquals(addressOf(answer(206, {}, "https://one.test/b"), from), { url: "https://one.test/b", withheld: [] });
});

Deno.test("partRequest() ends with the caller's signal", () => {
  const controller = new AbortController();
  const asked = partRequest(new Request(url), { start: 0 }, { signal: controller.signal });
  controller.abort();
  assertEquals(asked.signal.aborted, true);
});
