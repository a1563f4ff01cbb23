// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Renews the pictures of the dashboard in docs/images/: the real pages in a real Chromium, with numbers that are the same
 * on every run.
 *
 * @module
 */
import { diagnostics, metricsRegistry } from "../monitor/mod.ts";
import { fakeClock } from "../tests/_support/clock.ts";
import { startChromium } from "../tests/_support/chromium.ts";
import { stageQuarter } from "../tests/monitor/server/_stage.ts";

const GiB = 1024 ** 3;

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
  for (const { name, path, width, height, scheme } of shots) {
    await page.resize(width, height);
    await page.media({ "prefers-color-scheme": scheme });
    await page.open(`http://127.0.0.1:${server.addr.port}${path}`);
    await page.until("document.getElementById('connection')?.className.includes('is-live')");
    await Deno.writeFile(`${folder}/${name}.png`, await page.screenshot({ isWhole: false }));
  }
  app.close();
  return shots.map(({ name }) => name);
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? new URL("../docs/images", import.meta.url).pathname;
  for (const name of await screenshots(folder)) console.log(`${folder}/${name}.png`);
}
