/** An entry. One that is gone is used for the next: in a full store each new one would else leave an old one as garbage. */
export interface MemoryEntry {
  /** 0 when it is gone. */
  id: number;
  /** The URL it is filed under. */
  url: string;
  /** Whose it is. */
  partition: string;
  /** The response's status. */
  status: number;
  /** When the response came in, in milliseconds since the epoch. */
  responseMs: number;
  /** Where the head lies in the arena, and a small body behind it. */
  place: number;
  /** Size of the head, in bytes. */
  headBytes: number;
  /** Size of the body, in bytes. */
  bodyBytes: number;
  /** A large body. */
  pieces: readonly Uint8Array<ArrayBuffer>[] | undefined;
  /** The pieces in which a small body came, where it was more than one. */
  lengths: readonly number[] | undefined;
  /** Whether pieces of it may be in other hands. */
  isLent: boolean;
  /** What it takes, in bytes. */
  bytes: number;
  /** When it was last used, in milliseconds since the epoch. */
  usedMs: number;
  /** Another one of the same URL, stored later. */
  sibling: MemoryEntry | undefined;
  /** The one that was used before it. */
  older: MemoryEntry | undefined;
  /** The one that was used after it. */
  newer: MemoryEntry | undefined;
}

/** The entries of a store: by URL, and in the order of their last use. */
export interface MemoryEntries {
  /** Used least recently. */
  readonly oldest: MemoryEntry | undefined;
  /** Used most recently. */
  readonly newest: MemoryEntry | undefined;
  /** The first of a URL; its siblings follow. */
  first(url: string): MemoryEntry | undefined;
  /** A new one, used last at `usedMs`; everything but its id, its URL and that is the caller's to fill in. */
  add(url: string, usedMs: number): MemoryEntry;
  /** Notes a use. */
  use(entry: MemoryEntry): void;
  /** Takes one out. */
  remove(entry: MemoryEntry): void;
}

// doubles, so that all entries have one shape
const blank: MemoryEntry = {
  id: 0,
  url: "",
  partition: "",
  status: 0,
  responseMs: 0.5,
  place: 0,
  headBytes: 0,
  bodyBytes: 0,
  pieces: undefined,
  lengths: undefined,
  isLent: false,
  bytes: 0,
  usedMs: 0.5,
  sibling: undefined,
  older: undefined,
  newer: undefined,
};

/** Makes the entries of a store. */
export function memoryEntries(): MemoryEntries {
  const byUrl = new Map<string, MemoryEntry>();
  const spare: MemoryEntry[] = [];
  let oldest: MemoryEntry | undefined;
  let newest: MemoryEntry | undefined;
  let lastId = 0;

  function unlink({ older, newer }: MemoryEntry): void {
    if (older) older.newer = newer;
    else oldest = newer;
    if (newer) newer.older = older;
    else newest = older;
  }

  function append(entry: MemoryEntry, usedMs: number): void {
    entry.older = newest;
    entry.newer = undefined;
    if (newest) newest.newer = entry;
    else oldest = entry;
    newest = entry;
    entry.usedMs = usedMs;
  }

  return {
    get oldest() {
      return oldest;
    },
    get newest() {
      return newest;
    },
    first: (url) => byUrl.get(url),

    add(url, usedMs) {
      const entry = spare.pop() ?? { ...blank };
      entry.id = ++lastId;
      entry.url = url;
      let last = byUrl.get(url);
      if (last === undefined) byUrl.set(url, entry);
      else {
        while (last.sibling !== undefined) last = last.sibling;
        last.sibling = entry;
      }
      append(entry, usedMs);
      return entry;
    },

    use(entry) {
      if (entry === newest) return void (entry.usedMs = Date.now());
      unlink(entry);
      append(entry, Date.now());
    },

    remove(entry) {
      const { url, sibling } = entry;
      const first = byUrl.get(url)!;
      if (first !== entry) {
        let before = first;
        while (before.sibling !== entry) before = before.sibling!;
        before.sibling = sibling;
      } else if (sibling === undefined) byUrl.delete(url);
      else byUrl.set(url, sibling);
      unlink(entry);
      spare.push(Object.assign(entry, blank));
    },
  };
}
