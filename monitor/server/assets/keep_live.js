// What keeps every page up to date: it hears what happens, asks for the page again, and says how the connection stands.

/** A page takes seconds at most; behind a machine that slept an answer never comes. */
const patienceMs = 60_000;
/** A stream that was refused for good, as while a service starts anew behind a proxy, is opened again. */
const reopenMs = 3_000;
/** A page in the background is let run once a minute; longer than this, the machine slept. */
const sleptMs = 150_000;

/**
 * Begins to keep this page up to date. `types` are the events at which it is renewed, besides every `everyMs`;
 * `takeOver` gets the new page as text, `isHeld` tells that now is no good time, `shown` what is told of a state.
 */
function keepLive({ types, everyMs, takeOver, isHeld = () => false, shown = (state) => state }) {
  const { dataset } = document.body;
  const connection = document.getElementById("connection");
  let state = "connecting";
  let etag = "";
  let isDue = false;
  let timer = 0;
  let renewing;
  let events;
  let seenMs = Date.now();

  /** Says how the connection stands. */
  function show(next = state) {
    state = next;
    const name = shown(state);
    const text = dataset[`${name}Text`];
    if (connection.textContent !== text) connection.textContent = text;
    connection.className = `connection is-${name}`;
    connection.hidden = false;
  }

  async function renew() {
    if (document.hidden) return;
    if (renewing || isHeld()) return void (isDue = true);
    isDue = false;
    const own = renewing = new AbortController();
    try {
      const response = await fetch(location.href, {
        headers: { accept: "text/html", "if-none-match": etag },
        cache: "no-store",
        signal: AbortSignal.any([own.signal, AbortSignal.timeout(patienceMs)]),
      });
      // the session is over: the log-in page came instead
      if (response.redirected) return location.reload();
      if (response.status !== 304) {
        if (!response.ok) throw new Error(`status ${response.status}`);
        const text = await response.text();
        if (own !== renewing) return;
        if (isHeld()) return void (isDue = true);
        takeOver(text);
        etag = response.headers.get("etag") ?? "";
      }
      show(events.readyState === EventSource.OPEN ? "live" : "connecting");
    } catch {
      if (own === renewing) show("offline");
    } finally {
      if (own === renewing) renewing = undefined;
    }
  }

  async function loop() {
    clearTimeout(timer);
    await renew();
    clearTimeout(timer);
    const nextMs = isDue ? 500 : everyMs;
    if (nextMs > 0) timer = setTimeout(loop, nextMs);
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(loop, 150);
  }

  function listen() {
    events?.close();
    const own = events = new EventSource(new URL("../events", import.meta.url));
    own.addEventListener("open", () => (show("live"), soon()));
    own.addEventListener("error", () => {
      const isRefused = own.readyState === EventSource.CLOSED;
      // who is away stays so until something is heard of it: that the stream is tried again is no news
      show(isRefused || state === "offline" ? "offline" : "connecting");
      if (isRefused) setTimeout(() => own === events && listen(), reopenMs);
    });
    for (const type of types) own.addEventListener(type, soon);
  }

  /** What was open when the machine fell asleep looks open still, and brings nothing any more. */
  function lookAround() {
    const nowMs = Date.now();
    if (nowMs - seenMs > sleptMs) {
      renewing?.abort();
      renewing = undefined;
      show("connecting");
      listen();
    }
    seenMs = nowMs;
  }

  setInterval(lookAround, 15_000);
  for (const type of ["resume", "visibilitychange"]) {
    document.addEventListener(type, () => (lookAround(), soon()));
  }
  show();
  listen();
  if (everyMs > 0) timer = setTimeout(loop, everyMs);

  return {
    show,
    soon,
    /** What was taken over last, or is on its way, is older than what the page shows now. */
    forget() {
      etag = "";
      renewing?.abort();
      renewing = undefined;
    },
  };
}

globalThis.civikit = { keepLive };
