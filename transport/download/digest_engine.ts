import type { Hash } from "node:crypto";
import type { ReadTools, SharedLook, takePart } from "./shared_look.ts";

/** A hash the Civitai API names. */
export type HashName = "SHA256" | "AutoV1" | "AutoV2" | "AutoV3" | "CRC32" | "BLAKE3";

/** Every hash the API names (api/v1/model-versions, `files[].hashes`), the strongest first. */
export const hashNames: readonly HashName[] = ["SHA256", "BLAKE3", "AutoV3", "AutoV2", "AutoV1", "CRC32"];

/** Hashes in upper-case hex; one that the file cannot have is absent. */
export type Digests = Partial<Record<HashName, string>>;

/** What the hashing needs beside. */
export interface HashTools extends ReadTools {
  /** Of `node:crypto`. */
  createHash(algorithm: "sha256"): Hash;
  /** BLAKE3, where its library could be loaded. */
  blake3?: { init(): unknown; update(bytes: Uint8Array): unknown; digest(): string } | undefined;
}

/** Hashes a file from its start, slice by slice. */
export interface FileHasher {
  /** Bytes hashed so far. */
  position(): number;
  /** Reads and hashes one slice of what is before `end`. */
  step(end: number): void;
  /** Hashes bytes that follow those before, and lie in the file already. */
  update(bytes: Uint8Array): void;
  /** The hashes of the first `total` bytes, all of which have been hashed. */
  digests(total: number): Digests;
  /** Lets go of the file. */
  close(): void;
}

/** What {@linkcode serveDigests} posts. */
export interface DigestAnswer {
  /** How often the hashing had begun again when this was found. */
  generation: bigint;
  /** What was found. */
  digests?: Digests;
  /** Why nothing was. */
  error?: { name: string; message: string; code?: string | undefined };
}

/** Where a worker can import the library from; undefined where only this module can, as in a bundle. */
export function libraryLocation(): string | undefined {
  try {
    return import.meta.resolve("hash-wasm");
  } catch {
    return undefined;
  }
}

/** What a run shares with who watches it: see `serveDigests`. */
export function newCells(): BigInt64Array {
  const cells = new BigInt64Array(new SharedArrayBuffer(5 * 8));
  Atomics.store(cells, 2, -1n);
  return cells;
}

/*
 * The functions below are sent to the worker as source text, so each of them must be complete in itself: no name from
 * outside, no syntax a bundler would replace by a helper. A file of their own would have to be found again by a
 * program that was bundled, compiled or imported from a registry.
 *
 * The cells they share: 0 end of the finished prefix, 1 generation (negative: stop), 2 total (negative: not known
 * yet), 3 counts changes, 4 bytes hashed.
 */

/** Opens the file when the first slice is asked for. */
export function openHasher(path: string, names: readonly HashName[], tools: HashTools): FileHasher {
  const has = (name: HashName) => names.includes(name);
  const sha256 = has("SHA256") || has("AutoV2") ? tools.createHash("sha256") : undefined;
  const autoV1 = has("AutoV1") ? tools.createHash("sha256") : undefined;
  const autoV3 = has("AutoV3") ? tools.createHash("sha256") : undefined;
  const blake3 = has("BLAKE3") ? tools.blake3 : undefined;
  blake3?.init();
  // large enough to make calls rare, small enough to stay in the processor's cache between read and hash
  let buffer: Uint8Array | undefined;
  let file: number | undefined;
  let position = 0;
  let crc = 0;
  let dataStart: number | undefined;

  /** Gives `hash` what of the slice lies between `start` and `end`. */
  function between(hash: Hash, slice: Uint8Array, start: number, end: number): void {
    const from = Math.max(0, start - position);
    const to = Math.min(slice.length, end - position);
    if (from < to) hash.update(slice.subarray(from, to));
  }

  /** Where the tensors of a .safetensors file begin; Infinity for any other file. */
  function findData(): number {
    const head = new Uint8Array(9);
    file ??= tools.openSync(path, "r");
    if (tools.readSync(file, head, 0, 9, 0) < 9 || head[8] !== 0x7b) return Infinity;
    const headerBytes = Number(new DataView(head.buffer).getBigUint64(0, true));
    return headerBytes >= 2 && headerBytes <= 100_000_000 ? 8 + headerBytes : Infinity;
  }

  function update(slice: Uint8Array): void {
    if (autoV3 && position + slice.length >= 9) between(autoV3, slice, dataStart ??= findData(), Infinity);
    sha256?.update(slice);
    if (autoV1) between(autoV1, slice, 0x100000, 0x110000);
    if (has("CRC32")) crc = tools.crc32(slice, crc);
    blake3?.update(slice);
    position += slice.length;
  }

  return {
    position: () => position,
    step(end) {
      file ??= tools.openSync(path, "r");
      buffer ??= new Uint8Array(512 * 1024);
      const count = tools.readSync(file, buffer, 0, Math.min(buffer.length, end - position), position);
      if (count === 0) throw new Error(`the file ends at ${position}`);
      update(buffer.subarray(0, count));
    },
    update,
    digests(total) {
      if (position !== total) throw new Error(`${position} bytes were hashed where ${total} are due`);
      const found: Digests = {};
      const sha = sha256?.digest("hex").toUpperCase();
      if (sha && has("SHA256")) found.SHA256 = sha;
      if (sha && has("AutoV2")) found.AutoV2 = sha.slice(0, 10);
      if (autoV1 && total >= 0x200000) found.AutoV1 = autoV1.digest("hex").slice(0, 8).toUpperCase();
      if (autoV3 && dataStart !== undefined && dataStart <= total) found.AutoV3 = autoV3.digest("hex").toUpperCase();
      if (has("CRC32")) {
        found.CRC32 = crc.toString(16).padStart(8, "0").replace(/(..)(..)(..)(..)/, "$4$3$2$1").toUpperCase();
      }
      if (blake3) found.BLAKE3 = blake3.digest().toUpperCase();
      return found;
    },
    close() {
      if (file !== undefined) tools.closeSync(file);
      file = undefined;
    },
  };
}

