const blockBytes = 512;
const slabBytes = 256 * 1024;
const perSlab = slabBytes / blockBytes;
const none = -1;

/** Memory in blocks that lasts as long as a store: what is given up is free at once, and nothing for the garbage collector. */
export interface Arena {
  /** Keeps a copy of `parts`, one after the other; gives the number it is asked for by. */
  write(parts: readonly Uint8Array[]): number;
  /** A copy of `length` bytes from `start` on. */
  read(number: number, start: number, length: number): Uint8Array<ArrayBuffer>;
  /** Gives up what {@linkcode write} kept. */
  free(number: number): void;
}

/** What `bytes` take in an {@linkcode arena}. */
export function takenBytes(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / blockBytes)) * blockBytes;
}

/**
 * Makes an arena. Bytes lie in chains of blocks, so that any space that is free will do: there is no fragmentation, and
 * what it takes is what is in it, up to half a block for each.
 */
export function arena(): Arena {
  let slabs: Uint8Array[] = [];
  /** The block after each in its chain, or in that of the free ones. */
  let following: Int32Array[] = [];
  let free = none;
  let used = 0;

  const next = (block: number) => following[Math.floor(block / perSlab)]![block % perSlab]!;
  const link = (block: number, to: number) => {
    following[Math.floor(block / perSlab)]![block % perSlab] = to;
  };

  function grow(): void {
    const first = slabs.length * perSlab;
    slabs.push(new Uint8Array(slabBytes));
    const links = new Int32Array(perSlab);
    for (let at = 0; at < perSlab; at++) links[at] = first + at + 1;
    links[perSlab - 1] = free;
    following.push(links);
    free = first;
  }

  function take(): number {
    if (free === none) grow();
    const block = free;
    free = next(block);
    link(block, none);
    used++;
    return block;
  }

  return {
    write(parts) {
      const first = take();
      let block = first;
      let room = blockBytes;
      for (const part of parts) {
        for (let at = 0; at < part.length;) {
          if (room === 0) {
            const more = take();
            link(block, more);
            block = more;
            room = blockBytes;
          }
          const place = (block % perSlab + 1) * blockBytes - room;
          // blocks that lie one behind the other are filled in one go
          while (room < part.length - at && free === block + 1 && free % perSlab !== 0) {
            const more = take();
            link(block, more);
            block = more;
            room += blockBytes;
          }
          const bytes = Math.min(room, part.length - at);
          slabs[Math.floor(block / perSlab)]!.set(part.subarray(at, at + bytes), place);
          at += bytes;
          room -= bytes;
        }
      }
      return first;
    },

    read(number, start, length) {
      const bytes = new Uint8Array(length);
      let block = number;
      for (let skipped = blockBytes; skipped <= start; skipped += blockBytes) block = next(block);
      let from = start % blockBytes;
      for (let at = 0; at < length; block = next(block), from = 0) {
        const place = block % perSlab * blockBytes + from;
        let room = blockBytes - from;
        for (; room < length - at && next(block) === block + 1 && next(block) % perSlab !== 0; block++) {
          room += blockBytes;
        }
        const some = Math.min(room, length - at);
        bytes.set(slabs[Math.floor(block / perSlab)]!.subarray(place, place + some), at);
        at += some;
      }
      return bytes;
    },

    free(number) {
      // in front of the free ones, in its order: what lay together will again
      let last = number;
      for (used--; next(last) !== none; used--) last = next(last);
      link(last, free);
      free = number;
      if (used > 0) return;
      slabs = [];
      following = [];
      free = none;
    },
  };
}
