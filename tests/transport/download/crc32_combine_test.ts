import { assertEquals } from "@std/assert";
import { crc32 } from "node:zlib";
import { crc32Combine } from "../../../transport/download/crc32_combine.ts";

Deno.test("crc32Combine() agrees with the checksum of the bytes in one piece", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const whole = crc32(bytes);
  for (const cut of [0, 1, 2, 7, 8, 255, 256, 4096, 31_337, 59_999, 60_000]) {
    const first = bytes.subarray(0, cut);
    const second = bytes.subarray(cut);
    assertEquals(crc32Combine(crc32(first), crc32(second), second.length), whole, `cut at ${cut}`);
  }
});

Deno.test("crc32Combine() joins many pieces in any grouping", () => {
  const pieces = Array.from({ length: 50 }, (_, length) => crypto.getRandomValues(new Uint8Array(length * 13)));
  let crc = 0;
  let whole = 0;
  for (const piece of pieces) {
    crc = crc32Combine(crc, crc32(piece), piece.length);
    whole = crc32(piece, whole);
  }
  assertEquals(crc, whole);
});

Deno.test("crc32Combine() holds for lengths past 4 GiB", () => {
  // the same run doubled: once by combining halves step by step, once in a single leap
  const mebibyte = new Uint8Array(1024 * 1024).fill(0x5a);
  let crc = crc32(mebibyte);
  let length = mebibyte.length;
  const start = crc;
  while (length < 2 ** 36) {
    crc = crc32Combine(crc, crc, length);
    length *= 2;
  }
  const afterFirst = crc32Combine(0, crc, length);
  assertEquals(afterFirst, crc);
  const longer = crc32Combine(start, crc, length);
  const sameLonger = crc32Combine(crc, start, mebibyte.length);
  assertEquals(longer, sameLonger);
});
