// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * A disk that does not tell upper from lower case, knows no links, and counts seconds in twos: exFAT in a file.
 *
 * @module
 */
import { join } from "node:path";

async function ran(name: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(name, { args: [...args], stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

/** Calls `work` with the empty root of such a disk; where none can be mounted (it takes root and exfat-fuse), says so. */
export async function onCaselessDisk(work: (root: string) => Promise<void>): Promise<void> {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  const [image, root] = [join(folder, "image"), join(folder, "disk")];
  Deno.mkdirSync(root);
  Deno.writeFileSync(image, new Uint8Array());
  Deno.truncateSync(image, 64 * 1024 ** 2);
  const device = await ran("mkfs.exfat", image) === undefined ? undefined : await ran("losetup", "-f", "--show", image);
  const mounted = device === undefined ? undefined : await ran("mount.exfat-fuse", device, root);
  try {
    if (mounted === undefined) console.warn("skipped: no disk without upper and lower case can be mounted here");
    else await work(root);
  } finally {
    if (mounted !== undefined) await ran("umount", root);
    if (device !== undefined) await ran("losetup", "-d", device);
    Deno.removeSync(folder, { recursive: true });
  }
}
