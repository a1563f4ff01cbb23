const encoder = new TextEncoder();
const extension = /\.[^.\s]{1,24}$/u;

/**
 * Longest file name in UTF-8 bytes: what file systems hold, less the longest ending of ours. That is the one of a
 * preview's unfinished journal, `NAME.preview.new.part.json.tmp`.
 */
export const longestNameBytes: number = 255 - ".preview.new.part.json.tmp".length;

/** Takes away what a file name cannot begin or end with everywhere. */
export function trimName(name: string): string {
  return name.replace(/^[\s.]+/u, "").replace(/[\s.]+$/u, "");
}

/** Cuts `name` to `maxBytes`, between characters and before its extension. */
export function cutName(name: string, maxBytes: number): string {
  if (encoder.encode(name).length <= maxBytes) return name;
  const tail = extension.exec(name)?.[0] ?? "";
  const room = maxBytes - encoder.encode(tail).length;
  const bytes = new Uint8Array(Math.max(room, 0));
  const { read } = encoder.encodeInto(name, bytes);
  return room <= 0 ? cutName(name.slice(0, -tail.length), maxBytes) : trimName(name.slice(0, read)) + tail;
}

/** `name` with `suffix` before its extension, and cut before that where it would be too long. */
export function suffixedName(name: string, suffix: string): string {
  const tail = extension.exec(name)?.[0] ?? "";
  const stem = name.slice(0, name.length - tail.length);
  return cutName(stem, longestNameBytes - encoder.encode(suffix + tail).length) + suffix + tail;
}
