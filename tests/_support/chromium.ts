import { join } from "node:path";

/** A page in a real headless Chromium, driven over the DevTools protocol. */
export interface BrowserPage extends AsyncDisposable {
  /** Goes to a URL and waits until everything is loaded. */
  open(url: string): Promise<void>;
  /** Evaluates an expression in the page; promises are waited for. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Waits, across navigations, until an expression is true in the page. */
  until(expression: string): Promise<void>;
  /** Size of the window in CSS pixels. */
  resize(width: number, height: number): Promise<void>;
  /** Media features such as `prefers-color-scheme`. */
  media(features: Readonly<Record<string, string>>): Promise<void>;
  /** Presses a key such as `Tab` or `ArrowLeft`. */
  press(key: string): Promise<void>;
  /** Drags with the mouse from the middle of one element to another place within or beside a second one. */
  drag(from: string, to: string): Promise<void>;
  /** Sends headers with every request. */
  headers(headers: Readonly<Record<string, string>>): Promise<void>;
  /** Allows what a page has to ask for, such as `clipboardReadWrite`. */
  allow(...permissions: readonly string[]): Promise<void>;
  /** Freezes the page as a browser does with what lies in the background, or thaws it. */
  freeze(isFrozen: boolean): Promise<void>;
  /** Allows or forbids scripts. */
  scripts(isAllowed: boolean): Promise<void>;
  /** The page as PNG: from top to bottom, or only what the window shows. */
  screenshot(options?: { readonly isWhole?: boolean }): Promise<Uint8Array<ArrayBuffer>>;
  /** Errors, refusals of the policy included, that the page's console saw. */
  readonly problems: string[];
  /** Every URL that was asked for. */
  readonly requested: string[];
}

const candidates = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];

/** The browser's path; undefined where there is none. */
export function findChromium(): string | undefined {
  return candidates.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

type Params = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, never>;
  readonly result?: Record<string, never>;
  readonly error?: { readonly message: string };
}

async function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.onopen = () => resolve();
  socket.onerror = () => reject(new Error("connecting to Chromium: refused"));
  await promise;
  return socket;
}

/** Where Chromium listens, as it says on its standard error. */
async function endpointOf(child: Deno.ChildProcess): Promise<{ url: string; drained: Promise<void> }> {
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`starting Chromium: it ended: ${text.slice(-500)}`);
    text += value;
    const url = /DevTools listening on (ws:\S+)/.exec(text)?.[1];
    if (url === undefined) continue;
    const drain = async () => {
      while (!(await reader.read()).done);
    };
    return { url, drained: drain() };
  }
}

