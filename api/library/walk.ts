import { basename, join, relative, resolve, sep } from "node:path";
import { wrapDiskError } from "../../transport/internal.ts";
import { type CivikitError, DiskError } from "../../transport/mod.ts";

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
  /** The same for all names of one file, `device:number`; null where the system does not tell. */
  inode: string | null;
  /** Whether the path is a link, and the file itself somewhere else. */
  isLink: boolean;
}

/** Something that was passed over, and why. */
export interface Skip {
  /** The file or folder. */
  path: string;
  /** Why. */
  error: CivikitError;
  /** True for a link whose file is not there: nothing that could be looked at. */
  isDangling?: boolean | undefined;
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
 * @param root The folder; or a single file, whatever its ending.
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
export function walk(root: string, options: WalkOptions = {}): Walk {
  const files: DiskFile[] = [];
  const steps = walkInSteps(root, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return { files, skipped: value };
    if (value !== undefined) files.push(value);
  }
}

/** {@linkcode walk} of several roots; a file that is below two of them counts once. */
export function walkAll(roots: readonly string[], options: WalkOptions = {}): Walk {
  const walks = roots.map((root) => walk(root, options));
  const files = new Map(walks.flatMap(({ files }) => files.map((file) => [file.path, file])));
  return { files: [...files.values()], skipped: walks.flatMap(({ skipped }) => skipped) };
}

/**
 * {@linkcode walk} for whoever has other things to do: it stops after each entry, with the file where it is one.
 *
 * @returns What could not be looked at.
 * @throws {DiskError} When `root` itself cannot be read.
 */
export function* walkInSteps(
  root: string,
  { extensions = modelExtensions }: WalkOptions = {},
): Generator<DiskFile | undefined, Skip[]> {
  const base = resolve(root);
  const wanted = new Set(extensions.map((extension) => extension.toLowerCase()));
  const skipped: Skip[] = [];
  const seen = new Set<string>();
  type Steps = Generator<DiskFile | undefined, void>;

  function* look(path: string, action: string, work: () => Steps): Steps {
    try {
      yield* work();
    } catch (error) {
      if (path === base) throw wrapDiskError(error, path, action);
      skipped.push(skip(path, action, error));
    }
  }

  function* visitFile(path: string, { size, mtime, dev, ino, isFile }: Deno.FileInfo, isLink: boolean): Steps {
    if (!isFile) return;
    const name = relative(base, path).split(sep).join("/") || basename(path);
    const inode = ino === null || ino === 0 ? null : `${dev}:${ino}`;
    yield { path, name, bytes: size, mtimeMs: mtime?.getTime() ?? 0, inode, isLink };
  }

  function* visitFolder(path: string, real: string): Steps {
    if (seen.has(real)) return;
    seen.add(real);
    const entries = [...Deno.readDirSync(path)].sort((a, b) => a.name < b.name ? -1 : 1);
    for (const { name, isDirectory, isSymlink } of entries) {
      if (name.startsWith(".")) continue;
      const child = join(path, name);
      const isWanted = wanted.has(name.slice(name.lastIndexOf(".") + 1).toLowerCase());
      yield undefined;
      if (isDirectory) yield* look(child, "reading the folder", () => visitFolder(child, join(real, name)));
      else if (isSymlink) {
        yield* look(child, "following", function* () {
          const info = isWanted ? Deno.statSync(child) : targetOf(child);
          if (info?.isDirectory) yield* visitFolder(child, Deno.realPathSync(child));
          else if (info && isWanted) yield* visitFile(child, info, true);
        });
      } else if (isWanted) yield* look(child, "looking at", () => visitFile(child, Deno.statSync(child), false));
    }
  }

  yield* look(base, "reading", function* () {
    const info = Deno.statSync(base);
    if (info.isDirectory) yield* visitFolder(base, Deno.realPathSync(base));
    else yield* visitFile(base, info, Deno.lstatSync(base).isSymlink);
  });
  return skipped;
}

/** What a link leads to; undefined where it leads nowhere, or round in a circle. */
function targetOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.FilesystemLoop) return undefined;
    throw error;
  }
}

function isLinkAt(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

/** What kept `path` from being looked at, in words that fit. */
function skip(path: string, action: string, cause: unknown): Skip {
  const error = wrapDiskError(cause, path, action);
  const shown = JSON.stringify(path);
  if (error.code !== "folder_missing") return { path, error };
  if (isLinkAt(path)) {
    const message = `${action} ${shown}: a link to a file that is not there`;
    return { path, isDangling: true, error: new DiskError(message, { code: "folder_missing", path, cause }) };
  }
  // a listing shows what is no UTF-8 with this sign in its place, and under that name nothing is found
  if (!path.includes("\ufffd")) return { path, error };
  const message = `${action} ${shown}: its name is not UTF-8, so that it cannot be opened; give it another`;
  return { path, error: new DiskError(message, { code: "invalid_path", reason: "name_encoding", path, cause }) };
}
