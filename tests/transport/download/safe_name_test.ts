import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { DiskError } from "../../../transport/errors/errors.ts";
import { contentDispositionName, resolveInside, safeFileName } from "../../../transport/download/safe_name.ts";

const hostile: readonly [name: string, safe: string][] = [
  ["../../etc/passwd", "passwd"],
  ["/etc/passwd", "passwd"],
  ["..\\..\\boot.ini", "boot.ini"],
  ["C:\\Windows\\x.dll", "x.dll"],
  ["C:evil.exe", "C_evil.exe"],
  ["file.bin:stream", "file.bin_stream"],
  ["CON", "_CON"],
  ["nul.safetensors", "_nul.safetensors"],
  ["com1", "_com1"],
  ["LPT9.tar.gz", "_LPT9.tar.gz"],
  ["COM¹.bin", "_COM¹.bin"],
  ["aux .bin", "_aux .bin"],
  ["C\u200bON.txt", "_CON.txt"],
  ["console.txt", "console.txt"],
  ["a\0b.bin", "ab.bin"],
  ["a\r\nb\tc\x7f.bin", "abc.bin"],
  ["cool\u202etxt.exe", "cooltxt.exe"],
  ["\u2066a\u2069\ufeff\u200f.bin", "a.bin"],
  ["\x1b[31mred\x1b[0m.bin", "red.bin"],
  ["\x1b]8;;http://evil.example/\x07link\x1b]8;;\x07.bin", "link.bin"],
  ["\x9b2Jx.bin", "x.bin"],
  ["name. . .", "name"],
  ["  name.bin  ", "name.bin"],
  [".bashrc", "bashrc"],
  ["...hidden.bin", "hidden.bin"],
  ['a<b>c"d|e?f*.bin', "a_b_c_d_e_f_.bin"],
  ["x.part", "x.part_"],
  ["x.PART.JSON", "x.PART.JSON_"],
  ["x.part.json.bad", "x.part.json.bad_"],
  ["x.part.lock", "x.part.lock_"],
  ["x.part.old", "x.part.old_"],
  ["x.part.old.12", "x.part.old.12_"],
  ["x.quarantine", "x.quarantine_"],
  ["x.quarantine.json", "x.quarantine.json_"],
  ["x.quarantined", "x.quarantined"],
  ["half\ud800.bin", "half.bin"],
  ["e\u0301.bin", "é.bin"],
  ["水墨 [v2] (final).safetensors", "水墨 [v2] (final).safetensors"],
  ["プリーツ&スカート+50%.pt", "プリーツ&スカート+50%.pt"],
];

Deno.test("safeFileName() disarms hostile names and keeps the rest (faults row 32)", () => {
  for (const [name, safe] of hostile) assertEquals(safeFileName(name), safe, JSON.stringify(name));
});

Deno.test("safeFileName() is stable: a safe name stays as it is", () => {
  for (const [name] of hostile) assertEquals(safeFileName(safeFileName(name)), safeFileName(name));
});

Deno.test("safeFileName() falls back when nothing is left, and distrusts the fallback too", () => {
  for (const name of ["", ".", "..", "...", "   ", "a/", "\0", "\u200b\u202e", "../.."]) {
    assertEquals(safeFileName(name), "download", JSON.stringify(name));
    assertEquals(safeFileName(name, { fallback: "12.bin" }), "12.bin");
    assertEquals(safeFileName(name, { fallback: "../x/nul" }), "_nul");
    assertEquals(safeFileName(name, { fallback: ".." }), "download");
  }
});

