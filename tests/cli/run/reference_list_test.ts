import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../transport/mod.ts";
import { listedReferences } from "../../../cli/run/reference_list.ts";
import { main } from "../../../cli/main.ts";
import { testIo } from "../_io.ts";
import { events, inWorld, sha256 as sha256Of, tree } from "../_world.ts";

const lines = "# my list: 水\r\n2002\r\n\r\n  model:1003  \r\nhttps://a.example/x#y\r\n";
const utf8 = (text: string) => new TextEncoder().encode(text);

function utf16(text: string, littleEndian = true): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), littleEndian);
  return bytes;
}

const textsOf = (bytes: Uint8Array) => listedReferences(bytes, "list.txt").map(({ text }) => text);
const due = ["2002", "model:1003", "https://a.example/x#y"];

Deno.test("listedReferences() reads UTF-8 and UTF-16 by its byte order mark, with any line ends", () => {
  for (const ends of ["\n", "\r\n", "\r"]) {
    const text = lines.replaceAll("\r\n", ends);
    for (const bytes of [utf8(text), utf8(`\ufeff${text}`), utf16(`\ufeff${text}`), utf16(`\ufeff${text}`, false)]) {
      assertEquals(textsOf(bytes), due);
    }
  }
  assertEquals([textsOf(utf8("")), textsOf(utf8("\ufeff")), textsOf(utf16("\ufeff#x"))], [[], [], []]);
});

Deno.test("listedReferences() says in which line of which list a reference stands", () => {
  assertEquals(listedReferences(utf8(lines), "list.txt").map(({ place }) => place), [
    "list.txt, line 2",
    "list.txt, line 4",
    "list.txt, line 5",
  ]);
});

Deno.test("listedReferences() names the encoding of what it cannot read, once for the whole list", () => {
  const unreadable: [Uint8Array, RegExp][] = [
    [utf16(lines), /UTF-16LE without a byte order mark/],
    [utf16(lines, false), /UTF-16BE without a byte order mark/],
    [new Uint8Array([0x32, 0x30, 0x30, 0x32, 0x0a, 0x23, 0xb4, 0xfa]), /not UTF-8/],
    [new Uint8Array([0xff, 0xfe, 0x32]), /says utf-16le, its bytes do not/],
    [new Uint8Array([0xef, 0xbb, 0xbf, 0xff]), /says utf-8, its bytes do not/],
    [new Uint8Array([...utf8("a long line of text"), 0]), /not UTF-8/],
  ];
  for (const [bytes, state] of unreadable) {
    const error = assertThrows(() => listedReferences(bytes, "list.txt"), InputError);
    assertEquals([error.code, state.test(error.message), error.message.includes('"list.txt"')], [
      "invalid_file",
      true,
      true,
    ], error.message);
  }
});

Deno.test("civikit download takes a list in UTF-16, and tells the line of what it cannot understand", () =>
  inWorld(async ({ folder, run }) => {
    const list = `${folder}/list.txt`;
    const args = ["download", "--from", list, "--dir", `${folder}/d`];
    Deno.writeFileSync(list, utf16("\ufeff2002\r\nnonsense\r\n"));
    const { code, io } = await run([...args, "--json"]);
    const failed = events(io).filter(({ event }) => event === "error");
    assertEquals([code, failed.map(({ reference }) => reference)], [2, [`${list}, line 2: nonsense`]]);
    Deno.writeFileSync(list, utf16("2002\r\n2001\r\n"));
    const wrong = await run(args);
    assertEquals([wrong.code, wrong.io.err.match(/error:/g)?.length], [1, 1], wrong.io.err);
    assertEquals((await run(["download", "-", "--dir", `${folder}/e`], { stdin: utf16("\ufeff2002\r\n") })).code, 0);
  }));

Deno.test("civikit download refuses a second - by name, for there is one standard input", async () => {
  for (const args of [["-", "-"], ["-", "7", "-"], ["-", "--from", "-"]]) {
    const io = testIo({ stdin: "7" });
    assertEquals([await main(["download", ...args], io), io.err.includes('"-" is given twice')], [2, true], io.err);
  }
});

Deno.test("a line of a list may have a name, a folder and a hash of its own, in the manner of aria2", () =>
  inWorld(async ({ civitai, folder, run }) => {
    const list = `${folder}/list.txt`;
    const sha256 = await civitai.sha256(3002);
    const own =
      `2002\r\n\tout=mine.safetensors\r\n  dir=${folder}/e\r\n  # a word\r\n  checksum=sha-256=${sha256}\r\n2001\r\n`;
    Deno.writeFileSync(list, utf16(`\ufeff${own}2002\r\n`));
    const { code, io } = await run(["download", "--from", list, "--dir", `${folder}/d`]);
    assertEquals(code, 0, io.err);
    assertEquals(tree(`${folder}/e`), ["mine.safetensors"]);
    assertEquals(await sha256Of(`${folder}/e/mine.safetensors`), sha256);
    assertEquals(tree(`${folder}/d`), ["paper_lantern.safetensors", "paper_lantern_v2.safetensors"]);
    Deno.writeTextFileSync(list, `2002\n  sha256=${"0".repeat(64)}\n`);
    assertEquals((await run(["download", "--from", list, "--dir", `${folder}/f`])).code, 7);
    Deno.writeTextFileSync(list, "2002\n  out=../x\n");
    const outside = await run(["download", "--from", list, "--dir", `${folder}/g`]);
    assertEquals([outside.code, outside.io.err.includes("line 1")], [8, true], outside.io.err);
    Deno.writeTextFileSync(list, "2010\n  out=x\n");
    assertEquals((await run(["download", "--from", list, "--all-files", "--dir", `${folder}/h`])).code, 2);
  }));

Deno.test("listedReferences() names the line of an option it cannot mean", () => {
  const table: [string, RegExp][] = [
    ["  out=x\n2002\n", /line 1: out= stands below no reference/],
    ["2002 out=x.safetensors\n", /line 1: out= stands in a line of its own below, indented/],
    ["2002\n\n\tsha256=abc\n", /line 3: sha256="abc": not a SHA-256/],
    ["2002\n  checksum=md5=00\n", /line 2: checksum=/],
    ["2002\n  split=4\n", /line 2: split="4": unknown; one of out, dir, sha256/],
    ["2002\n  dir= \n", /line 2: dir=.*a value is due/],
  ];
  for (const [text, said] of table) {
    const error = assertThrows(() => listedReferences(utf8(text), "list.txt"), InputError);
    assertEquals([error.code, said.test(error.message)], ["invalid_argument", true], error.message);
  }
});