/** Starts Chromium with one empty page. */
export async function startChromium(): Promise<BrowserPage> {
  const program = findChromium();
  if (program === undefined) throw new Error("starting Chromium: there is none");
  const folder = await Deno.makeTempDir({ prefix: "civikit_chromium_" });
  const child = new Deno.Command(program, {
    args: [
      ...["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0"],
      ...["--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-sync"],
      ...["--disable-component-update", "--disable-extensions", "--hide-scrollbars", "--disable-default-apps"],
      ...["--disable-breakpad", "--disable-crash-reporter", "--force-color-profile=srgb", "--lang=en-US"],
      ...["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", `--user-data-dir=${join(folder, "profile")}`],
      "about:blank",
    ],
    env: { HOME: folder, LANG: "en_US.UTF-8" },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { url, drained } = await endpointOf(child);
  const socket = await connect(url);
  const waiting = new Map<number, PromiseWithResolvers<Record<string, never>>>();
  const problems: string[] = [];
  const requested: string[] = [];
  const loads = new Map<string, PromiseWithResolvers<void>>();
  let number = 0;
  let session = "";

  /** Resolves when the document of one navigation has loaded; others may end at the same time. */
  function load(loaderId: string): PromiseWithResolvers<void> {
    const known = loads.get(loaderId) ?? Promise.withResolvers<void>();
    loads.set(loaderId, known);
    return known;
  }

  function note({ method, params }: Message): void {
    // deno-lint-ignore no-explicit-any -- the protocol's own shapes
    const of = params as any;
    if (method === "Page.lifecycleEvent" && of.name === "load") load(of.loaderId).resolve();
    if (method === "Network.requestWillBeSent") requested.push(of.request.url);
    if (method === "Runtime.exceptionThrown") problems.push(of.exceptionDetails.exception?.description ?? "exception");
    if (method === "Log.entryAdded" && of.entry.level === "error") {
      problems.push([of.entry.text, of.entry.url].filter(Boolean).join(" "));
    }
  }

  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data) as Message;
    if (message.id === undefined) return note(message);
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) call?.reject(new Error(`asking Chromium: ${message.error.message}`));
    else call?.resolve(message.result ?? {});
  };

  // deno-lint-ignore no-explicit-any -- the protocol's own shapes
  function send(method: string, params: Params = {}): Promise<any> {
    const call = Promise.withResolvers<Record<string, never>>();
    waiting.set(++number, call);
    socket.send(JSON.stringify({ id: number, method, params, ...(session === "" ? {} : { sessionId: session }) }));
    return call.promise;
  }

  async function evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await send("Runtime.evaluate", {
      ...{ expression, awaitPromise: true, returnByValue: true, userGesture: true },
    });
    if (exceptionDetails) {
      throw new Error(
        `evaluating "${expression}": ${exceptionDetails.exception?.description ?? exceptionDetails.text}`,
      );
    }
    return result.value as Value;
  }

  const { targetInfos } = await send("Target.getTargets");
  // deno-lint-ignore no-explicit-any -- the protocol's own shapes
  const { targetId } = targetInfos.find(({ type }: any) => type === "page");
  session = (await send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  await Promise.all(["Page", "Network", "Runtime", "Log"].map((domain) => send(`${domain}.enable`)));
  await send("Page.setLifecycleEventsEnabled", { enabled: true });
  // as a window someone looks at
  await send("Emulation.setFocusEmulationEnabled", { enabled: true });

  return {
    problems,
    requested,
    evaluate,
    async open(url) {
      const { loaderId } = await send("Page.navigate", { url });
      await load(loaderId).promise;
    },
    async until(expression) {
      // long enough for a machine that does ten other things
      const end = performance.now() + 60_000;
      for (;;) {
        // while a page is being left there is nothing to ask
        if (await evaluate<boolean>(`Boolean(${expression})`).catch(() => false)) return;
        if (performance.now() > end) throw new Error(`waiting in Chromium: never true: ${expression}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async resize(width, height) {
      await send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 500 });
    },
    async media(features) {
      const list = Object.entries(features).map(([name, value]) => ({ name, value }));
      await send("Emulation.setEmulatedMedia", { features: list });
    },
    async press(key) {
      // a key that types something has to say so, or it presses no button
      const down = keyCodes[key]?.text === undefined ? "rawKeyDown" : "keyDown";
      for (const type of [down, "keyUp"]) {
        await send("Input.dispatchKeyEvent", { type, key, code: key, ...keyCodes[key] });
      }
    },
    async drag(from, to) {
      const middle = (selector: string) =>
        evaluate<[number, number]>(`(() => {
          const { left, top, width, height } = document.querySelector(${
          JSON.stringify(selector)
        }).getBoundingClientRect();
          return [left + width / 2, top + height / 2];
        })()`);
      const [x0, y0] = await middle(from);
      const [x1, y1] = await middle(to);
      const mouse = (type: string, x: number, y: number, buttons: number) =>
        send("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons, clickCount: 1 });
      await mouse("mousePressed", x0, y0, 1);
      for (let step = 1; step <= 10; step++) {
        await mouse("mouseMoved", x0 + (x1 - x0) * step / 10, y0 + (y1 - y0) * step / 10 + (y1 < y0 ? -6 : 6), 1);
      }
      await mouse("mouseReleased", x1, y1 + (y1 < y0 ? -6 : 6), 0);
    },
    async headers(headers) {
      await send("Network.setExtraHTTPHeaders", { headers });
    },
    async allow(...permissions) {
      await send("Browser.grantPermissions", { permissions });
    },
    async freeze(isFrozen) {
      await send("Page.setWebLifecycleState", { state: isFrozen ? "frozen" : "active" });
      // what was frozen stays hidden until someone looks at it
      await send("Emulation.setFocusEmulationEnabled", { enabled: !isFrozen });
    },
    async scripts(isAllowed) {
      await send("Emulation.setScriptExecutionDisabled", { value: !isAllowed });
    },
    async screenshot({ isWhole = true } = {}) {
      const { data } = await send("Page.captureScreenshot", { format: "png", captureBeyondViewport: isWhole });
      return Uint8Array.fromBase64(data) as Uint8Array<ArrayBuffer>;
    },
    async [Symbol.asyncDispose]() {
      session = "";
      const closed = new Promise<void>((resolve) => socket.onclose = () => resolve());
      await send("Browser.close").catch(() => {});
      await Promise.all([child.status, drained, closed]);
      await Deno.remove(folder, { recursive: true }).catch(() => {});
    },
  };
}

const keyCodes: Readonly<Record<string, Params>> = {
  Tab: { windowsVirtualKeyCode: 9 },
  Enter: { windowsVirtualKeyCode: 13, text: "\r" },
  " ": { windowsVirtualKeyCode: 32, text: " ", code: "Space" },
  ArrowLeft: { windowsVirtualKeyCode: 37 },
  ArrowUp: { windowsVirtualKeyCode: 38 },
  ArrowDown: { windowsVirtualKeyCode: 40 },
  ArrowRight: { windowsVirtualKeyCode: 39 },
};
