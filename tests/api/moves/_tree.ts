import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";

/** Everything below `root` but our own state: kind, rights, bytes, times, links, and which names are of one file. */
export function wholeTree(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const inodes = new Map<number, string>();
  function look(below: string): void {
    for (const name of readdirSync(join(root, below)).sort()) {
      if (name === ".civikit") continue;
      const inner = below === "" ? name : `${below}/${name}`;
      const path = join(root, inner);
      const { mode, mtimeMs, size, ino, nlink, isDirectory, isSymbolicLink } = kindOf(path);
      const rights = (mode & 0o7777).toString(8);
      if (isDirectory) {
        found[`${inner}/`] = `folder ${rights} ${mtimeMs}`;
        look(inner);
      } else if (isSymbolicLink) found[inner] = `link ${readlinkSync(path)} ${mtimeMs}`;
      else {
        const twin = nlink > 1 ? ` twin ${inodes.get(ino) ?? (inodes.set(ino, inner), inner)}` : "";
        const hash = createHash("sha256").update(Deno.readFileSync(path)).digest("hex").slice(0, 12);
        found[inner] = `file ${rights} ${size} ${mtimeMs} ${hash}${twin}`;
      }
    }
  }
  look("");
  return found;
}

function kindOf(path: string) {
  const found = lstatSync(path);
  const { mode, mtimeMs, size, ino, nlink } = found;
  return { mode, mtimeMs, size, ino, nlink, isDirectory: found.isDirectory(), isSymbolicLink: found.isSymbolicLink() };
}

/** Calls `work` with an empty folder, and one on another disk where the machine has one. */
export async function withDisks(
  work: (root: string, other: string | undefined) => void | Promise<void>,
): Promise<void> {
  const root = Deno.realPathSync(Deno.makeTempDirSync());
  const memory = "/dev/shm";
  let other: string | undefined;
  try {
    if (Deno.statSync(memory).dev !== Deno.statSync(root).dev) other = Deno.makeTempDirSync({ dir: memory });
  } catch {
    // a system without it
  }
  try {
    await work(root, other);
  } finally {
    Deno.removeSync(root, { recursive: true });
    if (other !== undefined) Deno.removeSync(other, { recursive: true });
  }
}

/** Writes a file, with its folder and a time of its own. */
export function put(path: string, text: string, mtimeMs = 1_600_000_000_123): void {
  Deno.mkdirSync(join(path, ".."), { recursive: true });
  Deno.writeTextFileSync(path, text);
  Deno.utimeSync(path, new Date(mtimeMs), new Date(mtimeMs));
}
