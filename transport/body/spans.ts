/** A run of bytes: `start` included, `end` not. */
export interface Span {
  /** First byte, from 0. */
  readonly start: number;
  /** The byte after the last one. */
  readonly end: number;
}

/**
 * A set of bytes kept as sorted spans that neither touch nor overlap. Adding what is already there changes nothing, so
 * two connections that deliver the same bytes are counted once.
 *
 * @example
 * ```ts
 * const done = new SpanSet([{ start: 0, end: 4 }]);
 * done.add(6, 8);
 * console.log(done.covered, done.prefix, done.holes(10)); // 6 4 [{ start: 4, end: 6 }, { start: 8, end: 10 }]
 * ```
 */
export class SpanSet implements Iterable<Span> {
  #spans: Span[] = [];
  #covered = 0;

  /** Starts with `spans`, in any order. */
  constructor(spans: Iterable<Span> = []) {
    for (const { start, end } of spans) this.add(start, end);
  }

  /** How many bytes the set holds. */
  get covered(): number {
    return this.#covered;
  }

  /** How many spans they form. */
  get size(): number {
    return this.#spans.length;
  }

  /** Where the unbroken run from byte 0 ends; 0 when byte 0 is missing. */
  get prefix(): number {
    const first = this.#spans[0];
    return first?.start === 0 ? first.end : 0;
  }

  /** Puts in the bytes from `start` to before `end`. @throws {RangeError} when they are no span. */
  add(start: number, end: number): void {
    check(start, end);
    if (start === end) return;
    const from = this.#firstEndingAt(start);
    let to = from;
    let low = start;
    let high = end;
    for (let span = this.#spans[to]; span && span.start <= end; span = this.#spans[++to]) {
      low = Math.min(low, span.start);
      high = Math.max(high, span.end);
      this.#covered -= span.end - span.start;
    }
    this.#covered += high - low;
    this.#spans.splice(from, to - from, { start: low, end: high });
  }

  /** Takes out the bytes from `start` to before `end`. @throws {RangeError} when they are no span. */
  remove(start: number, end: number): void {
    check(start, end);
    if (start === end) return;
    const from = this.#firstEndingAt(start + 1);
    const kept: Span[] = [];
    let to = from;
    for (let span = this.#spans[to]; span && span.start < end; span = this.#spans[++to]) {
      this.#covered -= Math.min(span.end, end) - Math.max(span.start, start);
      if (span.start < start) kept.push({ start: span.start, end: start });
      if (span.end > end) kept.push({ start: end, end: span.end });
    }
    this.#spans.splice(from, to - from, ...kept);
  }

  /** Tells whether every byte from `start` to before `end` is there. */
  has(start: number, end: number): boolean {
    if (start >= end) return true;
    const span = this.#spans[this.#firstEndingAt(start + 1)];
    return span !== undefined && span.start <= start && span.end >= end;
  }

  /** What is missing from `start` (default 0) to before `end`, in order. */
  holes(end: number, start: number = 0): Span[] {
    const holes: Span[] = [];
    let at = start;
    for (let index = this.#firstEndingAt(start); index < this.#spans.length && at < end; index++) {
      const span = this.#spans[index]!;
      if (span.start > at) holes.push({ start: at, end: Math.min(span.start, end) });
      at = Math.max(at, span.end);
    }
    if (at < end) holes.push({ start: at, end });
    return holes;
  }

  /** A set of its own with the same bytes. */
  clone(): SpanSet {
    const copy = new SpanSet();
    copy.#spans = [...this.#spans];
    copy.#covered = this.#covered;
    return copy;
  }

  /** The spans, in order. */
  [Symbol.iterator](): Iterator<Span> {
    return this.#spans.values();
  }

  /** Index of the first span that ends at or after `at`. */
  #firstEndingAt(at: number): number {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#spans[middle]!.end < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function check(start: number, end: number): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new RangeError(`reading span "${start}-${end}": not 0 <= start <= end`);
  }
}
