// Keeps a page up to date and sends its forms in place: each answer is a whole page, of which what changed is taken over.
(() => {
  const { dataset } = document.body;
  const everyMs = Number(dataset.every);
  const connection = document.getElementById("connection");
  const content = document.getElementById("content");
  const eventTypes = ["queue", "library", "transfer", "failure", "cleared", "reset", "missed"];

  let isBusy = false;
  let isDue = false;
  let timer = 0;
  let etag = "";

  function show(state) {
    const text = dataset[`${state}Text`];
    if (connection.textContent !== text) connection.textContent = text;
    connection.className = `connection is-${state}`;
    connection.hidden = false;
  }

  /** Whether the reader holds something that must not be changed under the hand. */
  const isHeld = () => document.querySelector(".sortable-ghost, .sortable-chosen") !== null;

  /** Takes over a page; what is being typed, open details and the focus stay, and what answered a form until the next. */
  function takeOver(text, isAnswer = false) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById("content");
    if (fresh === null) return location.reload();
    const { activeElement } = document;
    const focusedId = activeElement?.id;
    // what is inside alone: an element of the same id would be moved into itself
    Idiomorph.morph(content, fresh.innerHTML, {
      morphStyle: "innerHTML",
      ignoreActiveValue: true,
      callbacks: {
        // what the reader typed, chose or opened belongs to the reader
        beforeAttributeUpdated: (name, node) =>
          !(name === "open" && node.localName === "details") && !(name === "value" && node.matches("input, textarea")),
        beforeNodeMorphed: (node) =>
          !(node.localName === "textarea" && node.value !== node.defaultValue) &&
          !(!isAnswer && node.dataset?.keep !== undefined),
        beforeNodeRemoved: (node) => isAnswer || node.dataset?.keep === undefined,
      },
    });
    document.title = page.title;
    if (document.activeElement === document.body && focusedId) {
      // a button that is gone leaves the focus with its row
      const next = document.getElementById(focusedId) ??
        document.getElementById(activeElement.dataset.twin ?? "") ??
        document.getElementById(activeElement.closest?.("[data-job]")?.id ?? "") ?? content;
      next.focus({ preventScroll: true });
    }
    if (isAnswer) document.getElementById("preview")?.focus();
    document.dispatchEvent(new CustomEvent("renewed"));
  }

  async function renew() {
    if (isBusy || document.hidden || isHeld()) return void (isDue = true);
    isBusy = true;
    isDue = false;
    try {
      const headers = { accept: "text/html", "if-none-match": etag };
      const response = await fetch(location.href, { headers, cache: "no-store" });
      // the session is over: the log-in page came instead
      if (response.redirected) return location.reload();
      if (response.status !== 304) {
        if (!response.ok) throw new Error(`status ${response.status}`);
        const text = await response.text();
        if (isHeld()) return void (isDue = true);
        takeOver(text);
        etag = response.headers.get("etag") ?? "";
      }
      show(events.readyState === EventSource.OPEN ? "live" : "connecting");
    } catch {
      show("offline");
    } finally {
      isBusy = false;
    }
  }

  async function loop() {
    clearTimeout(timer);
    await renew();
    clearTimeout(timer);
    if (everyMs > 0 || isDue) timer = setTimeout(loop, everyMs || 500);
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(loop, 150);
  }

  const events = new EventSource("/events");
  events.addEventListener("open", () => (show("live"), soon()));
  events.addEventListener("error", () => show(events.readyState === EventSource.CLOSED ? "offline" : "connecting"));
  for (const type of eventTypes) events.addEventListener(type, soon);
  document.addEventListener("visibilitychange", soon);

  /** Sends a form in place and takes over the page that answers it. */
  async function send(action, body) {
    try {
      const response = await fetch(action, { method: "POST", body, headers: { accept: "text/html" } });
      const type = response.headers.get("content-type") ?? "";
      if (!type.startsWith("text/html")) throw new Error(`status ${response.status}`);
      etag = "";
      takeOver(await response.text(), true);
      return response.ok;
    } catch {
      show("offline");
      const note = document.getElementById("note");
      if (note) note.textContent = dataset.failedText;
      return false;
    }
  }

  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    if (form.method !== "post" || form.hasAttribute("data-plain")) return;
    event.preventDefault();
    const data = new FormData(form, submitter);
    const isFile = form.enctype === "multipart/form-data";
    const action = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action;
    if (submitter) submitter.setAttribute("aria-busy", "true");
    const isDone = await send(action, isFile ? data : new URLSearchParams(data));
    submitter?.removeAttribute("aria-busy");
    if (isDone) form.isConnected && form.hasAttribute("data-clear") && form.reset();
  });

  globalThis.civikit = { send, soon };
  show("connecting");
  if (everyMs > 0) timer = setTimeout(loop, everyMs);
})();
