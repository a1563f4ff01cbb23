import { assertEquals } from "@std/assert";
import {
  isPlain,
  isReadable,
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
