import type { Span } from "./spans.ts";

/** What one connection has still to bring: [at, end). `end` moves down when another connection takes over the tail. */
export interface Lane {
  at: number;
  end: number;
  /** Smoothed bytes per second; undefined before the first measurement. */
  rate: number | undefined;
}

/** What a lane is to fetch next; `from` is the lane whose tail it was. */
export interface Assignment extends Span {
  readonly from?: Lane;
}

/** Tails smaller than this are not worth another request. */
const leastStealBytes = 128 * 1024;
const leastPieceBytes = 1024 * 1024;
/** A fast connection gets a second's worth at once, but never more than this many pieces. */
const mostPieces = 8;

/** The usual rate of those lanes that were measured; 0 when none was. */
function meanRate(lanes: Iterable<Lane>): number {
  let sum = 0;
  let count = 0;
  for (const { rate } of lanes) {
    if (rate === undefined) continue;
    sum += rate;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

/**
 * Decides who fetches what of one span: what came back unfinished first, then new pieces in order, then the tail of
 * the lane that would finish last. Every byte is in exactly one place at any time: delivered, in a lane, given back,
 * or not yet begun.
 */
export class RangePlan {
  readonly #returned: Span[] = [];
  readonly #end: number;
  readonly #pieceBytes: () => number;
  #cursor: number;

  /** Plans [cursor, end) in pieces of about `pieceBytes()` bytes. */
  constructor(cursor: number, end: number, pieceBytes: () => number) {
    this.#cursor = cursor;
    this.#end = end;
    this.#pieceBytes = pieceBytes;
  }

  /** Tells whether bytes wait for a lane. */
  get hasWork(): boolean {
    return this.#returned.length > 0 || this.#cursor < this.#end;
  }

  /**
   * The next bytes for a lane.
   *
   * @param lanes The lanes at work.
   * @param rate What the asking lane has reached so far in bytes per second; a fast one gets a second's worth at once.
   * @param joining How many lanes may join: what they bring, they may take from this one's rate.
   */
  next(lanes: ReadonlySet<Lane>, rate = 0, joining = 0): Assignment | undefined {
    const back = this.#returned.shift();
    if (back !== undefined) return back;
    if (this.#cursor >= this.#end) return this.#steal(lanes, rate);
    const least = this.#pieceBytes();
    const present = Math.max(1, lanes.size);
    const lasting = Math.floor(rate * present / (present + joining));
    const piece = Math.min(mostPieces * least, Math.max(least, lasting));
    // towards the end pieces get smaller, so that all lanes finish together
    const share = Math.ceil((this.#end - this.#cursor) / (2 * present));
    const start = this.#cursor;
    this.#cursor = Math.min(this.#end, start + Math.max(Math.min(piece, share), Math.min(piece, leastPieceBytes)));
    return { start, end: this.#cursor };
  }

  #steal(lanes: ReadonlySet<Lane>, rate: number): Assignment | undefined {
    const usual = Math.max(1, meanRate(lanes));
    let victim: Lane | undefined;
    let longest = 0;
    for (const lane of lanes) {
      const left = lane.end - lane.at;
      const seconds = left / Math.max(1, lane.rate ?? usual);
      if (left >= 2 * leastStealBytes && seconds > longest) [victim, longest] = [lane, seconds];
    }
    if (victim === undefined) return undefined;
    const { at, end } = victim;
    const mine = rate || usual;
    const theirs = Math.max(1, victim.rate ?? usual);
    const share = Math.floor((end - at) * mine / (mine + theirs));
    victim.end = end - Math.min(end - at - leastStealBytes, Math.max(leastStealBytes, share));
    return { start: victim.end, end, from: victim };
  }

  /** Takes back what `lane` did not deliver; it is handed out again before anything new. */
  giveBack(lane: Lane): void {
    if (lane.at < lane.end) {
      const index = this.#returned.findIndex(({ start }) => start > lane.at);
      this.#returned.splice(index < 0 ? this.#returned.length : index, 0, { start: lane.at, end: lane.end });
    }
    lane.end = lane.at;
  }

  /** Forgets all work: somebody else delivers it. */
  clear(): void {
    this.#returned.length = 0;
    this.#cursor = this.#end;
  }
}
