import { assert, assertEquals } from "@std/assert";
import { contentAt, sha256Of, startOrigin } from "../_origin/mod.ts";
import { canRefuse, refusing } from "../_support/refusing.ts";
import { runVictim, type Said } from "./_run.ts";

const size = 300_000;
const seed = 5;
const SHA256 = sha256Of(seed, size);
const expected = contentAt(seed, 0, size) as Uint8Array<ArrayBuffer>;

interface Place {
  /** Downloads in a process in which `calls` fail. */
  get(calls: Readonly<Record<string, string | number>>, more?: string): Promise<Said>;
  readonly path: string;
  names(): string[];
}

function onOddDisk(name: string, test: (place: Place) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !canRefuse,
    async fn() {
      await using origin = await startOrigin({ files: { "/a.bin": { size, seed } } });
      const tools = await Deno.makeTempDir();
      const folder = await Deno.makeTempDir();
      const path = `${folder}/a.bin`;
      try {
        await test({
          path,
          get: (calls, more) =>
            runVictim({ url: `${origin.url}/a.bin`, path, hash: SHA256, through: refusing(tools, calls, more) }),
          names: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
        });
      } finally {
        await Deno.remove(tools, { recursive: true });
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** Downloads with each number in turn. */
async function works({ get, path, names }: Place, calls: readonly string[], numbers: readonly (string | number)[]) {
  for (const number of numbers) {
    const said = await get(Object.fromEntries(calls.map((call) => [call, number])));
    assertEquals([said.code, said.verified], [undefined, true], `${calls} says ${number}: ${said.message}`);
    assertEquals(await Deno.readFile(path), expected);
    assertEquals(names(), ["a.bin"]);
    await Deno.remove(path);
  }
}

onOddDisk(
  "download() works where there are no locks, whatever number says so",
  (place) => works(place, ["flock"], ["ENOLCK", "ENOSYS", "EOPNOTSUPP", "EINVAL", "ENOTTY", "EPERM", "EBADF", 524]),
);

onOddDisk("download() gives way to whoever holds the lock, however the file system says it", async ({ get }) => {
  for (const number of ["EWOULDBLOCK", "EACCES", "EBUSY"]) {
    assertEquals((await get({ flock: number })).code, "target_locked");
  }
});

onOddDisk("download() takes a failing disk for no missing lock", async ({ get }) => {
  for (const number of ["EIO", "ESTALE"]) assertEquals((await get({ flock: number })).code, "disk_error");
});

onOddDisk(
  "download() works where nothing can be synced",
  (place) => works(place, ["fsync", "fdatasync"], ["EINVAL", "ENOSYS", "EOPNOTSUPP", "ENOTTY", 524]),
);

onOddDisk("download() gives no name to a file that could not be synced", async ({ get, names }) => {
  // the system tells of a failure once: here to the sync that runs beside the transfer
  for (const calls of [["fsync"], ["fdatasync"]]) {
    for (const [number, code] of [["EIO", "disk_error"], ["ENOSPC", "no_space"], ["EDQUOT", "no_space"]] as const) {
      const said = await get(Object.fromEntries(calls.map((call) => [call, number])));
      assertEquals(said.code, code, `${calls} says ${number}`);
      assert(!names().includes("a.bin"));
    }
  }
});

onOddDisk(
  "download() works where there are no hard links, whatever number says so",
  (place) =>
    works(place, ["link", "linkat"], [
      "EPERM",
      "EISDIR",
      "EINVAL",
      "EACCES",
      "ENOTTY",
      "EOPNOTSUPP",
      "EMLINK",
      "EIO",
      524,
    ]),
);

onOddDisk("download() without hard links has the name to itself before it renames", async ({ get, path, names }) => {
  const calls = { link: "EISDIR", linkat: "EISDIR" };
  const renames = (how: string) => `
    #include <string.h>
    #include <unistd.h>
    #include <sys/syscall.h>
    int rename(const char *from, const char *to) {
      if (!strstr(to, ".json") && (${how})) { errno = EXDEV; return -1; }
      return syscall(SYS_rename, from, to);
    }`;
  assertEquals((await get(calls, renames("access(to, F_OK) == 0"))).code, "rename_failed");
  assertEquals(names(), ["a.bin.part", "a.bin.part.json"], "the claim is taken back");
  assertEquals((await get(calls, renames("access(to, F_OK) != 0"))).verified, true);
  assertEquals(await Deno.readFile(path), expected);
});

onOddDisk(
  "download() goes on after a death between the claim of a name and the rename",
  async ({ get, path, names }) => {
    const calls = { link: "EISDIR", linkat: "EISDIR" };
    Deno.writeTextFileSync(path, "");
    assertEquals((await get(calls)).code, "target_exists");
    // the same beside an unfinished file is what such a death leaves
    await Deno.writeFile(`${path}.part`, expected);
    assertEquals((await get(calls)).verified, true);
    assertEquals(await Deno.readFile(path), expected);
    assertEquals(names(), ["a.bin"]);
  },
);
