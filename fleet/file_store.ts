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

/** Settings of {@linkcode FileStore.put}. */
export interface PutOptions {
  /** Ends it: what was sent may be gone on with later, on any machine. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each piece that has arrived. */
  readonly onProgress?: ((progress: { readonly bytes: number; readonly totalBytes: number }) => void) | undefined;
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
  /** What is there of a file; undefined: nothing. @throws {VerificationError} When it is another one. */
  find(file: StoredFile, signal?: AbortSignal): Promise<{ readonly bytes: number } | undefined>;
  /**
   * Keeps the file at `path`.
   *
   * @throws {VerificationError} When the file on the disk, or what is there already, is not what it is said to be.
   * @throws {CivikitError} When it cannot be kept.
   */
  put(path: string, file: StoredFile, options?: PutOptions): Promise<PutFile>;
  /** Gives up what was begun longer ago than that, in milliseconds. @returns How many. */
  clean(olderThanMs: number, signal?: AbortSignal): Promise<number>;
  /** Gives up its connections. */
  close(): void;
}