/** Whether {@linkcode serveDigests} has more to hash now, waits for more, or has answered. */
export type DigestState = "busy" | "idle" | "answered";

/** Follows the cells until they say stop; `rest` waits for a change, or lets others run (busy). */
export async function serveDigests(
  cells: BigInt64Array,
  open: () => FileHasher,
  post: (answer: DigestAnswer) => void,
  rest: (seen: bigint, state: DigestState) => unknown,
): Promise<void> {
  let hasher: FileHasher | undefined;
  let generation = -1n;
  let answered = false;
  for (;;) {
    const seen = Atomics.load(cells, 3);
    const current = Atomics.load(cells, 1);
    if (current < 0n) break;
    if (current !== generation) {
      hasher?.close();
      hasher = open();
      generation = current;
      answered = false;
      Atomics.store(cells, 4, 0n);
    }
    const end = Number(Atomics.load(cells, 0));
    const total = Number(Atomics.load(cells, 2));
    // numbers of the next generation do not count for this one
    if (Atomics.load(cells, 1) !== generation) continue;
    let isIdle = true;
    try {
      if (!answered && hasher!.position() < end) {
        hasher!.step(end);
        Atomics.store(cells, 4, BigInt(hasher!.position()));
        isIdle = false;
      } else if (!answered && total >= 0) {
        answered = true;
        post({ generation, digests: hasher!.digests(total) });
      }
    } catch (error) {
      answered = true;
      const { name, message, code } = error as Error & { code?: string };
      post({ generation, error: { name, message, code } });
    }
    const pause = rest(seen, isIdle ? answered ? "answered" : "idle" : "busy");
    if (pause) await pause;
  }
  hasher?.close();
}

/**
 * The worker's side: takes its orders from the first message, then blocks on the cells instead of polling. Once it has
 * answered it listens to messages again: each is a look it may take part in.
 */
export function serveAsWorker(open: typeof openHasher, serve: typeof serveDigests, help: typeof takePart): void {
  const scope = globalThis as unknown as {
    onmessage: (
      event: MessageEvent<{ path: string; names: HashName[]; cells: BigInt64Array; library?: string }>,
    ) => void;
    postMessage(message: unknown): void;
    close(): void;
    process: { getBuiltinModule(name: string): unknown };
  };
  scope.onmessage = async ({ data: { path, names, cells, library } }) => {
    const builtins = ["node:crypto", "node:zlib", "node:fs"].map((name) => scope.process.getBuiltinModule(name));
    const { createHash, crc32, openSync, readSync, closeSync } = Object.assign({}, ...builtins) as HashTools;
    let blake3: HashTools["blake3"];
    if (library !== undefined) {
      try {
        const loaded = await import(library);
        blake3 = await (loaded.createBLAKE3 ?? loaded.default.createBLAKE3)();
      } catch {
        // whoever started this worker sees that it is not among the hashes served
      }
    }
    const served = names.filter((name) => name !== "BLAKE3" || blake3 !== undefined);
    const tools = { createHash, crc32, openSync, readSync, closeSync, blake3 };
    scope.onmessage = ({ data }: { data: unknown }) => {
      // whoever asked looks at what nobody answered for, and has the error then
      help(data as SharedLook, path, false, tools, () => {}).catch(() => {});
    };
    scope.postMessage({ served });
    await serve(
      cells,
      () => open(path, served, tools),
      (answer) => scope.postMessage(answer),
      (seen, state) => {
        if (state === "answered") return Atomics.waitAsync(cells, 3, seen).value;
        if (state === "idle") Atomics.wait(cells, 3, seen);
      },
    );
    scope.close();
  };
}
