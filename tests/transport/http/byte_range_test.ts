import { assertEquals } from "@std/assert";
import {
  askedSpan,
  formatContentRange,
  formatRange,
  isPlain,
  isReadable,
  parseContentRange,
  parseRange,
  parseUnsatisfiedTotal,
  plainLength,
  strongDate,
  strongTag,
  strongValidator,
} from "../../../transport/http/byte_range.ts";

const plain = [
  "",
  "identity",
  "aws-chunked",
  "utf-8",
  "none",
  "binary",
  "application/octet-stream",
  "aws-chunked, utf-8",
];
const coded = [
  "gzip",
  "x-gzip",
  "GZIP",
  "deflate",
  "br",
  "zstd",
  "compress",
  "aws-chunked, gzip",
  "gzip, gzip",
  " br ",
];

for (const coding of plain) {
  Deno.test(`isPlain() sees that Content-Encoding "${coding}" changes no byte`, () => {
    const headers = new Headers({ "content-encoding": coding, "content-length": "5" });
    assertEquals([isPlain(headers), isReadable(headers, true), plainLength(headers)], [true, true, 5]);
  });
}

for (const coding of coded) {
  Deno.test(`isPlain() sees that Content-Encoding "${coding}" changes the bytes`, () => {
    const headers = new Headers({ "content-encoding": coding, "content-length": "5" });
    assertEquals([isPlain(headers), isReadable(headers, true), plainLength(headers)], [false, false, undefined]);
  });
}

Deno.test("isReadable() knows which codings the platform takes off an answer to a plain request", async () => {
  const { gzipSync, brotliCompressSync, deflateSync } = await import("node:zlib");
  const bodies: Record<string, Uint8Array<ArrayBuffer>> = {
    "gzip": new Uint8Array(gzipSync("text")),
    "br": new Uint8Array(brotliCompressSync("text")),
    "deflate": new Uint8Array(deflateSync("text")),
    "x-gzip": new Uint8Array(gzipSync("text")),
    "gzip, gzip": new Uint8Array(gzipSync(gzipSync("text"))),
  };
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const coding = decodeURIComponent(new URL(request.url).pathname.slice(1));
    return new Response(bodies[coding]!, { headers: { "content-encoding": coding } });
  });
  for (const coding of Object.keys(bodies)) {
    for (const range of [undefined, "bytes=0-"]) {
      const init = range === undefined ? {} : { headers: { range } };
      const response = await fetch(`http://127.0.0.1:${server.addr.port}/${encodeURIComponent(coding)}`, init);
      const isText = await response.text() === "text";
      assertEquals(isReadable(response.headers, range !== undefined), isText, `${coding} ${range}`);
    }
  }
});

Deno.test("plainLength() gives way to a Transfer-Encoding", () => {
  for (const coding of ["chunked", "identity", "gzip, chunked"]) {
    assertEquals(plainLength(new Headers({ "content-length": "5", "transfer-encoding": coding })), undefined);
  }
  assertEquals(isReadable(new Headers({ "transfer-encoding": "gzip, chunked" }), false), false);
  assertEquals(isReadable(new Headers({ "transfer-encoding": "chunked" }), false), true);
});

Deno.test("a Last-Modified is strong in any of the three forms of HTTP dates, when two seconds older than Date", () => {
  const modified = ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"];
  for (const text of modified) {
    assertEquals(strongDate(text, "Sun, 06 Nov 1994 08:49:39 GMT"), text);
    assertEquals(strongDate(text, "Sun, 06 Nov 1994 08:49:38 GMT"), undefined);
    assertEquals(strongValidator(new Headers({ "last-modified": text, date: "Sun, 06 Nov 1994 08:50:37 GMT" })), text);
  }
});

Deno.test("what is no HTTP date is no strong Last-Modified, though Date.parse would read it", () => {
  const sent = "Sun, 06 Nov 1994 08:49:37 GMT";
  for (const text of ["0", "1990", "1990-01-01T00:00:00Z", "Sat, 05 Nov 1994 08:49:37 +0200", "5 Nov 1994", "", null]) {
    assertEquals(strongDate(text, sent), undefined, `${text}`);
  }
  assertEquals(strongDate(sent, "2020"), undefined);
  assertEquals(strongDate(sent, null), undefined);
});

