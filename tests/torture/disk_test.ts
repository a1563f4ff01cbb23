// deno-lint-ignore-file no-console -- what it prints is what it is for
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  digestFile,
  type DiskError,
  download,
  type DownloadOptions,
  type DownloadResult,
  fetchTransport,
  rangeTransport,
} from "../../transport/mod.ts";
import { CivikitError } from "../../transport/mod.ts";
import { contentAt, type Origin, sha256Of, startOrigin } from "../_origin/mod.ts";
import { runVictim } from "./_run.ts";

const MiB = 1024 ** 2;
const size = 6 * MiB;
const seed = 21;
const SHA256 = sha256Of(seed, size);
const expected = contentAt(seed, 0, size) as Uint8Array<ArrayBuffer>;
const isPosix = Deno.build.os !== "windows";

/** Runs a program; true when it ended well. */
function run(program: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

function canMount(): boolean {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const folder = Deno.makeTempDirSync();
  const isMounted = run("mount", "-t", "tmpfs", "-o", "size=1m", "none", folder);
  if (isMounted) run("umount", folder);
  Deno.removeSync(folder);
  return isMounted;
}

const mayMount = canMount();
if (!mayMount) console.warn("skipped: tests on a full or read-only disk of its own need Linux and the right to mount");

interface Bench {
  readonly origin: Origin;
  readonly folder: string;
  readonly path: string;
  readonly url: string;
  get(options?: DownloadOptions): Promise<DownloadResult>;
  names(): string[];
}

async function bench(test: (bench: Bench) => Promise<void>, mounted?: string): Promise<void> {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed } } });
  using socket = fetchTransport();
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.bin`;
  const url = `${origin.url}/a.bin`;
  if (mounted !== undefined) assert(run("mount", "-t", "tmpfs", "-o", `size=${mounted}`, "none", folder));
  try {
    await test({
      origin,
      folder,
      path,
      url,
      get: (options) => download(socket, url, path, { hashes: { SHA256 }, flushBytes: 65_536, delayMs: 0, ...options }),
      names: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
    });
  } finally {
    if (mounted !== undefined) run("umount", folder);
    await Deno.remove(folder, { recursive: true });
  }
}

async function fails(work: () => Promise<unknown>, code: string): Promise<CivikitError> {
  const error = await assertRejects(work, CivikitError);
  assertEquals(error.code, code, error.message);
  return error;
}

/** Does something once, as soon as so many bytes are in the part file. */
function after(bytes: number, path: string, act: () => void): DownloadOptions {
  let isDone = false;
  return {
    gate() {
      if (isDone || sizeOf(`${path}.part`) < bytes) return undefined;
      isDone = true;
      act();
      return undefined;
    },
  };
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return -1;
  }
}

/** Takes all the space that is left. */
function fill(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  for (const step of [65_536, 4096, 1]) {
    try {
      while (file.writeSync(new Uint8Array(step)) > 0);
    } catch {
      // full, for pieces of this size
    }
  }
}

async function arrives({ get, path, names }: Bench, options?: DownloadOptions): Promise<DownloadResult> {
  const result = await get(options);
  assertEquals(result.verified, true);
  assertEquals(await Deno.readFile(path), expected);
  assertEquals(names(), ["a.bin"]);
  return result;
}

Deno.test({
  name: "download() refuses before the first byte what does not fit on the disk, and goes on when there is room",
  ignore: !mayMount,
  fn: () =>
    bench(async (bench) => {
      const { get, names, folder } = bench;
      await fails(get, "no_space");
      assertEquals(names(), []);
      assert(run("mount", "-o", "remount,size=16m", folder));
      await arrives(bench);
    }, "4m"),
});

Deno.test({
  name: "download() keeps what it has when the disk fills up in mid-write, and goes on when there is room",
  ignore: !mayMount,
  fn: () =>
    bench(async (bench) => {
      const { get, path, folder, origin, names } = bench;
      await fails(() => get(after(2 * MiB, path, () => fill(`${folder}/filler`))), "no_space");
      assertEquals(names(), ["a.bin.part", "a.bin.part.json", "filler"]);
      await Deno.remove(`${folder}/filler`);
      await origin.idle();
      const before = origin.sent();
      const { resumedBytes } = await arrives(bench);
      assert(resumedBytes >= MiB, `${resumedBytes}`);
      assertEquals(origin.sent() - before, size - resumedBytes);
    }, "12m"),
});

Deno.test({
  name: "download() stays consistent when there is room for the data and none for the journal",
  ignore: !mayMount,
  fn: () =>
    bench(async (bench) => {
      const { get, path, folder } = bench;
      // the data finds its place taken up beforehand: only the journal asks for more
      await Deno.writeFile(`${path}.part`, new Uint8Array(size));
      await fails(() => get(after(0, path, () => fill(`${folder}/filler`))), "no_space");
      assert(sizeOf(path) < 0);
      await fails(get, "no_space");
      await Deno.remove(`${folder}/filler`);
      await arrives(bench);
    }, "12m"),
});

Deno.test({
  name: "download() says permission_denied on a read-only file system, and goes on when it may write",
  ignore: !mayMount,
  fn: () =>
    bench(async (bench) => {
      const { get, path, folder, names } = bench;
      const stop = new AbortController();
      await assertRejects(() =>
        get({ signal: stop.signal, ...after(2 * MiB, path, () => stop.abort(new Error("stop"))) })
      );
      assert(run("mount", "-o", "remount,ro", folder));
      await fails(get, "permission_denied");
      assertEquals(names(), ["a.bin.part", "a.bin.part.json"]);
      assert(run("mount", "-o", "remount,rw", folder));
      assert((await arrives(bench)).resumedBytes > 0);
    }, "16m"),
});

/** What takes root's right to write everywhere away from a process; nothing where the user is not root. */
const powerless = !isPosix || Deno.uid() !== 0
  ? []
  : ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"];
const mayBePowerless = isPosix && (powerless.length === 0 || run(powerless[0]!, ...powerless.slice(1), "true"));
if (!mayBePowerless) console.warn("skipped: tests without the right to write need a user who is not root, or setpriv");

Deno.test({
  name: "download() says permission_denied in a folder it may not write to",
  ignore: !mayBePowerless,
  fn: () =>
    bench(async ({ folder, url, origin }) => {
      const closed = `${folder}/closed`;
      await Deno.mkdir(closed);
      await Deno.chmod(closed, 0o555);
      for (const path of [`${closed}/a.bin`, `${closed}/deeper/a.bin`]) {
        const { code, message } = await runVictim({ url, path, hash: SHA256, through: powerless });
        assertEquals(code, "permission_denied", message);
      }
      assertEquals([...Deno.readDirSync(closed)], []);
      assertEquals(origin.log.length, 0);
    }),
});

Deno.test({
  name: "download() takes a limit on the size of files for a disk error, keeps what fitted, and goes on without it",
  ignore: !isPosix,
  fn: () =>
    bench(async ({ folder, path, url, names, origin }) => {
      // a process over its limit is killed unless it ignores the signal; then the write fails
      const through = ["sh", "-c", `trap '' XFSZ; ulimit -f 4096; exec "$@"`, "sh"];
      const options = { flushBytes: 65_536 };
      const { code, message } = await runVictim({ url, path, hash: SHA256, through, options });
      assertEquals(code, "disk_error", message);
      assertEquals(names(), ["a.bin.part", "a.bin.part.json"]);
      await origin.idle();
      const { verified, resumedBytes = 0 } = await runVictim({ url, path, hash: SHA256 });
      assertEquals(verified, true);
      assert(resumedBytes >= MiB, `${resumedBytes} in ${folder}`);
      assertEquals(await Deno.readFile(path), expected);
    }),
});

Deno.test({
  name: "download() over several connections ends at once when the disk fills up, and goes on when there is room",
  ignore: !mayMount,
  fn: () =>
    bench(async (bench) => {
      const { path, folder, url } = bench;
      const options = { flushBytes: 65_536, ...after(2 * MiB, path, () => fill(filler)) };
      const filler = `${folder}/filler`;
      using socket = fetchTransport();
      const transport = rangeTransport(socket, { pieceBytes: 256 * 1024, enoughBytesPerSecond: 1e12 });
      await fails(() => download(transport, url, path, { ...options, maxAttempts: 0 }), "no_space");
      await Deno.remove(filler);
      assert((await arrives(bench)).resumedBytes >= MiB);
    }, "12m"),
});

Deno.test("download() keeps the verified part and names it when a folder takes the target's name meanwhile", () =>
  bench(async (bench) => {
    const { get, path, names, origin } = bench;
    for (const [replace, code] of [[false, "target_exists"], [true, "rename_failed"]] as const) {
      const error = await fails(() => get({ replace, ...after(0, path, () => Deno.mkdirSync(path)) }), code);
      assertEquals((error as DiskError).path, `${path}.part`);
      assert(error.message.includes(`${path}.part`), error.message);
      assertEquals(names(), ["a.bin", "a.bin.part", "a.bin.part.json"]);
      await Deno.remove(path);
      const sent = origin.sent();
      await arrives(bench);
      assertEquals(origin.sent(), sent, "the verified part need not be fetched again");
      await Deno.remove(path);
    }
  }));

Deno.test("download() never touches a file that takes the target's name at the last moment", () =>
  bench(async (bench) => {
    const { get, path, origin } = bench;
    await fails(() => get(after(0, path, () => Deno.writeTextFileSync(path, "mine"))), "target_exists");
    assertEquals(await Deno.readTextFile(path), "mine");
    await fails(get, "target_exists");
    await Deno.remove(path);
    const sent = origin.sent();
    assertEquals((await arrives(bench)).resumedBytes, size);
    assertEquals(origin.sent(), sent);
  }));

Deno.test("download() refuses a folder in the part's place", () =>
  bench(async (bench) => {
    const { get, path, origin } = bench;
    await Deno.mkdir(`${path}.part`);
    await fails(get, "invalid_path");
    assertEquals(origin.log.length, 0);
    await Deno.remove(`${path}.part`);
    await arrives(bench);
  }));

Deno.test("download() refuses a folder in the journal's place, or sets it aside", () =>
  bench(async ({ get, path }) => {
    await Deno.mkdir(`${path}.part.json`);
    const { verified } = await get();
    assert(verified);
    assertEquals(await Deno.readFile(path), expected);
  }));

for (const what of ["a link", "another file", "nothing"]) {
  Deno.test({
    name: `download() does not publish ${what} that was put in the part's place in mid-download`,
    ignore: !isPosix,
    fn: () =>
      bench(async ({ get, path, folder, names }) => {
        await Deno.writeTextFile(`${folder}/precious`, "precious");
        const swap = after(0, path, () => {
          Deno.removeSync(`${path}.part`);
          if (what === "a link") Deno.symlinkSync(`${folder}/precious`, `${path}.part`);
          if (what === "another file") Deno.writeTextFileSync(`${path}.part`, "other");
        });
        await assertRejects(() => get(swap), CivikitError);
        assert(!names().includes("a.bin"), names().join());
        assertEquals(await Deno.readTextFile(`${folder}/precious`), "precious");
        if (what === "a link") await Deno.remove(`${path}.part`);
        assert((await get()).verified);
        assertEquals(await Deno.readFile(path), expected);
      }),
  });
}

