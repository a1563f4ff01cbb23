/** Numbers as the pages show them; a dash for what is not known. */

const dash = "–";

/** A whole number with separators. */
export function formatCount(value: number | undefined): string {
  return value === undefined ? dash : Math.round(value).toLocaleString("en-US");
}

/** A size in bytes, with at most three digits. */
export function formatSize(bytes: number | undefined): string {
  if (bytes === undefined) return dash;
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toFixed(unit === 0 || value >= 100 ? 0 : value < 10 ? 2 : 1))} ${units[unit]}`;
}

/** A duration in milliseconds as `0.8 ms`, `240 ms`, `3.2 s`. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return dash;
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;
}

/** A duration in milliseconds as `42 s`, `4:05` or `2:03:09`. */
export function formatSpan(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return dash;
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** A percentage with at most two decimals. */
export function formatPercent(value: number | undefined): string {
  return value === undefined ? dash : `${Number(value.toFixed(2))}%`;
}

/** The time of day on this machine: `14:03` or `14:03:20`. */
export function formatTime(atMs: number, withSeconds = false): string {
  const date = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return withSeconds ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

/** Day and time on this machine: `11-23 14:03:20`. */
export function formatMoment(atMs: number): string {
  const date = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${formatTime(atMs, true)}`;
}

/** A text with its number or name in the place of `{n}`, and `{file|files}` as that number has it. */
export function counted(text: string, count: string | number): string {
  const isOne = String(count) === "1";
  // what comes from outside goes in last, and as it is
  return text.replace(/\{([^{}|]*)\|([^{}|]*)\}/g, (_, one: string, many: string) => isOne ? one : many)
    .replace("{n}", () => String(count));
}
