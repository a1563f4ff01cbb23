import { html } from "hono/html";
import type { Html } from "./layout.ts";
import { formatTime } from "./format.ts";
import type { Texts } from "./texts.ts";

/** One line of a chart. */
export interface Line {
  /** What it is called; also its CSS class, with digits and letters only. */
  readonly name: string;
  /** A value for each step; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
}

/** A chart: lines over equal steps of time. */
export interface Chart {
  /** Names it in the page. */
  readonly id: string;
  /** What it shows. */
  readonly title: string;
  /** Start of the first step, in milliseconds since the epoch. */
  readonly startMs: number;
  /** Length of a step in milliseconds. */
  readonly stepMs: number;
  /** The lines, the one in front last. */
  readonly lines: readonly Line[];
  /** How a value is written. */
  readonly format: (value: number) => string;
  /** The least the upper end of the scale may be. */
  readonly least: number;
  /** The scale's steps: decimal numbers, or powers of 1024. */
  readonly binary?: boolean;
}

const width = 600;
const height = 140;
/** How wide a value between two gaps is drawn: a point of the line's width is not seen. */
const dash = 6;

/** The next round number: 1, 2, 5 times a power of ten. */
function roundUp(value: number, binary: boolean): number {
  const unit = binary && value >= 1024 ? 1024 ** Math.floor(Math.log(value) / Math.log(1024)) : 1;
  const rest = value / unit;
  const power = 10 ** Math.floor(Math.log10(rest));
  return unit * power * ([1, 2, 5].find((step) => step * power >= rest * 0.9999) ?? 10);
}

/** The path of a line; steps without a value leave a gap, a lonely one is a dash. */
function pathOf(values: Line["values"], top: number): string {
  const x = (index: number) => Math.round(index * width * 10 / Math.max(1, values.length - 1)) / 10;
  const y = (value: number) => Math.round((height - value * height / top) * 10) / 10;
  let path = "";
  let isDrawing = false;
  values.forEach((value, index) => {
    if (value === undefined) {
      isDrawing = false;
      return;
    }
    const isLonely = !isDrawing && values[index + 1] === undefined;
    path += isLonely
      ? `M${Math.min(width - dash, Math.max(0, x(index) - dash / 2))} ${y(value)}h${dash}`
      : `${isDrawing ? "L" : "M"}${x(index)} ${y(value)}`;
    isDrawing = true;
  });
  return path;
}

const areaOf = (path: string, count: number): string =>
  count < 2 || path.includes("M", 1) || path.includes("h") || path === "" ? "" : `${path}V${height}H0Z`;

/** A chart as a figure: the numbers in words, a drawing, and what a pointer or arrow keys need to read it off. */
export function chart({ id, title, startMs, stepMs, lines, format, least, binary = false }: Chart, t: Texts): Html {
  const known = lines.flatMap(({ values }) => values.filter((value) => value !== undefined));
  const count = lines[0]?.values.length ?? 0;
  const top = roundUp(Math.max(least, ...known), binary);
  const last = (values: Line["values"]) => values.findLast((value) => value !== undefined);
  const withSeconds = count * stepMs < 3_600_000;
  const ticks = [0, 0.5, 1].map((part) => formatTime(startMs + part * Math.max(0, count - 1) * stepMs, withSeconds));
  const legend = lines.map(({ name, values }) => {
    const now = last(values);
    const most = Math.max(...values.filter((value) => value !== undefined));
    const text = now === undefined
      ? t.noData
      : lines.length > 1
      ? format(now)
      : `${format(now)} (${t.most} ${format(most)})`;
    return html`<li class="line-${name}"><span>${lines.length > 1 ? name : t.latest}</span> ${text}</li>`;
  });
  const data = known.length === 0 ? "" : JSON.stringify({
    startMs,
    stepMs,
    withSeconds,
    lines: lines.map(({ name, values }) => [
      lines.length > 1 ? name : "",
      values.map((value) => value === undefined ? "–" : format(value)),
    ]),
  });
  const paths = lines.map(({ name, values }) => ({ name, path: pathOf(values, top), count: values.length }));
  return html`
    <figure class="chart" id="${id}" data-chart="${data}" ${known.length === 0
      ? ""
      : html`tabindex="0" aria-describedby="chart-help"`}
    ><figcaption><h3>${title}</h3><ul class="legend">${legend}</ul></figcaption>
        <div class="plot"
          ><div class="scale" aria-hidden="true"><span>${format(top)}</span><span>${format(
            top / 2,
          )}</span><span>${format(0)}</span></div
          ><div class="canvas"
            ><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${title}"
              ><path class="grid" d="M0 0H${width}M0 ${height / 2}H${width}M0 ${height}H${width}" />${lines.length > 1
                ? ""
                : paths.map(({ name, path, count }) =>
                  html`<path class="area line-${name}" d="${areaOf(path, count)}" />`
                )}${paths.map(({ name, path }) => html`<path class="stroke line-${name}" d="${path}" />`)}</svg
            ><div class="cursor" hidden></div>${known.length === 0 ? html`<p class="empty">${t.noData}</p>` : ""}</div
          ><div class="times" aria-hidden="true">${ticks.map((tick) => html`<span>${tick}</span>`)}</div
        ></div><output class="reading" hidden></output></figure>
  `;
}