Deno.test("safeFileName() cuts long names between characters and keeps the extension", () => {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const long = safeFileName("水".repeat(100) + ".safetensors");
  assert(long.endsWith("水.safetensors") && bytes(long) <= 229 && bytes(long) > 225, long);
  assertEquals(safeFileName("😀".repeat(300) + ".gguf").isWellFormed(), true);
  assertEquals(bytes(safeFileName("x".repeat(300))), 229);
  assertEquals(bytes(safeFileName("x." + "y".repeat(300))), 229);
  assertEquals(bytes(safeFileName("x".repeat(228) + ".part")) <= 229, true);
  assertEquals(/\.part$/.test(safeFileName("x".repeat(300) + ".part")), false);
  for (let length = 215; length < 240; length++) {
    const cut = safeFileName("a".repeat(length) + ".part" + ".".repeat(3) + "z".repeat(40));
    assert(bytes(cut) <= 229 && !/[. ]$|\.part$/.test(cut), cut);
  }
  assertThrows(() => safeFileName("x", { maxBytes: 8 }), RangeError, "maxBytes");
});

Deno.test("contentDispositionName() prefers a well-formed filename* (RFC 6266, RFC 8187)", () => {
  const cases: readonly [header: string | null, name: string | undefined][] = [
    [null, undefined],
    ["inline", undefined],
    ["attachment; filename=plain.bin", "plain.bin"],
    ['attachment; filename="a b.bin"', "a b.bin"],
    ['attachment; filename="a \\"b\\".bin"', "a _b_.bin"],
    ["attachment; filename=\"x; filename*=UTF-8''evil.exe\"", "x; filename_=UTF-8''evil.exe"],
    ["attachment; FileName*=utf-8'en'%E2%82%AC%20rates.txt; filename=other.txt", "€ rates.txt"],
    ["attachment; filename=good.txt; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"],
    ["attachment; filename=good.txt; filename*=UTF-8''%2E%2E", "good.txt"],
    ["attachment; filename=good.txt; filename*=UTF-8''%FF%FE", "good.txt"],
    ["attachment; filename=good.txt; filename*=koi8-r''x", "good.txt"],
    ["attachment; filename*=iso-8859-1''%E4.txt", "ä.txt"],
    ["attachment; filename=../../x.bin", "x.bin"],
    ['attachment; filename="æ°´.bin"', "水.bin"],
    ["attachment; filename=\xe4.bin", "ä.bin"],
    ['attachment; filename="cool\u202etxt.exe"', "cooltxt.exe"],
    ["attachment; filename=first.bin; filename=second.bin", "first.bin"],
    ['attachment; filename=""', undefined],
  ];
  for (const [header, name] of cases) assertEquals(contentDispositionName(header), name, String(header));
});

Deno.test("resolveInside() allows names that stay inside, existing or not, and leaves links to whoever made them", () => {
  const root = Deno.makeTempDirSync();
  try {
    assertEquals(resolveInside(root, "a/b/c.bin"), join(root, "a", "b", "c.bin"));
    assertEquals(resolveInside(join(root, "not there"), "c.bin"), join(root, "not there", "c.bin"));
    assertEquals(resolveInside(root, "..c.bin"), join(root, "..c.bin"));
    Deno.mkdirSync(join(root, "real"));
    if (Deno.build.os !== "windows") {
      for (const [name, place] of [["inner", join(root, "real")], ["disk", "/"], ["gone", "/nowhere"]] as const) {
        Deno.symlinkSync(place, join(root, name));
        for (const way of [name, `${name}/c.bin`]) assertEquals(resolveInside(root, way), join(root, way));
      }
    }
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("resolveInside() refuses every way out", () => {
  const top = Deno.makeTempDirSync();
  const root = join(top, "root");
  Deno.mkdirSync(root);
  Deno.mkdirSync(join(top, "root2"));
  try {
    const ways = [
      "",
      ".",
      "..",
      "../root2/x",
      "a/../../x",
      "/etc/passwd",
      "\\x",
      "C:\\x",
      "c:x",
      "a\0b",
      "a\\..\\..\\x",
    ];
    for (const way of ways) {
      assertEquals(assertThrows(() => resolveInside(root, way), DiskError).code, "invalid_path", JSON.stringify(way));
    }
  } finally {
    Deno.removeSync(top, { recursive: true });
  }
});
