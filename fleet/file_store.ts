import type { Transport } from "../transport/mod.ts";

/** What is known of a file that is to be kept. */
export interface StoredFile {
  /** Its SHA-256, proved: 64 hexadecimal digits. */
  readonly sha256: string;
  /** Its size, in bytes; undefined where it is not known. */
  readonly bytes?: number | undefined;
  /** Its name, for people; the store names it by its content. */
  readonly name?: string | undefined;
}

/** A file of a store, as it lists it. */
export interface KeptFile {
  /** What it is named by: the SHA-256 of what came in. */
  readonly sha256: string;
  /** Its size, in bytes. */
  readonly bytes: number;
}

/** Settings of {@linkcode FileStore.put}. */
export interface PutOptions {
  /** Ends it: what was sent may be gone on with later, on any machine. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each piece that has arrived. */
  readonly onProgress?: StoreProgress | undefined;
  /**
   * Whether what is there is damaged and gives way, in one step: readers find the one or the other, whole. Somebody else's
   * replacement is not replaced again. Default false.
   */
  readonly isReplacing?: boolean | undefined;
}

/** Told how far a file is on its way. */
export type StoreProgress = (progress: { readonly bytes: number; readonly totalBytes: number }) => void;

/** Settings of {@linkcode FileStore.prove}. */
export type ProveOptions = Pick<PutOptions, "signal" | "onProgress">;

/** An upload that was begun and neither ended nor given up: it takes room that no list of files shows. */
export interface UnfinishedUpload {
  /** SHA-256 of the file it is to be; undefined: none, it was to try the right to write. */
  readonly sha256: string | undefined;
  /** Bytes that have arrived. */
  readonly bytes: number;
  /** When it was begun, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** When the last of it arrived, in milliseconds since the epoch; {@linkcode UnfinishedUpload.startedMs} where nothing has. */
  readonly lastMs: number;
}

/** Settings of {@linkcode FileStore.clean}. */
export interface CleanOptions {
  /** Only look. Default false. */
  readonly isDry?: boolean | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** Where a file went. */
export interface PutFile {
  /** Where it is, without a secret. */
  readonly url: string;
  /** Whether it was there already, whole; or somebody else was quicker. */
  readonly isThere: boolean;
  /** Its size, in bytes. */
  readonly bytes: number;
  /** Bytes that were sent for it by this call. */
  readonly sentBytes: number;
  /**
   * Whether a checksum of the whole, as the store has it, is that of the file; not every store keeps one, and not every one
   * can be compared without reading the file. {@linkcode FileStore.prove} then tells.
   */
  readonly isConfirmed: boolean;
  /** Bytes that an earlier call had sent, which a broken-off process made. */
  readonly resumedBytes: number;
}

/** Where verified files are kept for every machine, named by their content: putting one twice is putting it once. */
export interface FileStore extends Disposable {
  /** The place, for people: no secrets in it. */
  readonly place: string;
  /** What fetches from it, with all it needs: `download(store.transport, store.urlOf(sha256), ...)`. */
  readonly transport: Transport;
  /** Where a file is, or would be. */
  urlOf(sha256: string): string;
  /**
   * Whether the store can be used.
   *
   * @param isWriting Whether it also has to take files.
   * @throws {CivikitError} Saying why it cannot; see `s3Store`.
   */
  check(isWriting: boolean, signal?: AbortSignal): Promise<void>;
  /**
   * What the store says is there of a file; undefined: nothing. It tells what came in, not what would come out today: bytes
   * that rotted since are found by {@linkcode FileStore.prove} alone.
   *
   * @throws {VerificationError} When it is another one.
   */
  find(file: StoredFile, signal?: AbortSignal): Promise<{ readonly bytes: number } | undefined>;
  /** Every file of the store, in the order of their names; what it does not name by its content is none. */
  list(signal?: AbortSignal): AsyncIterable<KeptFile>;
  /**
   * Reads all of a file that is there, and proves it; undefined: nothing is there.
   *
   * @throws {VerificationError} When it is another one, or damaged.
   */
  prove(file: StoredFile, options?: ProveOptions): Promise<{ readonly bytes: number } | undefined>;
  /**
   * Keeps the file at `path`.
   *
   * @throws {VerificationError} When the file on the disk, or what is there already, is not what it is said to be.
   * @throws {CivikitError} When it cannot be kept.
   */
  put(path: string, file: StoredFile, options?: PutOptions): Promise<PutFile>;
  /**
   * Gives up uploads with which nobody went on for so long, in milliseconds.
   *
   * @returns Those it gave up, or would; nothing where the store cannot list them.
   */
  clean(olderThanMs: number, options?: CleanOptions): Promise<UnfinishedUpload[]>;
  /** Gives up its connections. */
  close(): void;
}
