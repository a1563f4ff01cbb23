import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { DiskError } from "../../../transport/errors/errors.ts";
import { lockPart } from "../../../transport/download/lock.ts";
import { withFolder } from "../../_support/folder.ts";

const isUnix = Deno.build.os !== "windows";

const inFolder = (work: (part: string, target: string, folder: string) => void | Promise<void>) =>
  withFolder((folder) => work(join(folder, "x.part"), join(folder, "x"), folder));

Deno.test("lockPart() makes the part file or takes the one that is there", () =>
  inFolder((part, target, folder) => {
    const first = lockPart(part, target);
    assertEquals([first.created, first.sizeBytes, first.exclusive], [true, 0, true]);
    first.file.writeSync(Uint8Array.of(1, 2, 3));
    first.release();
    first.release();
    using second = lockPart(part, target);
    assertEquals([second.created, second.sizeBytes], [false, 3]);
    assertEquals([...Deno.readFileSync(part)], [1, 2, 3]);
    if (isUnix) assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["x.part"]);
  }));

Deno.test("lockPart() beside the part file, as on Windows, keeps others out and leaves nothing behind", () =>
  inFolder((part, target, folder) => {
    const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    for (let round = 0; round < 2; round++) {
      const first = lockPart(part, target, { beside: true });
      assertEquals([first.created, first.exclusive], [round === 0, true]);
      assertEquals(names(), ["x.part", "x.part.lock"]);
      assertEquals(assertThrows(() => lockPart(part, target, { beside: true }), DiskError).code, "target_locked");
      assertEquals(names(), ["x.part", "x.part.lock"]);
      first.release();
      assertEquals(names(), ["x.part"]);
    }
    Deno.removeSync(part);
    Deno.mkdirSync(part);
    assertThrows(() => lockPart(part, target, { beside: true }), DiskError, "folder");
    assertEquals(names(), ["x.part"]);
  }));

Deno.test("lockPart() lets one call in this process have it (faults row 28)", () =>
  inFolder((part, target) => {
    const first = lockPart(part, target);
    const error = assertThrows(() => lockPart(part, target), DiskError, "another download");
    assertEquals(error.code, "target_locked");
    assertEquals(error.path.startsWith(part), true);
    first.release();
    lockPart(part, target).release();
  }));

Deno.test("lockPart() keeps another process out until that one is killed (faults row 28)", () =>
  inFolder(async (part, target) => {
    const module = JSON.stringify(new URL("../../../transport/download/lock.ts", import.meta.url).href);
    const holder = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { lockPart } from ${module};
        const lock = lockPart(${JSON.stringify(part)}, ${JSON.stringify(target)});
        console.log("locked");
        await new Promise((done) => setTimeout(done, 60_000));
        lock.release();`,
      ],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const reader = holder.stdout.getReader();
    assertEquals(new TextDecoder().decode((await reader.read()).value).trim(), "locked");
    try {
      assertEquals(assertThrows(() => lockPart(part, target), DiskError).code, "target_locked");
    } finally {
      holder.kill("SIGKILL");
      await holder.status;
      await reader.cancel();
    }
    lockPart(part, target).release();
  }));

Deno.test("lockPart() refuses a folder, and follows no link (faults row 27)", () =>
  inFolder((part, target, folder) => {
    Deno.mkdirSync(part);
    assertEquals(assertThrows(() => lockPart(part, target), DiskError, "folder").code, "invalid_path");
    Deno.removeSync(part);
    if (!isUnix) return;
    const elsewhere = join(folder, "elsewhere");
    Deno.symlinkSync(elsewhere, part);
    assertEquals(assertThrows(() => lockPart(part, target), DiskError, "link").code, "invalid_path");
    Deno.writeTextFileSync(elsewhere, "precious");
    assertEquals(assertThrows(() => lockPart(part, target), DiskError, "link").code, "invalid_path");
    assertEquals(Deno.readTextFileSync(elsewhere), "precious");
  }));

Deno.test("lockPart() says when the folder is missing", () =>
  inFolder((_part, _target, folder) => {
    const error = assertThrows(() => lockPart(join(folder, "no", "x.part"), join(folder, "no", "x")), DiskError);
    assertEquals(error.code, "folder_missing");
  }));

Deno.test({
  name: "lockPart() lets go of a part that was already published (killed between link and unlink, faults row 24)",
  ignore: !isUnix,
  fn: () =>
    inFolder((part, target) => {
      Deno.writeTextFileSync(target, "published");
      Deno.linkSync(target, part);
      using lock = lockPart(part, target);
      assert(lock.created);
      lock.file.writeSync(Uint8Array.of(1));
      assertEquals(Deno.readTextFileSync(target), "published");
    }),
});

Deno.test("lockPart() keeps a part that has some other second name", () =>
  inFolder((part, target, folder) => {
    Deno.writeTextFileSync(part, "half");
    Deno.linkSync(part, join(folder, "backup"));
    using lock = lockPart(part, target);
    assertEquals([lock.created, lock.sizeBytes], [false, 4]);
  }));

Deno.test("lockPart().release() lets go at once, also while another thread starts programs", () =>
  inFolder(async (part, target) => {
    const source = `for (let i = 0; i < 60; i++) await new Deno.Command(${
      JSON.stringify(Deno.execPath())
    }, { args: ["--version"], stdout: "null" }).output(); postMessage("done");`;
    const starter = new Worker(`data:application/javascript,${encodeURIComponent(source)}`, { type: "module" });
    let isStarting = true;
    starter.onmessage = () => isStarting = false;
    try {
      while (isStarting) {
        for (let i = 0; i < 200; i++) lockPart(part, target).release();
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    } finally {
      starter.terminate();
    }
  }));
