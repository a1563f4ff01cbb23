// Keeps a page up to date: asks for it again now and then, and at once when an event says that something happened.
const { dataset } = document.body;
const everyMs = Number(dataset.every);
const connection = document.getElementById("connection");
const hold = document.getElementById("hold");
const eventTypes = ["failure", "transfer", "memory", "cleared", "reset", "missed"];

let isHeld = false;
let isBusy = false;
let timer = 0;
let state = "connecting";
let etag = "";

function show(next) {
  state = next;
  const shown = isHeld ? "held" : state;
  const text = dataset[`${shown}Text`];
  if (connection.textContent !== text) connection.textContent = text;
  connection.className = `connection is-${shown}`;
  connection.hidden = false;
}

/** Takes over what changed, and leaves alone what the reader holds: focus, open details, place in a table. */
function takeOver(page) {
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const old = document.getElementById(fresh.id);
    if (old === null || old.innerHTML === fresh.innerHTML) continue;
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const scrolled = [...old.querySelectorAll(".scroll")].map(({ scrollLeft }) => scrollLeft);
    const read = reading?.figure.id;
    old.replaceChildren(...document.importNode(fresh, true).childNodes);
    old.querySelectorAll(".scroll").forEach((table, index) => table.scrollLeft = scrolled[index] ?? 0);
    if (focused !== null && focused.id !== "") {
      // a button that turned into its opposite stands in the same cell
      const twin = focused.id.replace(/^(pause|resume)-/, (_all, word) => word === "pause" ? "resume-" : "pause-");
      const next = document.getElementById(focused.id) ?? document.getElementById(twin);
      next?.focus({ preventScroll: true });
    }
    const figure = read === undefined ? null : document.getElementById(read);
    if (figure !== null && old.contains(figure)) point(figure, reading.index);
  }
  document.title = page.title;
}

async function renew() {
  if (isBusy || isHeld || document.hidden) return;
  isBusy = true;
  try {
    const headers = { accept: "text/html", "if-none-match": etag };
    const response = await fetch(location.href, { headers, cache: "no-store" });
    // the session is over: the log-in page came instead
    if (response.redirected) return location.reload();
    if (response.status !== 304) {
      if (!response.ok) throw new Error(`status ${response.status}`);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (!isHeld) {
        takeOver(page);
        etag = response.headers.get("etag") ?? "";
      }
    }
    show(events.readyState === EventSource.OPEN ? "live" : "connecting");
  } catch {
    show("offline");
  } finally {
    isBusy = false;
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(loop, 150);
}

async function loop() {
  clearTimeout(timer);
  await renew();
  clearTimeout(timer);
  timer = setTimeout(loop, everyMs);
}

const events = new EventSource(new URL("../events", import.meta.url));
events.addEventListener("open", () => show("live"));
events.addEventListener("error", () => show(events.readyState === EventSource.CLOSED ? "offline" : "connecting"));
for (const type of eventTypes) events.addEventListener(type, soon);
document.addEventListener("visibilitychange", soon);

hold.hidden = false;
hold.addEventListener("click", () => {
  isHeld = !isHeld;
  hold.textContent = isHeld ? dataset.goText : dataset.holdText;
  show(state);
  if (!isHeld) soon();
});

// forms are sent in place, so that nothing jumps
document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { action } = event.target;
  try {
    const response = await fetch(action, { method: "POST", headers: { accept: "application/json" } });
    if (response.ok) event.target.closest("details")?.removeAttribute("open");
  } catch {
    show("offline");
  }
  soon();
});

// reading values off a chart, with a pointer or arrow keys
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

show("connecting");
timer = setTimeout(loop, everyMs);
