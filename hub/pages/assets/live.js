// Keeps a page up to date and sends its forms in place: each answer is a whole page, of which what changed is taken over.
const { keepLive, reread } = globalThis.civikit;
const { dataset } = document.body;
const content = document.getElementById("content");
// what only scripts can do is shown where there are any
document.documentElement.classList.add("has-scripts");

/** Whether the reader holds something that must not be changed under the hand. */
const isHeld = () => document.querySelector(".sortable-ghost, .sortable-chosen") !== null;

/** Whether the reader has changed a field since it was drawn. */
function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.localName !== "select") return field.value !== field.defaultValue;
  const drawn = [...field.options].findLastIndex(({ defaultSelected }) => defaultSelected);
  return field.selectedIndex !== Math.max(0, drawn);
}

/**
 * Takes over a page; what the reader typed, ticked, chose or opened stays, and the focus; what answered a form stays until
 * the next. What was typed into the form that was `sent` has arrived and is over; its ticks are not.
 */
function takeOver(text, { isAnswer = false, sent } = {}) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = page.getElementById("content");
  if (fresh === null) return location.reload();
  const { activeElement } = document;
  const focusedId = activeElement?.id;
  const hadPreview = document.getElementById("preview") !== null;
  const fields = [...content.querySelectorAll("input, select, textarea")];
  const kept = new Set(
    fields.filter((field) => isChanged(field) && (field.form !== sent || field.type === "checkbox")),
  );
  // what is inside alone: an element of the same id would be moved into itself
  Idiomorph.morph(content, fresh.innerHTML, {
    morphStyle: "innerHTML",
    ignoreActiveValue: true,
    callbacks: {
      beforeAttributeUpdated(name, node) {
        if (name === "open") return node.localName !== "details";
        if (name === "selected") return !kept.has(node.closest("select"));
        return (name !== "value" && name !== "checked") || !kept.has(node);
      },
      beforeNodeMorphed: (node) =>
        !(node.localName === "textarea" && kept.has(node)) && (isAnswer || node.dataset?.keep === undefined),
      beforeNodeRemoved: (node) => isAnswer || (node.dataset?.keep === undefined && node.dataset?.hold === undefined),
    },
  });
  document.title = page.title;
  reread();
  if (document.activeElement === document.body && focusedId) {
    // a button that is gone leaves the focus with its row
    const next = document.getElementById(focusedId) ??
      document.getElementById(activeElement.dataset.twin ?? "") ??
      document.getElementById(activeElement.closest?.("[data-job]")?.id ?? "") ?? content;
    next.focus({ preventScroll: true });
  }
  if (!hadPreview) document.getElementById("preview")?.focus();
  document.dispatchEvent(new CustomEvent("renewed"));
}

const live = keepLive({
  types: ["queue", "library", "watch", "transfer", "failure", "cleared", "reset", "missed"],
  everyMs: Number(dataset.every),
  isHeld,
  takeOver,
});

/** Sends a form in place and takes over the page that answers it. */
async function send(action, body, form) {
  try {
    const response = await fetch(action, { method: "POST", body, headers: { accept: "text/html" } });
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("text/html")) throw new Error(`status ${response.status}`);
    live.forget();
    if (response.redirected) {
      // the page is where its answer is; what was said is said once
      const to = new URL(response.url);
      for (const name of ["added", "refused", "saved"]) to.searchParams.delete(name);
      history.replaceState(null, "", to);
    }
    takeOver(await response.text(), { isAnswer: true, ...(response.ok && { sent: form }) });
    return response.ok;
  } catch {
    live.show("offline");
    const note = document.getElementById("note");
    if (note) note.textContent = dataset.failedText;
    return false;
  }
}

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  // by attribute: a field may be called like a property
  const asked = (name) => submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name);
  if (asked("method")?.toLowerCase() !== "post") return;
  event.preventDefault();
  const data = new FormData(form, submitter);
  const isFile = form.getAttribute("enctype") === "multipart/form-data";
  if (submitter) submitter.setAttribute("aria-busy", "true");
  const isDone = await send(asked("action") ?? location.href, isFile ? data : new URLSearchParams(data), form);
  submitter?.removeAttribute("aria-busy");
  if (isDone) form.isConnected && form.hasAttribute("data-clear") && form.reset();
});

// for the scripts of single pages
globalThis.civikit.send = send;
