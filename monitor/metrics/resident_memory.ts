/** Where the process stands with memory. */
export interface MemorySnapshot {
  /** Resident memory in bytes, when it was last looked at. */
  readonly rssBytes: number;
  /** The most seen. */
  readonly peakBytes: number;
  /** Resident memory the guard allows, in bytes; undefined without a guard. */
  readonly limitBytes: number | undefined;
  /** How far the guard has stepped down: 0 is full speed. */
  readonly level: number;
  /** Connections the guard allows for a download; undefined without a guard. */
  readonly parallel: number | undefined;
  /** Size of a part the guard allows, in bytes; undefined without a guard. */
  readonly pieceBytes: number | undefined;
}

/** Watches resident memory and its peak. */
export interface ResidentMemory {
  /** Takes over what the memory guard found. */
  set(changes: Partial<Omit<MemorySnapshot, "peakBytes">>): void;
  /** Looks now. */
  look(): MemorySnapshot;
  /** Forgets the peak. */
  clear(): void;
}

/** Resident memory of this process, with what the memory guard says of it. */
export function residentMemory(): ResidentMemory {
  let guarded: Partial<MemorySnapshot> = {};
  let peakBytes = 0;
  return {
    set(changes) {
      guarded = { ...guarded, ...changes };
    },
    look() {
      const rssBytes = Deno.memoryUsage().rss;
      peakBytes = Math.max(peakBytes, rssBytes, guarded.rssBytes ?? 0);
      const { limitBytes, level = 0, parallel, pieceBytes } = guarded;
      return { rssBytes, peakBytes, limitBytes, level, parallel, pieceBytes };
    },
    clear() {
      peakBytes = 0;
    },
  };
}
