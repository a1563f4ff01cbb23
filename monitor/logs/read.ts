import { basename, dirname, join } from "node:path";
import { checkPlain, wrapDiskError } from "../../transport/internal.ts";

/** A longer line is cut; nothing of ours is that long. */
const mostLine = 256 * 1024;

/** A log and its rotated parts (`NAME.3.gz`, `NAME.2`, `NAME.1`, `NAME`), oldest first; those that are there. */
export async function logParts(path: string): Promise<string[]> {
  const folder = dirname(path);
  const name = basename(path);
  const parts: { number: number; path: string }[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (!entry.name.startsWith(name) || entry.isDirectory) continue;
      const match = /^(?:\.(\d{1,4}))?(?:\.gz)?$/.exec(entry.name.slice(name.length));
      if (match === null) continue;
      const part = join(folder, entry.name);
      checkPlain(part);
      parts.push({ number: Number(match[1] ?? 0), path: part });
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw wrapDiskError(error, folder, "reading the logs");
  }
  return parts.sort((a, b) => b.number - a.number).map(({ path }) => path);
}

async function isGzip(file: Deno.FsFile): Promise<boolean> {
  const magic = new Uint8Array(2);
  try {
    const count = await file.read(magic);
    await file.seek(0, Deno.SeekMode.Start);
    return count === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The text of a file in pieces, unpacked where it is gzip. What is damaged ends early. */
async function* pieces(path: string): AsyncGenerator<string> {
  let file: Deno.FsFile;
  let packed: boolean;
  try {
    file = await Deno.open(path);
    packed = await isGzip(file);
  } catch (error) {
    // rotated away between listing and reading
    if (error instanceof Deno.errors.NotFound) return;
    throw wrapDiskError(error, path, "reading the log");
  }
  const bytes = packed ? file.readable.pipeThrough(new DecompressionStream("gzip")) : file.readable;
  try {
    yield* bytes.pipeThrough(new TextDecoderStream());
  } catch (error) {
    if (!packed) throw wrapDiskError(error, path, "reading the log");
  }
}

/**
 * The lines of log files, one after another, in constant memory; gzip files are unpacked on the way.
 *
 * @throws {DiskError} When a file cannot be read; one that is gone meanwhile is passed over.
 */
export async function* logLines(paths: readonly string[]): AsyncGenerator<string> {
  for (const path of paths) {
    let rest = "";
    for await (const piece of pieces(path)) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop()!;
      for (const line of lines) if (line !== "") yield line.replace(/\r$/, "");
      if (rest.length > mostLine) rest = rest.slice(0, mostLine);
    }
    if (rest !== "") yield rest;
  }
}
