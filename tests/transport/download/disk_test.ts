import { assert, assertEquals, assertThrows } from "@std/assert";
import { openSync } from "node:fs";
import { join } from "node:path";
import { CivikitError, DiskError } from "../../../transport/errors/errors.ts";
import { hint } from "../../../transport/errors/hints.ts";
import { ensureFolder, freeBytes, wrapDiskError, writeAll } from "../../../transport/download/disk.ts";
import { renameDurably, syncFolder } from "../../../transport/download/rename.ts";
import { withFolder } from "../../_support/folder.ts";

const isUnix = Deno.build.os !== "windows";
const isLinux = Deno.build.os === "linux";

const inFolder = (work: (folder: string) => void) => () => withFolder(work);

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

Deno.test({
  name: "wrapDiskError() reads the real errors of Deno and node:fs",
  ignore: !isLinux,
  fn: inFolder((folder) => {
    const file = join(folder, "file");
    const loop = join(folder, "loop");
    Deno.writeTextFileSync(file, "x");
    Deno.symlinkSync(loop, loop);
    const cases: readonly [code: string, work: () => unknown][] = [
      ["folder_missing", () => Deno.openSync(join(folder, "no", "x"), { write: true, create: true })],
      ["folder_missing", () => openSync(join(folder, "no", "x"), "w")],
      ["invalid_path", () => Deno.openSync(folder, { write: true })],
      ["invalid_path", () => openSync(folder, "w")],
      ["invalid_path", () => Deno.openSync(join(file, "x"))],
      ["invalid_path", () => Deno.openSync(join(folder, "a".repeat(300)), { write: true, create: true })],
      ["invalid_path", () => Deno.openSync(loop)],
      ["invalid_path", () => Deno.openSync(join(folder, "a\0b"))],
      ["invalid_path", () => openSync(join(folder, "a\0b"), "r")],
      ["target_exists", () => Deno.mkdirSync(folder)],
      ["no_space", () => {
        using full = Deno.openSync("/dev/full", { write: true });
        full.writeSync(new Uint8Array(1));
      }],
    ];
    for (const [code, work] of cases) {
      const error = caught(work);
      const wrapped = wrapDiskError(error, "the path", "opening");
      assert(wrapped instanceof DiskError);
      assertEquals(wrapped.code, code, String(error));
      assertEquals(wrapped.cause, error);
      assertEquals(wrapped.path, "the path");
      assert(wrapped.message.startsWith('opening "the path": '), wrapped.message);
    }
  }),
});

Deno.test("wrapDiskError() knows each errno, passes our own errors on and keeps strangers", () => {
  const codes = {
    ENOSPC: "no_space",
    EDQUOT: "no_space",
    EACCES: "permission_denied",
    EPERM: "permission_denied",
    EROFS: "permission_denied",
    EXDEV: "rename_failed",
    EBUSY: "target_locked",
    EIO: "disk_error",
    EMFILE: "too_many_files",
    ENFILE: "too_many_files",
    ENOTEMPTY: "invalid_path",
    ERR_FS_EISDIR: "invalid_path",
    EFBIG: "disk_error",
    EWEIRD: "disk_error",
  };
  for (const [errno, code] of Object.entries(codes)) {
    const error = Object.assign(new Error("x"), { code: errno });
    assertEquals(wrapDiskError(error, "p", "writing").code, code, errno);
  }
  for (const [number, code] of [[24, "too_many_files"], [23, "too_many_files"], [28, "no_space"]] as const) {
    if (!isLinux) continue;
    assertEquals(wrapDiskError(new Error(`x (os error ${number})`), "p", "writing").code, code);
    const error = Object.assign(new Error("x"), { code: "UNKNOWN", errno: -number });
    assertEquals(wrapDiskError(error, "p", "writing").code, code);
  }
  assertEquals(wrapDiskError(new Deno.errors.PermissionDenied("x"), "p", "writing").code, "permission_denied");
  assertEquals(wrapDiskError("odd", "p", "writing").message, 'writing "p": odd');
  const own = new CivikitError("x", { code: "aborted" });
  assertEquals(wrapDiskError(own, "p", "writing"), own);
});

Deno.test(
  "freeBytes() asks the nearest folder that exists",
  inFolder((folder) => {
    const free = freeBytes(folder);
    const later = freeBytes(join(folder, "a", "b", "c"));
    assert(free !== undefined && free > 0 && later !== undefined && later > 0);
  }),
);