/** What another program does to a part file. */
const damages: Readonly<Record<string, (part: string) => void>> = {
  "empties": (part) => Deno.truncateSync(part, 0),
  "halves": (part) => Deno.truncateSync(part, Deno.statSync(part).size >> 1),
  "overwrites 5,000 bytes of": (part) => overwrite(part, 100_000, 5000),
  "overwrites the first byte of": (part) => overwrite(part, 0, 1),
  "overwrites the newest bytes of": (part) => overwrite(part, Deno.statSync(part).size - 1000, 1000),
  "writes zeros over": (part) => overwrite(part, 0, 2 * MiB),
};

function overwrite(path: string, at: number, bytes: number): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(bytes).fill(bytes > 1 ? 0 : expected[at]! ^ 1));
}

for (const [does, damage] of Object.entries(damages)) {
  for (const [hashes, promise] of [[{}, "no promised hash"], [{ SHA256 }, "a promised hash"]] as const) {
    for (const [at, when] of [[3 * MiB, "in mid-download"], [size, "after the last byte"]] as const) {
      Deno.test(`download() mends its part file when another program ${does} it ${when}, with ${promise}`, () =>
        bench(async ({ get, path, names, origin }) => {
          let isDone = false;
          const { digests, verified } = await get({
            hashes,
            report(event) {
              if (isDone || event.type !== "download" || event.phase !== "verifying" || at < size) return;
              isDone = true;
              damage(`${path}.part`);
            },
            ...(at < size && after(at, path, () => damage(`${path}.part`))),
          });
          assertEquals(Buffer.compare(await Deno.readFile(path), expected), 0);
          assertEquals([digests.SHA256?.toLowerCase(), verified], [SHA256.toLowerCase(), "SHA256" in hashes]);
          assertEquals(names(), ["a.bin"]);
          assert(origin.sent() > size, "what was damaged came again");
        }));
    }
  }
}

