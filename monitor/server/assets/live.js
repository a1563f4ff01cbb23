// Keeps a page up to date: asks for it again now and then, and at once when an event says that something happened.
const { keepLive, reread } = globalThis.civikit;
const { dataset } = document.body;
const hold = document.getElementById("hold");
let isHeld = false;

/** Takes over what changed, and leaves alone what the reader holds: focus, open details, place in a table. */
function takeOver(page) {
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const old = document.getElementById(fresh.id);
    if (old === null || old.innerHTML === fresh.innerHTML) continue;
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const scrolled = [...old.querySelectorAll(".scroll")].map(({ scrollLeft }) => scrollLeft);
    old.replaceChildren(...document.importNode(fresh, true).childNodes);
    old.querySelectorAll(".scroll").forEach((table, index) => table.scrollLeft = scrolled[index] ?? 0);
    if (focused !== null && focused.id !== "") {
      // a button that turned into its opposite stands in the same cell
      const twin = focused.id.replace(/^(pause|resume)-/, (_all, word) => word === "pause" ? "resume-" : "pause-");
      const next = document.getElementById(focused.id) ?? document.getElementById(twin);
      next?.focus({ preventScroll: true });
    }
  }
  document.title = page.title;
  reread();
}

const live = keepLive({
  types: ["failure", "transfer", "memory", "cleared", "reset", "missed"],
  everyMs: Number(dataset.every),
  isHeld: () => isHeld,
  shown: (state) => isHeld ? "held" : state,
  takeOver: (text) => takeOver(new DOMParser().parseFromString(text, "text/html")),
});

hold.hidden = false;
hold.addEventListener("click", () => {
  isHeld = !isHeld;
  hold.textContent = isHeld ? dataset.goText : dataset.holdText;
  live.show();
  if (!isHeld) live.soon();
});

// forms are sent in place, so that nothing jumps
document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { action } = event.target;
  try {
    const response = await fetch(action, { method: "POST", headers: { accept: "application/json" } });
    if (response.ok) event.target.closest("details")?.removeAttribute("open");
  } catch {
    live.show("offline");
  }
  live.soon();
});