Deno.test("freeBytes() is undefined, without a prompt, when the permission was not given", async () => {
  const module = JSON.stringify(new URL("../../../transport/download/disk.ts", import.meta.url).href);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { freeBytes } from ${module};
      await Deno.permissions.revoke({ name: "sys" });
      console.log(freeBytes("."));`,
    ],
    stdin: "null",
  }).output();
  assertEquals(new TextDecoder().decode(stdout).trim(), "undefined");
});

Deno.test(
  "ensureFolder() makes what is missing and refuses a file in its place",
  inFolder((folder) => {
    const deep = join(folder, "a", "b");
    ensureFolder(deep);
    ensureFolder(deep);
    assert(Deno.statSync(deep).isDirectory);
    const file = join(folder, "file");
    Deno.writeTextFileSync(file, "x");
    for (const place of [file, join(file, "below")]) {
      assertEquals(assertThrows(() => ensureFolder(place), DiskError).code, "invalid_path");
    }
  }),
);

Deno.test({
  name: "ensureFolder() goes through links, and names one that leads nowhere",
  ignore: !isUnix,
  fn: inFolder((folder) => {
    const disk = join(folder, "disk");
    const link = join(folder, "link");
    const gone = join(folder, "gone");
    Deno.mkdirSync(disk);
    Deno.symlinkSync(disk, link);
    ensureFolder(join(link, "a", "b"));
    assert(Deno.statSync(join(disk, "a", "b")).isDirectory);
    Deno.symlinkSync(join(folder, "not mounted"), gone);
    for (const place of [gone, join(gone, "a"), join(gone, "a", "b")]) {
      const error = assertThrows(() => ensureFolder(place), DiskError, `${JSON.stringify(gone)} is a link to nowhere`);
      assertEquals(error.code, "folder_missing");
    }
  }),
});

Deno.test("writeAll() goes on after short writes, and writes where it was told", () => {
  const disk = new Uint8Array(20);
  let position = 0;
  const slow = {
    seekSync: (at: number | bigint) => position = Number(at),
    writeSync(bytes: Uint8Array) {
      const taken = Math.min(3, bytes.length);
      disk.set(bytes.subarray(0, taken), position);
      position += taken;
      return taken;
    },
  };
  writeAll(slow, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 5, "p");
  assertEquals([...disk], [0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("writeAll() never takes a short write for a whole one (faults row 30)", () => {
  let calls = 0;
  const stuck = { seekSync: () => 0, writeSync: () => calls++ === 0 ? 3 : 0 };
  const error = assertThrows(() => writeAll(stuck, new Uint8Array(8), 0, "p"), DiskError, "only 3 of 8 bytes");
  assertEquals(error.code, "disk_error");
});

Deno.test(
  "writeAll() works on real files, past their end too",
  inFolder((folder) => {
    const path = join(folder, "x.part");
    using file = Deno.openSync(path, { read: true, write: true, create: true });
    writeAll(file, Uint8Array.of(7, 8), 4, path);
    writeAll(file, Uint8Array.of(1, 2), 0, path);
    writeAll(file, new Uint8Array(), 100, path);
    assertEquals([...Deno.readFileSync(path)], [1, 2, 0, 0, 7, 8]);
  }),
);

Deno.test({
  name: "writeAll() on a full disk is no_space (faults row 29)",
  ignore: !isLinux,
  fn() {
    using full = Deno.openSync("/dev/full", { write: true });
    assertEquals(assertThrows(() => writeAll(full, new Uint8Array(8), 0, "/dev/full"), DiskError).code, "no_space");
  },
});

Deno.test({
  name: "writeAll() reports a real short write, at a limit in the middle of it (faults row 30)",
  ignore: !isLinux,
  async fn() {
    const folder = Deno.makeTempDirSync();
    const path = join(folder, "x.part");
    const module = JSON.stringify(new URL("../../../transport/download/disk.ts", import.meta.url).href);
    const program = `import { writeAll } from ${module};
      const path = ${JSON.stringify(path)}, bytes = new Uint8Array(1_000_003);
      using file = Deno.openSync(path, { write: true, create: true });
      let at = 0;
      try {
        for (; at < 1e9; at += bytes.length) writeAll(file, bytes, at, path);
      } catch (error) {
        console.log(JSON.stringify([error.code, error.message, at, file.statSync().size]));
      }`;
    try {
      const { stdout, stderr } = await new Deno.Command("sh", {
        args: ["-c", `trap '' XFSZ; ulimit -f 40960; exec "$0" eval "$1"`, Deno.execPath(), program],
        stdin: "null",
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert(text !== "", new TextDecoder().decode(stderr));
      const [code, message, at, size] = JSON.parse(text);
      assertEquals([code, message.includes("limit")], ["disk_error", true]);
      assert(size > at && size < at + 1_000_003, "some of the bytes were taken");
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "wrapDiskError() leaves it to the hint to name the flag that Deno asks for",
  permissions: { write: false },
  fn() {
    const error = wrapDiskError(caught(() => Deno.mkdirSync("somewhere")), "somewhere", "making the folder");
    assertEquals([error.code, error.reason], ["permission_denied", "write_right"]);
    assert(!error.message.includes("--allow-write"), error.message);
    assert(hint(error).action.includes("--allow-write") && String(error.cause).includes("--allow-write"));
  },
});

Deno.test(
  "syncFolder() is quiet where it cannot",
  inFolder((folder) => {
    syncFolder(folder);
    syncFolder(join(folder, "missing"));
  }),
);

Deno.test(
  "renameDurably() publishes and leaves nothing behind",
  inFolder((folder) => {
    const from = join(folder, "x.part");
    const to = join(folder, "x");
    Deno.writeTextFileSync(from, "new");
    renameDurably(from, to);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["x"]);
    assertEquals(Deno.readTextFileSync(to), "new");
  }),
);

Deno.test(
  "renameDurably() never overwrites unless asked",
  inFolder((folder) => {
    const from = join(folder, "x.part");
    const to = join(folder, "x");
    Deno.writeTextFileSync(from, "new");
    Deno.writeTextFileSync(to, "old");
    const error = assertThrows(() => renameDurably(from, to), DiskError, "x.part");
    assertEquals(error.code, "target_exists");
    assertEquals(Deno.readTextFileSync(to), "old");
    assertEquals(Deno.readTextFileSync(from), "new");
    if (isUnix) {
      Deno.removeSync(to);
      Deno.symlinkSync(join(folder, "nowhere"), to);
      assertEquals(assertThrows(() => renameDurably(from, to), DiskError).code, "target_exists");
    }
    renameDurably(from, to, { replace: true });
    assertEquals(Deno.readTextFileSync(to), "new");
  }),
);

Deno.test(
  "renameDurably() keeps the verified part and names it when it fails (faults row 31)",
  inFolder((folder) => {
    const from = join(folder, "x.part");
    Deno.writeTextFileSync(from, "new");
    for (const replace of [false, true]) {
      const error = assertThrows(() => renameDurably(from, join(folder, "no", "x"), { replace }), DiskError, from);
      assertEquals(error.code, "rename_failed");
      assertEquals(error.path, from);
      assertEquals(Deno.readTextFileSync(from), "new");
    }
  }),
);

Deno.test({
  name: "renameDurably() to another device fails and keeps the part (faults row 31)",
  ignore: !isLinux || Deno.statSync("/tmp").dev === Deno.statSync("/dev/shm").dev,
  fn: inFolder((folder) => {
    const from = join(folder, "x.part");
    const elsewhere = Deno.makeTempDirSync({ dir: "/dev/shm" });
    try {
      Deno.writeTextFileSync(from, "new");
      for (const replace of [false, true]) {
        const error = assertThrows(() => renameDurably(from, join(elsewhere, "x"), { replace }), DiskError, "device");
        assertEquals(error.code, "rename_failed");
        assertEquals(Deno.readTextFileSync(from), "new");
      }
    } finally {
      Deno.removeSync(elsewhere, { recursive: true });
    }
  }),
});

Deno.test("wrapDiskError() tells a file to read that is missing from a folder that could not be made", () => {
  const cases = [
    ["reading the list", new Deno.errors.NotFound("x"), "folder_missing", "file_missing"],
    ["hashing", Object.assign(new Error("x"), { code: "ENOENT" }), "folder_missing", "file_missing"],
    ["writing", new Deno.errors.NotFound("x"), "folder_missing", undefined],
    ["making the folder", new Deno.errors.NotFound("x"), "folder_missing", undefined],
    ["reading", new Deno.errors.IsADirectory("x"), "invalid_path", "is_folder"],
    ["reading", new Deno.errors.NotADirectory("x"), "invalid_path", "not_a_folder"],
  ] as const;
  for (const [action, error, code, reason] of cases) {
    const wrapped = wrapDiskError(error, "/x", action);
    assertEquals([wrapped.code, wrapped.reason], [code, reason], `${action}: ${error}`);
  }
});