Deno.test("download() fetches only a span again when bytes are damaged that were hashed already", async () => {
  const large = 40 * MiB;
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.bin`;
  const promised = sha256Of(seed, large);
  await using origin = await startOrigin({ files: { "/a.bin": { size: large, seed } } });
  using socket = fetchTransport();
  try {
    for (const hashes of [{ SHA256: promised }, {}]) {
      const before = origin.sent();
      const damage = after(36 * MiB, path, () => overwrite(`${path}.part`, 0, 1));
      const { digests } = await download(socket, `${origin.url}/a.bin`, path, { hashes, ...damage });
      assertEquals(digests.SHA256?.toLowerCase(), promised.toLowerCase());
      assertEquals((await digestFile(path, ["SHA256"])).SHA256, digests.SHA256);
      await origin.idle();
      const again = origin.sent() - before - large;
      assert(again > 0 && again <= 16 * MiB, `${again} bytes came again`);
      await Deno.remove(path);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("download() that must not mend fails when another program damages its part file", () =>
  bench(async (bench) => {
    const { get, path, names, origin } = bench;
    const damage = after(3 * MiB, path, () => overwrite(`${path}.part`, 0, 1));
    await fails(() => get({ hashes: {}, repair: false, ...damage }), "disk_error");
    assert(!names().includes("a.bin"), names().join());
    await origin.idle();
    await arrives(bench);
  }));

Deno.test("download() gives up on a part file that another program damages again and again", () =>
  bench(async (bench) => {
    const { get, path, names, origin } = bench;
    const gate = () => void (sizeOf(`${path}.part`) > 0 && overwrite(`${path}.part`, 0, 1));
    await fails(() => get({ hashes: {}, gate }), "disk_error");
    assert(!names().includes("a.bin"), names().join());
    await origin.idle();
    await arrives(bench);
  }));

Deno.test("download() that wrote nothing removes no file that took the place of its part file", () =>
  bench(async ({ url, path }) => {
    const transport = {
      fetch() {
        Deno.removeSync(`${path}.part`);
        Deno.writeTextFileSync(`${path}.part`, "mine");
        return Promise.resolve(new Response(null, { status: 404 }));
      },
    };
    await assertRejects(() => download(transport, url, path), CivikitError);
    assertEquals(await Deno.readTextFile(`${path}.part`), "mine");
  }));

Deno.test({
  name: "download() follows the links that people make: a folder elsewhere, the very file elsewhere",
  ignore: !isPosix,
  fn: () =>
    bench(async ({ folder, url, origin }) => {
      using socket = fetchTransport();
      const root = `${folder}/models`;
      const disk = `${folder}/disk`;
      const options = { root, hashes: { SHA256 } };
      for (const place of [root, disk]) await Deno.mkdir(place);
      await Deno.symlink(disk, `${root}/loras`);
      assertEquals((await download(socket, url, "loras/a.bin", options)).skipped, false);
      assert((await Deno.lstat(`${disk}/a.bin`)).isFile);

      await Deno.symlink(`${disk}/a.bin`, `${root}/b.bin`);
      const sent = origin.sent();
      assertEquals((await download(socket, url, "b.bin", options)).skipped, true);
      assertEquals(origin.sent(), sent, "it is there already");
      assert((await Deno.lstat(`${root}/b.bin`)).isSymlink);

      await Deno.writeTextFile(`${disk}/other`, "other");
      await Deno.symlink(`${disk}/other`, `${root}/c.bin`);
      await Deno.symlink(`${disk}/nowhere`, `${root}/d.bin`);
      await Deno.symlink(`${folder}/not mounted`, `${root}/far`);
      await fails(() => download(socket, url, "c.bin", options), "target_exists");
      await fails(() => download(socket, url, "d.bin", options), "target_exists");
      await fails(() => download(socket, url, "far/e.bin", options), "folder_missing");
      await Deno.symlink("round.bin", `${root}/round.bin`);
      await fails(() => download(socket, url, "round.bin", options), "invalid_path");
      assertEquals(origin.sent(), sent, "nothing is fetched for a name that is taken");
      assertEquals(await Deno.readTextFile(`${disk}/other`), "other");

      // what gives way is the link, never what it leads to
      for (const name of ["c.bin", "d.bin"]) await download(socket, url, name, { ...options, replace: true });
      assertEquals(await Deno.readTextFile(`${disk}/other`), "other");
      assert((await Deno.lstat(`${root}/c.bin`)).isFile && (await Deno.lstat(`${root}/d.bin`)).isFile);
    }),
});
