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
  { name: "library", path: "/library?lang=zh-TW", width: 1080, height: 640, scheme: "light" },
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
    const add = async (references: readonly string[], sidecars: boolean) => {
      const body = JSON.stringify({ references, options: { sidecars } });
      const headers = { "content-type": "application/json" };
      await (await fetch(`${service.url}/api/v1/queue`, { method: "POST", headers, body })).body?.cancel();
    };
    const until = async (isSo: (counts: Record<string, number>) => boolean) => {
      while (!isSo(await (await fetch(`${service.url}/api/v1/queue/counts`)).json())) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    await add(["2002", "2020", "2010", "2030", "2110"], true);
    await until(({ done = 0, failed = 0 }) => done >= 4 && failed >= 1);
    site.faults.limitConnections(700_000);
    await add(["2100", "2011", "2001", "1002", "2070", "2080", "model:1013"], false);
    // long enough for a line in the chart
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    await take(page, service.url, serviceShots, folder);
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
  return [...shots, ...serviceShots].map(({ name }) => name);
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? new URL("../docs/images", import.meta.url).pathname;
  for (const name of await screenshots(folder)) console.log(`${folder}/${name}.png`);
}
