// Reads values off a chart, with a pointer or the arrow keys.
let reading;

function leave() {
  if (reading === undefined) return;
  const { figure } = reading;
  reading = undefined;
  figure.querySelector(".cursor").hidden = true;
  figure.querySelector(".reading").hidden = true;
}

function point(figure, wanted) {
  if (figure.dataset.chart === "") return leave();
  const { startMs, stepMs, withSeconds, lines } = JSON.parse(figure.dataset.chart);
  const last = lines[0][1].length - 1;
  const index = Math.max(0, Math.min(last, wanted));
  if (reading !== undefined && reading.figure.id !== figure.id) leave();
  reading = { figure, index };
  const cursor = figure.querySelector(".cursor");
  const output = figure.querySelector(".reading");
  cursor.style.left = `${last === 0 ? 0 : index * 100 / last}%`;
  cursor.hidden = output.hidden = false;
  const time = new Date(startMs + index * stepMs).toTimeString().slice(0, withSeconds ? 8 : 5);
  const values = lines.map(([name, texts]) => `${name} ${texts[index]}`.trim());
  output.textContent = [time, ...values.toReversed()].join(" · ");
}

/** Goes on reading where the reader was, once the page has been renewed. */
function reread() {
  if (reading === undefined) return;
  const figure = document.getElementById(reading.figure.id);
  if (figure !== null) point(figure, reading.index);
  else reading = undefined;
}

document.addEventListener("pointermove", ({ target, clientX }) => {
  const canvas = target.closest?.(".canvas");
  if (!canvas) return document.activeElement === reading?.figure ? undefined : leave();
  const figure = canvas.closest(".chart");
  const { left, width } = canvas.getBoundingClientRect();
  if (figure.dataset.chart === "") return;
  const last = JSON.parse(figure.dataset.chart).lines[0][1].length - 1;
  point(figure, Math.round((clientX - left) * last / width));
});

document.addEventListener("keydown", (event) => {
  const figure = event.target.closest?.(".chart");
  if (!figure || figure.dataset.chart === "") return;
  if (event.key === "Escape") return leave();
  const last = JSON.parse(figure.dataset.chart).lines[0][1].length - 1;
  const from = reading?.figure === figure ? reading.index : last + 1;
  const moves = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last };
  if (moves[event.key] === undefined) return;
  event.preventDefault();
  point(figure, moves[event.key]);
});
document.addEventListener("focusout", ({ target }) => {
  if (target.classList?.contains("chart")) leave();
});

globalThis.civikit.reread = reread;
