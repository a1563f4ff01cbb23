/** What is known of a file that is to be kept. */
export interface StoredFile {
  /** Its SHA-256, proved: 64 hexadecimal digits in lower case. */
  readonly sha256: string;
  /** Its size, in bytes. */
  readonly bytes: number;
  /** Its name, for people; the store names it by its content. */
  readonly name?: string | undefined;
  /** Ends it: what was sent may be gone on with later. */
  readonly signal?: AbortSignal | undefined;
}

/** Where a file went. */
export interface PutFile {
  /** Where it is, without a secret. */
  readonly url: string;
  /** Whether it was there already, whole. */
  readonly isThere: boolean;
  /** Bytes that were sent for it by this call. */
  readonly sentBytes: number;
}

/** Where verified files are kept for every machine, named by their content: putting one twice is putting it once. */
export interface FileStore {
  /** Keeps the file at `path`. @throws {CivikitError} When it cannot. */
  put(path: string, file: StoredFile): Promise<PutFile>;
}
