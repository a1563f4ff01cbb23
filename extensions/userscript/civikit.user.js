// ==UserScript==
// @name         civikit
// @name:zh-TW   civikit
// @namespace    https://github.com/civikit
// @version      1.0.0
// @description  Marks models you have, and puts versions into the queue of your civikit.
// @description:zh-TW 標出已經有的模型，並把版本加入您的 civikit 佇列。
// @match        https://civitai.com/*
// @match        https://civitai.red/*
// @grant        GM_xmlhttpRequest
// @grant        GM_getValue
// @grant        GM_setValue
// @connect      127.0.0.1
// @connect      localhost
// @noframes
// @run-at       document-idle
// ==/UserScript==

(() => {
  "use strict";

  const texts = {
    en: {
      have: "have it",
      older: "older version",
      queued: "queued",
      get: "Get",
      got: "in the queue",
      setUp: "Connect to civikit",
      address: "Address of civikit serve",
      token: "Pairing token (on its Settings page)",
      save: "Connect",
      change: "Connection",
      away: "civikit does not answer. Is civikit serve running?",
      retry: "Try again",
      wrong: "civikit refused the pairing token: copy it again from the Settings page.",
      refused: "Not queued: ",
    },
    "zh-TW": {
      have: "已經有了",
      older: "有較舊的版本",
      queued: "在佇列中",
      get: "下載",
      got: "已加入佇列",
      setUp: "連到 civikit",
      address: "civikit serve 的位址",
      token: "配對權杖（在它的設定頁）",
      save: "連線",
      change: "連線設定",
      away: "civikit 沒有回應。civikit serve 有在執行嗎？",
      retry: "再試一次",
      wrong: "civikit 不接受這個配對權杖：請從設定頁重新複製。",
      refused: "沒有加入佇列：",
    },
  };
  const t = texts[/^zh\b.*(?:tw|hk|mo|hant)/i.test(navigator.language) ? "zh-TW" : "en"];
  const hasManager = typeof GM_xmlhttpRequest === "function" && typeof GM_getValue === "function";
  const keep = {
    get: (name) => hasManager ? GM_getValue(name, "") : localStorage.getItem(`civikit.${name}`) ?? "",
    set: (name, value) => hasManager ? GM_setValue(name, value) : localStorage.setItem(`civikit.${name}`, value),
  };

  /** Asks civikit; resolves with status and JSON, status 0 where nobody answers. */
  async function ask(method, path, body) {
    const url = keep.get("address") + path;
    const headers = {
      authorization: `Bearer ${keep.get("token")}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    const data = body === undefined ? undefined : JSON.stringify(body);
    try {
      const { status, text } = hasManager
        ? await new Promise((resolve, reject) =>
          GM_xmlhttpRequest({
            ...{ method, url, headers, data, anonymous: true, timeout: 15_000, onerror: reject, ontimeout: reject },
            onload: ({ status, responseText }) => resolve({ status, text: responseText }),
          })
        )
        : await fetch(url, { method, headers, body: data, credentials: "omit", signal: AbortSignal.timeout(15_000) })
          .then(async (response) => ({ status: response.status, text: await response.text() }));
      return { status, json: JSON.parse(text) };
    } catch {
      return { status: 0, json: {} };
    }
  }

  /** Which model and version an address on the site names. */
  function namedIn(address) {
    const url = URL.parse(address, location.href);
    const modelId = Number(/^\/models\/(\d+)/.exec(url?.pathname ?? "")?.[1]);
    return modelId ? { modelId, versionId: Number(url.searchParams.get("modelVersionId")) || undefined } : undefined;
  }

  /** What is known: files by model, queued models and versions. Kept until it is asked anew. */
  const rows = new Map();
  let queued = { models: new Set(), versions: new Set() };
  let queueAt = -Infinity;
  let trouble = "";
  let opened;

  function markOf({ modelId, versionId }) {
    if (versionId === undefined ? queued.models.has(modelId) : queued.versions.has(versionId)) return "queued";
    const there = rows.get(modelId) ?? [];
    if (there.length === 0) return undefined;
    if (versionId !== undefined) return there.some((row) => row.versionId === versionId) ? "have" : "older";
    return there.some((row) => row.newerVersionId !== null) ? "older" : "have";
  }

  function fail(status) {
    trouble = status === 401 || status === 403 ? t.wrong : t.away;
  }

  async function readQueue() {
    queueAt = performance.now();
    const { status, json } = await ask(
      "GET",
      "/api/v1/queue?limit=1000&states=waiting,resolving,downloading,paused,verifying",
    );
    if (status !== 200) return void fail(status);
    const before = queued.models;
    queued = { models: new Set(), versions: new Set() };
    for (const { reference } of json.items) {
      const named = namedIn(reference);
      const air = /civitai:(\d+)(?:@(\d+))?/.exec(reference);
      const modelId = named?.modelId ?? Number(air?.[1] ?? /^model:(\d+)$/.exec(reference)?.[1]);
      const versionId = named?.versionId ?? Number(air?.[2] ?? /^(?:version:)?(\d+)$/.exec(reference)?.[1]);
      if (modelId) queued.models.add(modelId);
      if (versionId) queued.versions.add(versionId);
    }
    // what left the queue may be there now
    for (const id of before) if (!queued.models.has(id)) rows.delete(id);
  }

  /** Asks about models that are not known yet, 200 at a time. */
  async function readLibrary(modelIds) {
    for (let from = 0; from < modelIds.length; from += 200) {
      const some = modelIds.slice(from, from + 200);
      const { status, json } = await ask("GET", `/api/v1/library?have=${some.map((id) => `model:${id}`).join()}`);
      // a service that keeps no library knows of nothing
      if (status !== 200 && status !== 404) return void fail(status);
      for (const id of some) rows.set(id, (json.items ?? []).filter(({ modelId }) => modelId === id));
    }
  }

  /** The links that show models: those with a picture, else the first one. */
  function cards() {
    const links = [...document.querySelectorAll('a[href*="/models/"]')]
      .map((link) => ({ link, named: namedIn(link.href), hasPicture: link.querySelector("img, video") !== null }))
      .filter(({ named }) => named !== undefined);
    const pictured = new Set(links.filter(({ hasPicture }) => hasPicture).map(({ named }) => named.modelId));
    const seen = new Set();
    return links.filter(({ named: { modelId }, hasPicture }) => {
      const isShown = hasPicture || (!pictured.has(modelId) && !seen.has(modelId));
      seen.add(modelId);
      return isShown;
    });
  }

  // attributes alone: the site's own tree of elements stays as its scripts made it
  const style = document.createElement("style");
  style.textContent = `:where([data-civikit]) { position: relative }
    [data-civikit]::after { content: attr(data-civikit-text); position: absolute; z-index: 9; top: 4px; left: 4px;
      padding: 1px 6px; border-radius: 4px; font: 600 12px/1.5 sans-serif; color: #fff; background: #14622f }
    [data-civikit="older"]::after { background: #8a4b00 } [data-civikit="queued"]::after { background: #17549b }`;
  document.head.append(style);

  function mark() {
    const shown = new Map(cards().map(({ link, named }) => [link, markOf(named)]));
    for (const link of document.querySelectorAll("a[data-civikit]")) {
      if (!shown.get(link)) link.removeAttribute("data-civikit");
    }
    for (const [link, name] of shown) {
      if (!name || link.dataset.civikit === name) continue;
      link.dataset.civikit = name;
      link.dataset.civikitText = t[name];
    }
  }

  const host = document.createElement("civikit-panel");
  const shadow = host.attachShadow({ mode: "open" });
  document.documentElement.append(host);

  function element(name, properties = {}, ...children) {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  }

  function form() {
    const address = element("input", { name: "address", value: keep.get("address") || "http://127.0.0.1:8787" });
    const token = element("input", { name: "token", type: "password", autocomplete: "off" });
    return element(
      "form",
      {
        onsubmit(event) {
          event.preventDefault();
          keep.set("address", address.value.trim().replace(/\/+$/, ""));
          keep.set("token", token.value.trim());
          isSettingUp = false;
          void again();
        },
      },
      element("label", {}, t.address, address),
      element("label", {}, t.token, token),
      element("button", {}, t.save),
    );
  }

  let versions = { modelId: undefined, list: [] };
  let isSettingUp = false;
  let said = "";

  async function get(modelId, versionId) {
    const reference = `https://civitai.com/models/${modelId}?modelVersionId=${versionId}`;
    const { status, json } = await ask("POST", "/api/v1/queue", { references: [reference], options: {} });
    said = "";
    if (status === 202) {
      queued.models.add(modelId);
      queued.versions.add(versionId);
    } else if (json.message !== undefined) said = t.refused + json.message;
    else fail(status);
    draw();
    mark();
  }

  function draw() {
    const { modelId, list } = versions;
    const line = ({ id, name }) => {
      const now = markOf({ modelId, versionId: id });
      const isOpen = now !== "queued" && now !== "have";
      const button = element("button", { id: `get-${id}`, onclick: () => get(modelId, id) }, t.get);
      return element("li", {}, `${name} `, isOpen ? button : element("b", { id: `mark-${id}` }, t[now]));
    };
    const isAsking = isSettingUp || keep.get("address") === "" || keep.get("token") === "" || trouble === t.wrong;
    const box = element(
      "details",
      { open: opened ?? (isAsking || list.length > 0) },
      element("summary", {}, "civikit"),
    );
    box.addEventListener("toggle", () => opened = box.open);
    if (trouble !== "") box.append(element("p", { role: "alert" }, trouble));
    if (said !== "") box.append(element("p", { role: "alert" }, said));
    if (isAsking) box.append(element("b", {}, t.setUp), form());
    else {
      box.append(element("ul", {}, ...list.map(line)));
      if (trouble !== "") box.append(element("button", { id: "again", onclick: again }, t.retry));
      box.append(element("button", { id: "change", onclick: () => (isSettingUp = true, draw()) }, t.change));
    }
    shadow.replaceChildren(
      element("style", {
        textContent:
          `details { position: fixed; z-index: 9999; right: 8px; bottom: 8px; max-width: 20rem; max-height: 70vh;
          overflow: auto; padding: 6px 10px; border: 1px solid #888; border-radius: 6px; font: 14px/1.5 sans-serif;
          color: #111; background: #fff } ul { padding: 0; list-style: none } label, input { display: block; width: 100%;
          box-sizing: border-box } button { min-height: 28px; margin: 2px 6px 2px 0 } p { color: #a00000 }`,
      }),
      box,
    );
  }

  /** The versions of the model this page is of, as the site itself lists them. */
  async function readVersions(modelId) {
    if (versions.modelId === modelId) return;
    versions = { modelId, list: [] };
    if (modelId === undefined) return;
    try {
      const { modelVersions = [] } = await (await fetch(`/api/v1/models/${modelId}`)).json();
      if (versions.modelId === modelId) versions.list = modelVersions.map(({ id, name }) => ({ id, name }));
    } catch {
      // the site does not say: the panel shows no versions
    }
  }

  let isBusy = false;
  let isDue = false;
  let timer;

  async function renew() {
    if (isBusy) return void (isDue = true);
    isBusy = true;
    isDue = false;
    const here = namedIn(location.href)?.modelId;
    const isNew = versions.modelId !== here;
    await readVersions(here);
    const isConnected = keep.get("address") !== "" && keep.get("token") !== "";
    // after a failure only the reader asks again
    if (isConnected && trouble === "") {
      const ids = [...new Set([...cards().map(({ named }) => named.modelId), ...(here === undefined ? [] : [here])])];
      const unknown = ids.filter((id) => !rows.has(id));
      if (unknown.length > 0) await readLibrary(unknown);
      if (trouble === "" && performance.now() - queueAt > 30_000) await readQueue();
      if (unknown.length > 0 || isNew || trouble !== "") draw();
    } else if (isNew) draw();
    mark();
    isBusy = false;
    if (isDue) soon();
  }

  function again() {
    trouble = said = "";
    rows.clear();
    queueAt = -Infinity;
    draw();
    return renew();
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(renew, 300);
  }

  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true });
  globalThis.addEventListener("popstate", soon);
  document.addEventListener("visibilitychange", soon);
  draw();
  void renew();
})();
