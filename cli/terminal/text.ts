import { unicodeWidth } from "@std/cli/unicode-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
// controls (escape codes with them), invisible and direction-changing characters; half surrogate pairs
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text from elsewhere made safe for a terminal: no control characters, no escape codes, nothing that turns lines round. */
export function printable(text: string): string {
  return text.replace(/\r?\n/g, " ").replace(unseen, "\u{fffd}");
}

const endsInHan = /[\p{Script=Han}」）](?:\p{Cc}\[[\d;]*m)*$/u;

/** Parts one after the other with colons between them, the wide one after a Chinese character. */
export function withColons(...parts: readonly [string, ...string[]]): string {
  return parts.reduce((text, part) => `${text}${endsInHan.test(text) ? "：" : ": "}${part}`);
}

function take(parts: readonly string[], width: number): string {
  let taken = "";
  let used = 0;
  for (const part of parts) {
    used += unicodeWidth(part);
    if (used > width) break;
    taken += part;
  }
  return taken;
}

function takeLast(parts: readonly string[], width: number): string {
  let taken = "";
  let used = 0;
  for (const part of parts.toReversed()) {
    used += unicodeWidth(part);
    if (used > width) break;
    taken = part + taken;
  }
  return taken;
}

/** What so many names end in that it tells nothing. */
const usualEnding = /\.safetensors$/i;

/**
 * Shortens `text` to `width` terminal columns: first by `.safetensors`, then by cutting its middle, so that what tells one
 * file name from the next, mostly its end, stays.
 */
export function truncate(full: string, width: number): string {
  if (unicodeWidth(full) <= width) return full;
  const text = full.replace(usualEnding, "");
  if (unicodeWidth(text) <= width) return text;
  if (width < 2) return width === 1 ? "…" : "";
  const parts = Array.from(graphemes.segment(text), ({ segment }) => segment);
  const tail = takeLast(parts, Math.floor((width - 1) / 2));
  return `${take(parts, width - 1 - unicodeWidth(tail))}…${tail}`;
}

/** Cuts or fills `text` to exactly `width` terminal columns. */
export function fit(text: string, width: number): string {
  const short = truncate(text, width);
  return short + " ".repeat(Math.max(0, width - unicodeWidth(short)));
}

/** A duration for people: `9s`, `4:05`, `2:03:09`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < 60) return `${seconds}s`;
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** A duration that is over: like {@linkcode formatDuration}, with a tenth below ten seconds. */
export function formatElapsed(durationMs: number): string {
  return durationMs < 9950 ? `${(Math.max(0, durationMs) / 1000).toFixed(1)}s` : formatDuration(durationMs);
}

export { parseSize } from "../../transport/internal.ts";

/** A moment by the clock of this machine: `2026-01-31 23:59:59`. */
export function localTime(ms: number): string {
  return new Date(ms).toLocaleString("sv-SE");
}
