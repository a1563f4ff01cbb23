// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Renews the pictures in docs/images/: the real pages in a real Chromium. Those of the dashboard have numbers that are the
 * same on every run; those of the service show a `civikit serve` that downloads from an embedded Civitai.
 *
 * @module
 */
import { diagnostics, metricsRegistry } from "../monitor/mod.ts";
import { fakeClock } from "../tests/_support/clock.ts";
import { type BrowserPage, startChromium } from "../tests/_support/chromium.ts";
import { safetensors } from "../testing/mod.ts";
import { startCivitai } from "../tests/_civitai/mod.ts";
import { serving } from "../tests/hub/pages/_serving.ts";
import { stageQuarter } from "../tests/monitor/server/_stage.ts";

const GiB = 1024 ** 3;

const isLive = "document.getElementById('connection')?.className.includes('is-live')";

/** One picture. */
interface Shot {
  readonly name: string;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

const shots: readonly Shot[] = [
  { name: "dashboard", path: "/?lang=zh-TW", width: 1080, height: 1110, scheme: "light" },
  { name: "dashboard_dark", path: "/?lang=zh-TW", width: 1080, height: 1110, scheme: "dark" },
  { name: "dashboard_narrow", path: "/?lang=zh-TW", width: 360, height: 900, scheme: "light" },
  { name: "errors", path: "/errors?lang=zh-TW", width: 1080, height: 560, scheme: "light" },
  { name: "transfers", path: "/transfers?lang=zh-TW", width: 1080, height: 480, scheme: "light" },
];

const serviceShots: readonly Shot[] = [
  { name: "queue", path: "/?lang=en", width: 1080, height: 1000, scheme: "light" },
  { name: "queue_dark", path: "/?lang=zh-TW", width: 1080, height: 1000, scheme: "dark" },
  { name: "queue_narrow", path: "/?lang=zh-TW", width: 360, height: 900, scheme: "light" },
  { name: "browse", path: "/browse?lang=zh-TW", width: 1080, height: 890, scheme: "light" },
];

/** Taken last: by then there are rules, finds, twins, a file nobody knows and a trash. */
const tidyShots: readonly Shot[] = [
  { name: "library", path: "/library?lang=zh-TW", width: 1080, height: 1000, scheme: "light" },
  { name: "watch", path: "/watch?lang=zh-TW", width: 1080, height: 960, scheme: "light" },
  { name: "watch_narrow", path: "/watch?lang=zh-TW", width: 360, height: 900, scheme: "light" },
  { name: "tidy", path: "/tidy?lang=zh-TW&layout=comfyui", width: 1080, height: 1230, scheme: "dark" },
];

async function take(page: BrowserPage, url: string, shots: readonly Shot[], folder: string): Promise<void> {
  for (const { name, path, width, height, scheme } of shots) {
    await page.resize(width, height);
    await page.media({ "prefers-color-scheme": scheme });
    await page.open(url + path);
    await page.until(isLive);
    await Deno.writeFile(`${folder}/${name}.png`, await page.screenshot({ isWhole: false }));
  }
}

/** A service in the middle of its work: some files are there, one is coming slowly, some wait, some have failed. */
async function shootService(page: BrowserPage, folder: string): Promise<void> {
  const place = "/tmp/civikit";
  await Deno.mkdir(`${place}/config/civikit`, { recursive: true });
  await Deno.writeTextFile(`${place}/config/civikit/config.json`, JSON.stringify({ version: 1 }), { mode: 0o600 });
  try {
    await using site = await startCivitai({ bigBytes: 48 * 1024 ** 2 });
    await using service = await serving({ folder: place, site: site.url });
    const post = async (path: string, body: unknown = {}) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${service.url}/api/v1/${path}`, {
        ...{ method: "POST", headers, body: JSON.stringify(body) },
      });
      if (!answer.ok) throw new Error(`asking for /${path}: ${answer.status} ${await answer.text()}`);
      await answer.body?.cancel();
    };
    const add = (references: readonly string[], sidecars: boolean) =>
      post("queue", { references, options: { sidecars } });
    const until = async <Answer>(path: string, isSo: (answer: Answer) => boolean) => {
      while (!isSo(await (await fetch(`${service.url}/api/v1/${path}`)).json())) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const scanned = async () => {
      await post("library/look");
      await post("library/scan");
      await until<{ task: unknown }>("library/state", ({ task }) => task === null);
    };
    await add(["2002", "2020", "2010", "2030", "2110"], true);
    await until<Record<string, number>>("queue/counts", ({ done = 0, failed = 0 }) => done >= 4 && failed >= 1);
    site.faults.limitConnections(700_000);
    await add(["2100", "2011", "2001", "1002", "2070", "2080", "model:1013"], true);
    // long enough for a line in the chart
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    await take(page, service.url, serviceShots, folder);
    const names = [...Deno.readDirSync(`${place}/downloads`)].filter(({ name }) => name.endsWith(".safetensors"));
    const [first, second] = names.map(({ name }) => name).sort();
    const twin = async (name: string, into: string) => {
      await Deno.mkdir(`${place}/downloads/${into}`);
      await Deno.copyFile(`${place}/downloads/${name}`, `${place}/downloads/${into}/${name}`);
    };
    await twin(first!, "thrown");
    await scanned();
    await post("duplicates", { how: "trash", prefer: "shortest" });
    await twin(second!, "twice");
    // then their first versions have a newer one: one is taken, one passed over
    for (const name of ["harbourMix_v20", "paper_lantern_v2"]) {
      await Deno.remove(`${place}/downloads/${name}.safetensors`);
    }
    const own = safetensors({ dataBytes: 40_000, seed: 7 });
    await Deno.writeFile(`${place}/downloads/my_own.safetensors`, own.read(0, own.size));
    await scanned();
    await post("library/updates");
    await until<{ task: unknown }>("library/state", ({ task }) => task === null);
    await post("library/rules", { ignore: ["version:2002"] });
    await post("watch", { target: "creator:penumbra", schedule: "every 6h", backlog: 2 });
    await post("watch", { target: "tag:style", filters: { types: ["LORA"], bases: ["SDXL 1.0"] }, backlog: 7 });
    await post("watch", { target: "model:1002", action: "tell", schedule: "daily at 07:30", timeZone: "Asia/Taipei" });
    await until<{ items: { lastMs: number | null }[] }>(
      "watch",
      ({ items }) => items.every(({ lastMs }) => lastMs !== null),
    );
    await take(page, service.url, tidyShots, folder);
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

/** Takes all pictures into `folder`; resolves with their names. */
export async function screenshots(folder: string): Promise<string[]> {
  const clock = fakeClock(new Date(2026, 10, 23, 14, 0));
  const registry = metricsRegistry({ clock });
  const numbers = { ...{ entries: 1840, bytes: 61e6, maxBytes: 100e6, hits: 5210, stale: 12 } };
  const cache = () => ({ ...numbers, revalidated: 940, misses: 3300, bytesSaved: 412e6, failures: 0 });
  using app = diagnostics({ registry, cache, memoryLimitBytes: GiB });
  await stageQuarter(registry, clock);
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
  await using page = await startChromium();
  await Deno.mkdir(folder, { recursive: true });
  await take(page, `http://127.0.0.1:${server.addr.port}`, shots, folder);
  await shootService(page, folder);
  app.close();
  return [...shots, ...serviceShots, ...tidyShots].map(({ name }) => name);
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? new URL("../docs/images", import.meta.url).pathname;
  for (const name of await screenshots(folder)) console.log(`${folder}/${name}.png`);
}
