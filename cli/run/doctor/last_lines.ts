import { checkPlain } from "../../../transport/internal.ts";

/** How far from the end of a file its last lines are looked for, in bytes. */
const mostBytes = 256 * 1024;

/** The last lines of a file, oldest first; none where it cannot be read. However long the file, little of it is read. */
export function lastLines(path: string, most: number): readonly string[] {
  try {
    checkPlain(path);
    using file = Deno.openSync(path);
    const { size } = file.statSync();
    const from = Math.max(0, size - mostBytes);
    file.seekSync(from, Deno.SeekMode.Start);
    const bytes = new Uint8Array(Math.min(size, mostBytes));
    let read = 0;
    for (let more = 1; more > 0 && read < bytes.length; read += more) more = file.readSync(bytes.subarray(read)) ?? 0;
    const lines = new TextDecoder().decode(bytes.subarray(0, read)).split(/\r?\n/);
    // the first one may be half of one
    return lines.slice(from > 0 ? 1 : 0).filter((line) => line !== "").slice(-most);
  } catch {
    return [];
  }
}
