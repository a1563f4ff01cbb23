/**
 * Where the bytes of downloads come from and go to: files of known hashes, an nginx before them, and folders in memory and on
 * the disk.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { pieces, seeded } from "../../testing/mod.ts";
import { type Nginx, type NginxOptions, startNginx } from "../_support/nginx.ts";
import { testAuthority } from "../_tls/mod.ts";
import { root } from "./_bench.ts";
import { hashFile } from "./_race.ts";

export const MiB: number = 1024 ** 2;
export const GiB: number = 1024 ** 3;

/** A file of an origin. */
export interface ShelfFile {
  readonly name: string;
  readonly sha256: string;
}

/** An origin that stays, as `race` wants it; `caFile` is the certificate of its authority, where it speaks TLS. */
export interface Served {
  readonly origin: () => Promise<AsyncDisposable & { readonly url: string }>;
  readonly nginx: Nginx;
  readonly caFile?: string;
}

/** Folders of one bench, gone with it. */
export interface Shelf extends AsyncDisposable {
  /** Files of the origin. */
  readonly shelf: string;
  /** Where downloads go whose processor time counts: memory where the system has it as a folder. */
  readonly memory: string;
  /** Where downloads go that are to reach the disk the checkout is on. */
  readonly disk: string;
  /** A file of the origin; made once. Zeros lie on the disk and take no room there. */
  makeFile(bytes: number, zeros?: boolean): Promise<ShelfFile>;
  /** Serves a file with one nginx. */
  serve(
    file: ShelfFile,
    options: Omit<NginxOptions, "folder" | "tls"> & { isTls?: boolean },
    body: (served: Served) => Promise<void>,
  ): Promise<void>;
}

/** What stays for as long as the bench runs. */
export function staying(url: string): Served["origin"] {
  return () => Promise.resolve({ url, [Symbol.asyncDispose]: () => Promise.resolve() });
}

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}

/** Makes the folders; a bench that is interrupted leaves none either. */
export async function openShelf({ memoryFolder = "/dev/shm", diskFolder = `${root}.tmp` }: {
  memoryFolder?: string;
  diskFolder?: string;
} = {}): Promise<Shelf> {
  await Deno.mkdir(diskFolder, { recursive: true });
  const prefix = "civikit-bench-";
  const onDisk = await Deno.makeTempDir({ prefix, dir: diskFolder });
  const inMemory = await Deno.makeTempDir({ prefix, dir: await isFolder(memoryFolder) ? memoryFolder : diskFolder });
  const [shelf, memory, disk, zerosShelf] = [
    `${inMemory}/origin`,
    `${inMemory}/to`,
    `${onDisk}/to`,
    `${onDisk}/origin`,
  ];
  for (const folder of [shelf, memory, disk, zerosShelf]) await Deno.mkdir(folder);
  async function cleanUp(): Promise<void> {
    for (const folder of [onDisk, inMemory]) await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
  Deno.addSignalListener("SIGINT", async () => {
    await cleanUp();
    Deno.exit(130);
  });
  let authority: { readonly caFile: string; readonly tls: NonNullable<NginxOptions["tls"]> } | undefined;

  async function makeAuthority(): Promise<NonNullable<typeof authority>> {
    const made = testAuthority();
    const { cert, key } = made.sign(["IP:127.0.0.1"]);
    const [caFile, tls] = [`${onDisk}/ca.pem`, { cert: `${onDisk}/cert.pem`, key: `${onDisk}/key.pem` }];
    for (const [path, text] of [[caFile, made.ca], [tls.cert, cert], [tls.key, key]] as const) {
      await Deno.writeTextFile(path, text);
    }
    return { caFile, tls };
  }

  return {
    shelf,
    memory,
    disk,
    async makeFile(bytes, zeros = false) {
      const name = `${zeros ? "zeros" : "seeded"}-${bytes}.bin`;
      const path = `${zeros ? zerosShelf : shelf}/${name}`;
      using file = await Deno.open(path, { write: true, create: true });
      if (zeros) {
        await file.truncate(bytes);
        return { name, sha256: await hashFile(path) };
      }
      const hash = createHash("sha256");
      for (const piece of pieces(seeded(1, bytes))) {
        hash.update(piece);
        for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
      }
      return { name, sha256: hash.digest("hex") };
    },
    async serve({ name }, { isTls = false, ...options }, body) {
      if (isTls) authority ??= await makeAuthority();
      const own = isTls ? { tls: authority!.tls } : {};
      const folder = name.startsWith("zeros") ? zerosShelf : shelf;
      await using nginx = await startNginx({ ...options, ...own, folder });
      const ca = isTls ? { caFile: authority!.caFile } : {};
      await body({ nginx, origin: staying(`${nginx.url}/${name}`), ...ca });
    },
    [Symbol.asyncDispose]: cleanUp,
  };
}
