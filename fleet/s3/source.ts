import { wrapDiskError } from "../../transport/internal.ts";

/** What was read of the file, part by part, in order. */
export interface ReadPart {
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A file that is being read; what the disk says is put into our words. */
export interface Source extends Disposable {
  /** The next bytes, as many as `length` where there are so many. */
  read(length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens a file. @throws {DiskError} When it cannot be read, then or later. */
export async function openSource(path: string): Promise<Source> {
  const inWords = (error: unknown): never => {
    throw wrapDiskError(error, path, "reading");
  };
  const file = await Deno.open(path, { read: true }).catch(inWords);
  return {
    async read(length) {
      const buffer = new Uint8Array(length);
      let at = 0;
      while (at < length) {
        const read = await file.read(buffer.subarray(at)).catch(inWords);
        if (read === null) break;
        at += read;
      }
      return buffer.subarray(0, at);
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** The parts of a file, each so many bytes long but the last. */
export async function* partsOf(file: Source, bytes: number, partBytes: number): AsyncGenerator<ReadPart> {
  for (let at = 0; at < bytes; at += partBytes) {
    yield { number: at / partBytes + 1, bytes: await file.read(Math.min(partBytes, bytes - at)) };
  }
}
