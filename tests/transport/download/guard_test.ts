import { assert, assertEquals, assertThrows } from "@std/assert";
import { ContentError } from "../../../transport/mod.ts";
import { type GuardOptions, guardStart, holdStart, judgedBytes } from "../../../transport/download/guard.ts";

const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const padded = (text: string) => bytesOf(text.padEnd(judgedBytes, "\x01\x00\x02\xff"));

function judge(name: string, start: Uint8Array, more: Partial<GuardOptions> = {}): void {
  const options = { path: `/models/${name}`, url: "https://civitai.com/x", size: start.byteLength, isHashed: false };
  guardStart(start, { ...options, ...more });
}

function refused(name: string, start: Uint8Array, more: Partial<GuardOptions> = {}): string {
  const error = assertThrows(() => judge(name, start, more), ContentError);
  return `${error.code}: ${error.message.replace('downloading "https://civitai.com/x": ', "")}`;
}

const header = `{"w":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}`;
const lengthOf = (bytes: number) =>
  String.fromCharCode(bytes & 255, bytes >> 8 & 255, bytes >> 16 & 255, bytes >> 24 & 255) + "\0\0\0\0";

/** Beginnings of real files, by ending. */
const right: Record<string, string[]> = {
  safetensors: [lengthOf(header.length) + header, `${lengthOf(2)}{}`],
  sft: [lengthOf(header.length) + header],
  gguf: ["GGUF\x03\0\0\0"],
  pt: ["PK\x03\x04\x14", "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "\x80\x04\x95", `${"\0".repeat(257)}ustar`],
  pth: ["PK\x03\x04\x14"],
  ckpt: ["PK\x03\x04\x14", "\x80\x02}q\0", lengthOf(header.length) + header],
  zip: ["PK\x03\x04\x14", "PK\x05\x06\0"],
  "7z": ["7z\xbc\xaf\x27\x1c\0"],
  rar: ["Rar!\x1a\x07\x01"],
  png: ["\x89PNG\r\n\x1a\n", "\xff\xd8\xff\xe0"],
  jpeg: ["\xff\xd8\xff\xe0", "RIFF\x10\0\0\0WEBPVP8 ", "\0\0\0\x1cftypavif", "\x89PNG\r\n\x1a\n"],
  webp: ["RIFF\x10\0\0\0WEBPVP8 "],
  gif: ["GIF89a\x01\0"],
  mp4: ["\0\0\0\x18ftypisom", "\x1aE\xdf\xa3\x01"],
  onnx: ["\x08\x07\x12\x07pytorch"],
  bin: ["anything at all", "\x80\x02", ""],
  txt: ["Not Found", '{"error":"x"}', ""],
  json: ['{"error":"x"}'],
  xml: ["<?xml version='1.0'?><Error/>"],
  html: ["<!doctype html>"],
};
for (const [ending, starts] of Object.entries(right)) {
  Deno.test(`guardStart() lets pass what a .${ending} begins with`, () => {
    for (const start of starts) {
      judge(`a.${ending}`, padded(start));
      judge(`A.${ending.toUpperCase()}`, padded(start));
      judge(`a.${ending}`, padded(start), { size: undefined });
    }
    if (["bin", "txt"].includes(ending)) judge(`a.${ending}`, new Uint8Array());
  });
}

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"ab".repeat(32)}\nsize 12345678\n`;
/** Texts that come in place of files, and the endings under which each may be what was asked for. */
const texts: Record<string, [string, RegExp]> = {
  "a page": ["<!DOCTYPE html><html>", /html/],
  "a page after a BOM": ["\xef\xbb\xbf\n <html lang=en>", /html/],
  "an error in JSON": ['{"error":"Unauthorized"}', /json|txt/],
  "an error in XML": ['<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', /xml|txt/],
  "a Git LFS pointer": [pointer, /^$/],
};
for (const [name, [text, allowed]] of Object.entries(texts)) {
  Deno.test(`guardStart() takes ${name} for no file, whatever the ending, with a hash and without`, () => {
    for (const ending of Object.keys(right)) {
      if (allowed.test(ending)) continue;
      for (const isHashed of [true, false]) {
        refused(`a.${ending}`, bytesOf(text), { isHashed });
        refused(`a.${ending}`, bytesOf(text), { isHashed, size: 5_000_000 });
      }
    }
  });
}

const kinds = Object.keys(right).filter((ending) => !/^(?:bin|txt|json|xml|html)$/.test(ending));
for (const ending of kinds) {
  Deno.test(`guardStart() refuses an empty .${ending}, one of words, and one of something else`, () => {
    for (const isHashed of [true, false]) {
      assertEquals(
        refused(`a.${ending}`, new Uint8Array(), { isHashed }),
        "unexpected_content: an empty answer came instead of the file",
      );
      for (const text of ["Not Found", "rate limited\r\n", `${"w\xc3\xa4rme ".repeat(99)}`]) {
        assertEquals(
          refused(`a.${ending}`, bytesOf(text), { isHashed }),
          "unexpected_content: a text came instead of the file",
        );
      }
    }
    if (ending === "onnx") return;
    const other = padded("\x01\x02\x03\x04 nothing known");
    assert(refused(`a.${ending}`, other).includes("no such file"));
    // the hash will judge it
    judge(`a.${ending}`, other, { isHashed: true });
  });
}

Deno.test("guardStart() wants the header of a .safetensors to fit its size", () => {
  const start = padded(lengthOf(1000) + header);
  judge("a.safetensors", start, { size: 1008 });
  judge("a.safetensors", start, { size: undefined });
  for (const size of [1007, 600]) assert(refused("a.safetensors", start, { size }).includes("no such file"));
  for (const length of [0, 1, 100_000_001, 2 ** 31]) {
    assert(refused("a.safetensors", padded(lengthOf(length) + header), { size: 2 ** 33 }).includes("no such file"));
  }
  assert(refused("a.safetensors", padded("\xff".repeat(8) + "{"), { size: undefined }).includes("no such file"));
});

Deno.test("guardStart() says nothing of a few bytes of a body that broke off", () => {
  for (const ending of kinds) judge(`a.${ending}`, bytesOf("No"), { size: undefined });
  for (const ending of kinds) judge(`a.${ending}`, bytesOf("No"), { size: 5000 });
});

Deno.test("holdStart() judges the first bytes once, however they come, and writes nothing before", () => {
  const body = Uint8Array.from({ length: 2000 }, (_, index) => index * 7);
  for (const step of [1, 100, 511, 512, 513, 2000]) {
    const written = new Uint8Array(2000);
    const judged: number[] = [];
    let count = 0;
    const { write, end } = holdStart((bytes, at) => {
      assertEquals(judged.length, 1);
      written.set(bytes, at);
      count += bytes.byteLength;
    }, (start) => judged.push(start.byteLength));
    const buffer = new Uint8Array(step);
    for (let at = 0; at < 2000; at += step) {
      const part = body.subarray(at, at + step);
      buffer.set(part);
      write(buffer.subarray(0, part.byteLength), at);
      buffer.fill(0); // it is used again
    }
    end();
    assertEquals([written, count, judged.length], [body, 2000, 1]);
    assert(judged[0]! >= Math.min(judgedBytes, 2000));
  }
});

Deno.test("holdStart() lets pass what comes early from further on, and takes a beginning that comes twice", () => {
  const body = Uint8Array.from({ length: 1000 }, (_, index) => index);
  const written = new Uint8Array(1000);
  const { write, end } = holdStart(
    (bytes, at) => written.set(bytes, at),
    (start) => assertEquals(start, body.subarray(0, 600)),
  );
  write(body.subarray(800), 800);
  write(body.subarray(0, 300), 0);
  write(body.subarray(0, 200), 0);
  write(body.subarray(200, 600), 200);
  write(body.subarray(600, 800), 600);
  end();
  assertEquals(written, body);
});

Deno.test("holdStart() tells the size of a file that ends before there is enough to judge", () => {
  const sizes: (number | undefined)[] = [];
  for (const size of [3, undefined]) {
    const { write, end } = holdStart(() => {}, (_, size) => sizes.push(size));
    write(bytesOf("abc"), 0);
    end(size);
  }
  assertEquals(sizes, [3, undefined]);
});