Deno.test("an ETag is strong when it is one quoted text and not weak", () => {
  for (const tag of [`"a"`, `""`, ` "a/b" `, `"\u00e4"`]) assertEquals(strongTag(tag), tag.trim());
  for (const tag of [`W/"a"`, `w/"a"`, "a", `"a`, `"a" "b"`, `"a b"`, "", null]) {
    assertEquals(strongTag(tag), undefined);
  }
  assertEquals(strongValidator(new Headers({ etag: `"a"`, "last-modified": "x" })), `"a"`);
});

const ranges: readonly (readonly [string | null, { start: number; end: number | undefined } | undefined])[] = [
  ["bytes=0-", { start: 0, end: undefined }],
  ["bytes=0-0", { start: 0, end: 1 }],
  ["bytes=5-9", { start: 5, end: 10 }],
  ["BYTES = 5 - 9", { start: 5, end: 10 }],
  ["bytes=1 0-20", undefined],
  ["bytes=9-5", undefined],
  ["bytes=-5", undefined],
  ["bytes=0-1,5-9", undefined],
  ["bytes=a-b", undefined],
  ["items=0-1", undefined],
  ["bytes=9007199254740993-", undefined],
  ["bytes=0-9007199254740993", undefined],
  ["bytes=99999999999999999-", undefined],
  ["", undefined],
  [null, undefined],
];

for (const [header, expected] of ranges) {
  Deno.test(`parseRange() reads ${JSON.stringify(header)}`, () => assertEquals(parseRange(header), expected));
}

Deno.test("formatRange() counts the last byte in", () => {
  assertEquals(formatRange({ start: 0 }), "bytes=0-");
  assertEquals(formatRange({ start: 5, end: 10 }), "bytes=5-9");
  assertEquals(parseRange(formatRange({ start: 5, end: 10 })), { start: 5, end: 10 });
});

const askedOfTen: readonly (readonly [string, { start: number; end: number } | undefined])[] = [
  ["bytes=0-", { start: 0, end: 10 }],
  ["bytes=2-4", { start: 2, end: 5 }],
  ["bytes=9-9", { start: 9, end: 10 }],
  ["bytes=5-99", { start: 5, end: 10 }],
  ["bytes=-3", { start: 7, end: 10 }],
  ["bytes=-99", { start: 0, end: 10 }],
  [" Bytes= -3 ", { start: 7, end: 10 }],
  ["bytes=-0", undefined],
  ["bytes=-", undefined],
  ["bytes=10-", undefined],
  ["bytes=4-2", undefined],
  ["bytes=0-1,5-9", undefined],
  ["items=0-1", undefined],
  ["", undefined],
];

for (const [header, expected] of askedOfTen) {
  Deno.test(`askedSpan() finds what ${JSON.stringify(header)} asks of ten bytes`, () => {
    assertEquals(askedSpan(header, 10), expected);
    assertEquals(askedSpan(header, 0), undefined);
  });
}

const contentRanges: readonly (readonly [string | null, ReturnType<typeof parseContentRange>])[] = [
  ["bytes 0-0/1", { start: 0, end: 1, total: 1 }],
  ["bytes 5-9/10", { start: 5, end: 10, total: 10 }],
  [" Bytes 5-9/* ", { start: 5, end: 10, total: undefined }],
  ["bytes 5-10/10", undefined],
  ["bytes 9-5/10", undefined],
  ["bytes */10", undefined],
  ["bytes 5-9", undefined],
  ["bytes=5-9/10", undefined],
  ["bytes 5-9/-1", undefined],
  ["items 5-9/10", undefined],
  ["bytes 0-9007199254740993/*", undefined],
  ["bytes 0-1/9007199254740993", undefined],
  ["", undefined],
  [null, undefined],
];

for (const [header, expected] of contentRanges) {
  Deno.test(`parseContentRange() reads ${JSON.stringify(header)}`, () => {
    assertEquals(parseContentRange(header), expected);
  });
}

Deno.test("formatContentRange() counts the last byte in, and leaves a size open", () => {
  assertEquals(formatContentRange({ start: 5, end: 10, total: 20 }), "bytes 5-9/20");
  assertEquals(formatContentRange({ start: 5, end: 10, total: undefined }), "bytes 5-9/*");
});

const unsatisfied: readonly (readonly [string | null, number | undefined])[] = [
  ["bytes */10", 10],
  [" BYTES */0 ", 0],
  ["bytes 0-1/10", undefined],
  ["bytes */*", undefined],
  ["bytes */9007199254740993", undefined],
  [null, undefined],
];

for (const [header, expected] of unsatisfied) {
  Deno.test(`parseUnsatisfiedTotal() reads ${JSON.stringify(header)}`, () => {
    assertEquals(parseUnsatisfiedTotal(header), expected);
  });
}
