import { join, relative, resolve, sep } from "node:path";
import { type CivikitError, wrapDiskError } from "../../transport/mod.ts";

/** One model file on the disk. */
export interface DiskFile {
  /** Its full path. */
  path: string;
  /** Its path below the root, with `/` between folders. */
  name: string;
  /** Size in bytes. */
  bytes: number;
  /** Last change in milliseconds since the epoch. */
  mtimeMs: number;
  /** The same for all names of one file; null where the system does not tell. */
  inode: string | null;
}

/** Something that was passed over, and why. */
export interface Skip {
  /** The file or folder. */
  path: string;
  /** Why. */
  error: CivikitError;
}

/** What is in a folder. */
export interface Walk {
  /** The model files, in the order of their names. */
  files: DiskFile[];
  /** What could not be looked at. */
  skipped: Skip[];
}

/** Endings of files that hold weights. */
export const modelExtensions: readonly string[] = [
  "safetensors",
  "sft",
  "ckpt",
  "pt",
  "pth",
  "bin",
  "gguf",
  "onnx",
];

/** Settings of {@linkcode walk}. */
export interface WalkOptions {
  /** Endings of the files that count, without dots. Default {@linkcode modelExtensions}. */
  extensions?: readonly string[] | undefined;
}

/**
 * Every model file below `root`. Hidden folders are passed over; links are followed, in a circle only once; what cannot
 * be read is listed and stops nothing.
 *
 * @param root The folder.
 * @throws {DiskError} When `root` itself cannot be read.
 * @example
 * ```ts
 * import { walk } from "@civikit/civikit/api";
 *
 * const root = Deno.makeTempDirSync();
 * Deno.writeTextFileSync(`${root}/a.safetensors`, "x");
 * Deno.writeTextFileSync(`${root}/notes.txt`, "x");
 * console.log(walk(root).files.map(({ name }) => name)); // [ "a.safetensors" ]
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export function walk(root: string, { extensions = modelExtensions }: WalkOptions = {}): Walk {
  const base = resolve(root), wanted = new Set(extensions.map((extension) => extension.toLowerCase()));
  const files: DiskFile[] = [], skipped: Skip[] = [], seen = new Set<string>();

  function look(path: string, action: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (path === base) throw wrapDiskError(error, path, action);
      skipped.push({ path, error: wrapDiskError(error, path, action) });
    }
  }

  function visitFile(path: string): void {
    const { size, mtime, dev, ino, isFile } = Deno.statSync(path);
    if (!isFile) return;
    const name = relative(base, path).split(sep).join("/");
    const inode = ino === null || ino === 0 ? null : `${dev}:${ino}`;
    files.push({ path, name, bytes: size, mtimeMs: mtime?.getTime() ?? 0, inode });
  }

  function visitFolder(path: string, real: string): void {
    if (seen.has(real)) return;
    seen.add(real);
    const entries = [...Deno.readDirSync(path)].sort((a, b) => a.name < b.name ? -1 : 1);
    for (const { name, isDirectory, isSymlink } of entries) {
      if (name.startsWith(".")) continue;
      const child = join(path, name);
      const isWanted = wanted.has(name.slice(name.lastIndexOf(".") + 1).toLowerCase());
      if (isDirectory) look(child, "reading the folder", () => visitFolder(child, join(real, name)));
      else if (isSymlink) {
        look(child, "following", () => {
          if (Deno.statSync(child).isDirectory) visitFolder(child, Deno.realPathSync(child));
          else if (isWanted) visitFile(child);
        });
      } else if (isWanted) look(child, "looking at", () => visitFile(child));
    }
  }

  look(base, "reading the folder", () => visitFolder(base, Deno.realPathSync(base)));
  return { files, skipped };
}
