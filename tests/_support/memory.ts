import type { Sink, TransportEvent } from "../../transport/mod.ts";

/** A sink in memory that also counts how often each byte was written. */
export interface MemorySink extends Sink {
  readonly bytes: Uint8Array;
  /** True when every byte was written at least once and none outside. */
  isCovered(): boolean;
  /** Bytes that were written more than once. */
  twice(): number;
}

/** A sink of `size` bytes; a write beyond its end throws. */
export function memorySink(size: number): MemorySink {
  const bytes = new Uint8Array(size);
  const writes = new Uint8Array(size);
  return {
    bytes,
    write(part, at) {
      bytes.set(part, at);
      for (let i = at; i < at + part.byteLength; i++) writes[i]!++;
    },
    isCovered: () => writes.every((count) => count > 0),
    twice: () => writes.reduce((sum, count) => sum + (count > 1 ? 1 : 0), 0),
  };
}

/** A context that keeps the events reported to it. */
export function eventLog(): { id: string; report: (event: TransportEvent) => void; events: TransportEvent[] } {
  const events: TransportEvent[] = [];
  return { id: "test", report: (event) => events.push(event), events };
}
