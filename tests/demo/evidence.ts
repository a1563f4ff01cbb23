import { createHash } from "node:crypto";
import { peekJournal } from "../../transport/internal.ts";
import { type Span, SpanSet } from "../../transport/body/spans.ts";
import type { Civitai } from "../_civitai/mod.ts";

/** SHA-256 of a file on disk in upper case, computed without any of civikit's code. */
export async function sha256OnDisk(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1024 * 1024);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex").toUpperCase();
}

/** Whether something has this name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The finished spans a journal names; none while there is no journal. */
export function journalSpans(path: string): readonly Span[] {
  const journal = peekJournal(path);
  if (typeof journal === "string") throw new Error(`${path}: ${journal}`);
  return journal?.spans ?? [];
}

/** Bytes of all spans together. */
export function sizeOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Turns over the lowest bit of one byte, as a bad disk would. */
export async function flipBit(path: string, at: number): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const byte = new Uint8Array(1);
  await file.seek(at, Deno.SeekMode.Start);
  await file.read(byte);
  byte[0]! ^= 1;
  await file.seek(at, Deno.SeekMode.Start);
  await file.write(byte);
}

/** What the servers saw between two looks at their logs. */
export interface Seen {
  /** Requests to the storage. */
  readonly requests: number;
  /** Connections the storage reset in mid-body. */
  readonly resets: number;
  /** Requests the storage refused because their link had expired. */
  readonly refused: number;
  /** Links the site signed. */
  readonly links: number;
  /** Body bytes the storage sent, those lost in resets included. */
  readonly sentBytes: number;
  /** Different bytes of the file it was asked for. */
  readonly askedBytes: number;
}

/** Reads the servers' logs from where the last look ended. */
export function observer(civitai: Civitai): () => Seen {
  let storageAt = 0;
  let siteAt = 0;
  return () => {
    const storage = civitai.storage.log.slice(storageAt);
    const site = civitai.log.slice(siteAt);
    storageAt += storage.length;
    siteAt += site.length;
    const asked = new SpanSet();
    for (const { answer } of storage) {
      // what was asked for may reach beyond the end of the file, what was promised never does
      const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(answer["Content-Range"] ?? "") ?? [];
      if (first !== undefined) asked.add(Number(first), Number(last) + 1);
    }
    return {
      requests: storage.length,
      resets: storage.filter(({ faults }) => faults.includes("cut")).length,
      refused: storage.filter(({ status }) => status === 403).length,
      links: site.filter(({ path, status }) => path.startsWith("/api/download/") && status === 307).length,
      sentBytes: storage.reduce((sum, { bytes }) => sum + bytes, 0),
      askedBytes: asked.covered,
    };
  };
}
