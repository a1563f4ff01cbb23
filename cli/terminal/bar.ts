import { unicodeWidth } from "@std/cli/unicode-width";
import { formatBytes, formatSpeed } from "../../transport/internal.ts";
import { plainStyle, type Style } from "./style.ts";
import { fit, formatDuration, truncate } from "./text.ts";

/** What one bar shows. */
export interface BarState {
  /** The file's name, or `total`. */
  readonly label: string;
  /** Bytes so far. */
  readonly downloadedBytes: number;
  /** Size of the whole; undefined turns the bar into a spinner. */
  readonly totalBytes: number | undefined;
  /** Speed over the last seconds. */
  readonly bytesPerSecond: number;
  /** Connections in use; undefined shows none. */
  readonly connections: number | undefined;
  /** A word instead of the time left, such as `verifying`. */
  readonly phase: string;
  /** Counts repaints; turns the spinner. */
  readonly tick: number;
}

const gap = "  ";
const leastLabel = 12;
const leastBar = 10;
const mostBar = 40;
const spinner = ["|", "/", "-", "\\"] as const;

function sizes(done: number, total: number | undefined): string {
  if (total === undefined) return formatBytes(done).padStart(14);
  const whole = formatBytes(total);
  const unit = whole.slice(whole.indexOf(" ") + 1);
  const power = ["B", "KB", "MB", "GB", "TB"].indexOf(unit);
  const digits = unit === "B" ? 0 : 1;
  const part = Math.min(done / 1024 ** power, Number(whole.split(" ")[0])).toFixed(digits);
  return `${part}/${whole}`.padStart(Math.max(14, whole.length * 2 - unit.length));
}

function timeLeft({ downloadedBytes, totalBytes, bytesPerSecond, phase }: BarState): string {
  if (phase !== "") return fit(phase, 9);
  if (totalBytes === undefined || bytesPerSecond <= 0) return "ETA --:--";
  return `ETA ${formatDuration((totalBytes - downloadedBytes) * 1000 / bytesPerSecond)}`.padEnd(9);
}

function drawBar(width: number, share: number | undefined, tick: number, style: Style): string {
  const inner = width - 2;
  if (share === undefined) {
    const at = tick % (inner * 2 - 2);
    const place = at < inner ? at : inner * 2 - 2 - at;
    return `[${" ".repeat(place)}${style.active("=")}${" ".repeat(inner - place - 1)}]`;
  }
  const full = Math.floor(inner * share);
  const head = full < inner && full > 0 ? "=".repeat(full - 1) + ">" : "=".repeat(full);
  return `[${share < 1 ? style.active(head) : style.good(head)}${" ".repeat(inner - full)}]`;
}

/**
 * One line: name, bar, percent, bytes, speed, time left and connections, as many of them as fit into `columns`. Only
 * characters that are one column wide in every terminal are drawn; names are measured.
 *
 * @param labelWidth Room the widest name of all bars shown would like, so that they line up.
 */
export function renderBar(state: BarState, columns: number, labelWidth: number, style: Style = plainStyle): string {
  const { label, downloadedBytes, totalBytes, bytesPerSecond, connections, tick } = state;
  const width = Math.max(1, columns - 1); // the last column stays free: some terminals wrap there
  const share = totalBytes === undefined ? undefined : totalBytes === 0 ? 1 : Math.min(1, downloadedBytes / totalBytes);
  const percent = share === undefined ? `  ${spinner[tick % 4]} ` : `${Math.floor(share * 100)}%`.padStart(4);
  const size = sizes(downloadedBytes, totalBytes);
  const speed = formatSpeed(bytesPerSecond).padStart(10);
  const eta = timeLeft(state);
  const lines = (connections !== undefined && connections > 1 ? `x${connections}` : "").padEnd(3);
  const choices: readonly { hasBar: boolean; fields: readonly string[] }[] = [
    { hasBar: true, fields: [percent, size, speed, eta, lines] },
    { hasBar: true, fields: [percent, size, speed, eta] },
    { hasBar: true, fields: [percent, speed, eta] },
    { hasBar: false, fields: [percent, speed, eta] },
    { hasBar: false, fields: [percent, speed] },
    { hasBar: false, fields: [percent] },
  ];
  for (const { hasBar, fields } of choices) {
    const fixed = fields.reduce((sum, field) => sum + gap.length + unicodeWidth(field), 0);
    const flexible = width - fixed - (hasBar ? gap.length : 0);
    if (flexible < leastLabel + (hasBar ? leastBar : 0) && fields.length > 1) continue;
    const room = hasBar ? flexible - Math.max(leastBar, Math.floor(flexible / 3)) : Math.max(0, flexible);
    const name = fit(label, Math.min(Math.max(labelWidth, leastLabel), room));
    const bar = hasBar ? [drawBar(Math.min(mostBar, flexible - unicodeWidth(name)), share, tick, style)] : [];
    const line = [name, ...bar, ...fields].join(gap).trimEnd();
    return hasBar || unicodeWidth(line) <= width ? line : truncate(line, width);
  }
  return "";
}
