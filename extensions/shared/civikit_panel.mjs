// The panel both extensions show: what is missing, what is in the queue, how far it is. It builds its elements itself,
// so that no text of a model ever becomes markup, and keeps them while it renews them.

import { style, texts } from "./civikit_texts.mjs";

const codeName = "civikit.code";
const open = "waiting,paused,resolving,downloading,verifying,failed";

/** Asks the web UI's own server; `api` stands before what is passed on. Resolves with status and JSON, also of refusals. */
export function askWith(fetchPath, api = "") {
  return async function ask(method, name, body) {
    const isOwn = name === "pasted" || name === "refresh";
    const code = localStorage.getItem(codeName);
    const headers = {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(code !== null && { "x-civikit-code": code }),
    };
    try {
      const options = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
      const response = await fetchPath(`${isOwn ? "" : api}${name}`, options);
      return { status: response.status, data: await response.json().catch(() => null) };
    } catch (error) {
      return { status: 0, data: { code: "away", message: String(error) } };
    }
  };
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** A list that keeps the elements of what stays, by `key`. */
function keyed(list, items, key, make, renew) {
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const now = items.map((item) => {
    const child = known.get(String(key(item))) ?? make(item);
    child.dataset.key = key(item);
    renew(child, item);
    return child;
  });
  if (now.length !== list.children.length || now.some((child, index) => list.children[index] !== child)) {
    list.replaceChildren(...now);
  }
}

const gigabytes = (bytes) => bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;

/**
 * Shows the panel in `place`. `wanted()` resolves with what the UI is about, as /needs takes it, and whether that is new;
 * `done()` reads the UI's lists anew.
 */
export function mountPanel(place, { ask, wanted, done, everyMs = 2000 }) {
  const t = texts[/^zh/i.test(navigator.language) ? "zh" : "en"];
  place.dataset.mounted = "";
  const problem = element("p", { className: "problem", role: "status" });
  const pairing = element("form", { hidden: true });
  const needs = element("ul", { className: "needs" });
  const jobs = element("ul", { className: "jobs" });
  const nothing = element("p", { textContent: t.nothing });
  const empty = element("p", { textContent: t.empty });
  const code = element("input", { type: "password", autocomplete: "off", ariaLabel: t.code, placeholder: t.code });
  pairing.append(code, element("button", { textContent: t.send }));
  const reference = element("input", { name: "reference", ariaLabel: t.addLabel, placeholder: t.addLabel });
  const adding = element("form", {}, reference, element("button", { textContent: t.add }));
  const all = element("button", { className: "all", hidden: true });
  const look = element("button", { className: "look", textContent: t.look });
  const root = element("div", { className: "civikit" });
  root.append(element("style", { textContent: style }), problem, pairing, element("h3", { textContent: t.missing }));
  root.append(needs, nothing, element("p", {}, look, " ", all), element("h3", { textContent: t.queue }));
  root.append(adding, jobs, empty);
  place.replaceChildren(root);
  let missing = [];
  let active;

  /** The data of a good answer; else what is wrong is shown, and undefined. */
  function good({ status, data }) {
    const isGood = status >= 200 && status < 300 && data !== null;
    problem.textContent = isGood ? "" : data?.message ?? `HTTP ${status}`;
    pairing.hidden = data?.code !== "code_due";
    return isGood ? data : undefined;
  }

  async function add(one) {
    const body = { references: [one.reference], options: one.options };
    // what the site has goes where civikit puts it; other files where the UI looks for their kind
    if (one.versionId === null && one.directory !== null) body.directory = one.directory;
    if (good(await ask("POST", "queue", body)) === undefined) return;
    await lookAgain();
    await renew();
  }

  async function lookAgain(body) {
    const found = good(await ask("POST", "needs", body ?? (await wanted()).body));
    if (found === undefined) return;
    missing = found.items.filter(({ state }) => state === "missing");
    nothing.hidden = found.items.length > 0;
    all.hidden = missing.length < 2;
    all.textContent = t.all(missing.length);
    keyed(
      needs,
      found.items,
      ({ role, name }) => `${role} ${name}`,
      () => element("li", {}, element("span"), element("span")),
      (row, one) => {
        row.className = one.state;
        row.firstChild.textContent = one.title ?? one.name;
        const say = one.problem ?? t.states[one.state];
        const get = element("button", { textContent: t.get, onclick: () => add(one) });
        row.lastChild.replaceChildren(one.state === "missing" ? get : element("small", { textContent: say }));
      },
    );
  }

  async function renew() {
    const page = good(await ask("GET", `queue?states=${open}&limit=50`));
    if (page === undefined) return;
    keyed(
      jobs,
      page.items,
      ({ id }) => id,
      () => element("li", {}, element("span"), element("small"), element("progress")),
      (row, job) => {
        const [name, state, bar] = row.children;
        const { totalBytes, bytes, bytesPerSecond: rate, why } = job;
        name.textContent = job.name;
        row.className = job.state;
        const speed = rate > 0 ? ` · ${gigabytes(rate)}/s` : "";
        state.textContent = job.state === "failed"
          ? `${t.failed}: ${why?.message ?? job.code}`
          : `${totalBytes === null ? "" : gigabytes(totalBytes)}${speed}`;
        bar.hidden = job.state === "failed";
        if (totalBytes > 0) Object.assign(bar, { max: totalBytes, value: bytes });
      },
    );
    empty.hidden = page.items.length > 0;
    const now = new Set(page.items.filter(({ state }) => state !== "failed").map(({ id }) => id));
    const isOver = active !== undefined && [...active].some((id) => !now.has(id));
    active = now;
    if (!isOver) return;
    await done();
    await lookAgain();
  }

  async function tick() {
    if (!root.isConnected) return;
    if (!document.hidden && root.offsetParent !== null) {
      await renew();
      const { body, isNew } = await wanted();
      if (isNew) await lookAgain(body);
    }
    setTimeout(tick, everyMs);
  }

  look.onclick = () => lookAgain();
  all.onclick = async () => {
    for (const one of missing) await add(one);
  };
  adding.onsubmit = (event) => {
    event.preventDefault();
    const text = reference.value.trim();
    if (text === "") return;
    reference.value = "";
    add({ reference: text, options: {}, versionId: null, directory: null });
  };
  pairing.onsubmit = (event) => {
    event.preventDefault();
    localStorage.setItem(codeName, code.value.trim());
    renew().then(() => lookAgain());
  };
  tick();
}
