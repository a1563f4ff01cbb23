import { assert, assertEquals, assertThrows } from "@std/assert";
import { closeSync } from "node:fs";
import { join } from "node:path";
import { DiskError } from "../../../transport/errors/errors.ts";
import {
  type DamagedJournal,
  type Journal,
  newJournal,
  readJournal,
  urlDigest,
  writeJournal as write,
} from "../../../transport/download/journal.ts";
import { withFolder } from "../../_support/folder.ts";
import { killedProgram } from "../../_support/killed_program.ts";

function writeJournal(path: string, journal: Journal): void {
  closeSync(write(path, journal).file);
}

const isUnix = Deno.build.os !== "windows";

const inFolder = (work: (path: string, folder: string) => void | Promise<void>) => () =>
  withFolder((folder) => work(join(folder, "x.part.json"), folder));

function sample(): Journal {
  const journal = newJournal({
    url: "https://civitai.com/api/download/models/7",
    validator: '"v1"',
    total: 100,
    digests: { SHA256: "AB" },
  });
  return { ...journal, spans: [{ start: 0, end: 10, crc32: 0xffffffff }, { start: 20, end: 100, crc32: 0 }] };
}

Deno.test(
  "writeJournal() and readJournal() agree, and nothing else is left",
  inFolder((path, folder) => {
    for (let round = 0; round < 2; round++) {
      writeJournal(path, sample());
      assertEquals({ ...(readJournal(path) as Journal), created: 0, updated: 0 }, {
        ...sample(),
        created: 0,
        updated: 0,
      });
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["x.part.json"]);
    if (isUnix) assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
  }),
);

Deno.test("readJournal() of nothing is undefined", inFolder((path) => assertEquals(readJournal(path), undefined)));

Deno.test(
  "readJournal() sets aside what cannot be believed (faults row 26)",
  inFolder((path) => {
    const whole = JSON.stringify(sample());
    const changed = (change: Record<string, unknown>) => JSON.stringify({ ...sample(), ...change });
    const bad = [
      "",
      whole.slice(0, -5),
      "\0".repeat(whole.length),
      "null",
      "[]",
      '"text"',
      changed({ version: 2 }),
      changed({ url: 5 }),
      changed({ urlDigest: undefined }),
      changed({ validator: 7 }),
      changed({ total: -1 }),
      changed({ total: "100" }),
      changed({ digests: [] }),
      changed({ digests: { SHA256: 5 } }),
      changed({ created: "now" }),
      changed({ spans: {} }),
      changed({ spans: [null] }),
      changed({ spans: [{ start: 5, end: 5, crc32: 1 }] }),
      changed({ spans: [{ start: 0, end: 101, crc32: 1 }] }),
      changed({ spans: [{ start: 0.5, end: 10, crc32: 1 }] }),
      changed({ spans: [{ start: 0, end: 10, crc32: 2 ** 32 }] }),
      changed({ spans: [{ start: 0, end: 10 }] }),
    ];
    for (const text of bad) {
      Deno.writeTextFileSync(path, text);
      const found = readJournal(path) as DamagedJournal;
      assert("damaged" in found, text);
      assertEquals(found.keptAs, `${path}.bad`);
      assertEquals(Deno.readTextFileSync(found.keptAs), text);
      assertEquals(readJournal(path), undefined);
    }
  }),
);

Deno.test({
  name: "readJournal() and writeJournal() follow no link",
  ignore: !isUnix,
  fn: inFolder((path, folder) => {
    const elsewhere = join(folder, "elsewhere");
    const before = JSON.stringify(sample());
    Deno.writeTextFileSync(elsewhere, before);
    Deno.symlinkSync(elsewhere, path);
    assert("damaged" in readJournal(path)!);
    Deno.symlinkSync(elsewhere, path);
    Deno.symlinkSync(elsewhere, `${path}.tmp`);
    writeJournal(path, { ...sample(), total: 200 });
    assertEquals(Deno.readTextFileSync(elsewhere), before);
    assert(Deno.lstatSync(path).isFile);
  }),
});

Deno.test({
  name: "writeJournal() that fails leaves the old journal (faults row 29)",
  ignore: Deno.build.os !== "linux",
  fn: inFolder((path) => {
    writeJournal(path, sample());
    const before = Deno.readTextFileSync(path);
    Deno.mkdirSync(`${path}.tmp`);
    const error = assertThrows(() => writeJournal(path, { ...sample(), total: 7000 }), DiskError, "x.part.json.tmp");
    assertEquals([error.code, error.message.endsWith("is a folder")], ["invalid_path", true]);
    assertEquals(Deno.readTextFileSync(path), before);
  }),
});

Deno.test({
  name: "readJournal() and writeJournal() never wait for the other end of a pipe",
  ignore: !isUnix,
  fn: inFolder((path) => {
    const pipe = (name: string) => new Deno.Command("mkfifo", { args: [name] }).outputSync();
    pipe(`${path}.tmp`);
    writeJournal(path, sample());
    assertEquals((readJournal(path) as Journal).total, 100);
    Deno.removeSync(path);
    pipe(path);
    assertEquals(assertThrows(() => readJournal(path), DiskError).code, "invalid_path");
  }),
});

Deno.test(
  "writeJournal() says when the folder is missing",
  inFolder((_path, folder) => {
    const error = assertThrows(() => writeJournal(join(folder, "no", "x.part.json"), sample()), DiskError);
    assertEquals(error.code, "folder_missing");
  }),
);

Deno.test(
  "a process killed while it writes journals leaves a whole one (faults row 24)",
  inFolder(async (path) => {
    const module = JSON.stringify(new URL("../../../transport/download/journal.ts", import.meta.url).href);
    const program = `import { closeSync } from "node:fs";
    import { newJournal, writeJournal } from ${module};
    const journal = newJournal({ url: "https://civitai.com/api/download/models/7" });
    const spans = Array.from({ length: 3000 }, (_, at) => ({ start: at * 10, end: at * 10 + 10, crc32: at }));
    for (let total = 30_000;; total++) {
      closeSync(writeJournal(${JSON.stringify(path)}, { ...journal, total, spans }).file);
      if (total === 30_000) console.log("begun");
    }`;
    await killedProgram(program, 5, () => {
      const found = readJournal(path) as Journal;
      assertEquals(found.spans?.length, 3000);
      assert(found.total! >= 30_000);
    });
  }),
);

Deno.test("a journal holds no credentials, and a new key finds the old part (design section 4)", () => {
  const journal = newJournal({ url: "https://me:pass@b2.example/f.bin?token=abc123&X-Amz-Signature=beef#frag" });
  for (const secret of ["abc123", "pass", "beef", "frag"]) {
    assertEquals(JSON.stringify(journal).includes(secret), false);
  }
  const base = "https://civitai.com/api/download/models/7?type=Model";
  assertEquals(urlDigest(`${base}&token=one`), urlDigest(`${base}&token=two`));
  assertEquals(urlDigest(`${base}&token=one`), urlDigest(base));
  assertEquals(urlDigest(base) === urlDigest(base.replace("7", "8")), false);
});
