/**
 * A process's numbers as they may look after a busy quarter of an hour, without any network: for tests of the pages, for the
 * bench and for the screenshots in docs/.
 *
 * @module
 */
import type { MetricsRegistry } from "../../../monitor/mod.ts";
import { CivikitError, type ErrorCode } from "../../../transport/mod.ts";
import type { FakeClock } from "../../_support/clock.ts";
import { randomFrom } from "../../_origin/mod.ts";

/** One attempt, as if it had just ended. */
export function attempt(
  registry: MetricsRegistry,
  url: string,
  { durationMs = 120, status = 200, code, bytes = 4000 }: {
    durationMs?: number;
    status?: number;
    code?: ErrorCode;
    bytes?: number;
  } = {},
): void {
  registry.begin();
  registry.record({ method: "GET", url, durationMs, status, bytes, code, isAborted: false });
}

const site = "https://civitai.com/api";
const paths = ["/v1/models?limit=100", "/v1/models/4384", "/v1/model-versions/128713", "/download/models/128713"];
const storage =
  "https://civitai-delivery-worker-prod.5ac0637cfd0766c97916cefa3764fbdf.r2.cloudflarestorage.com/a/b.bin";

/** A second of ordinary traffic: `busy` from 0 to 1. */
export function traffic(registry: MetricsRegistry, random: () => number, busy: number): void {
  const requests = Math.round(2 + busy * 14 * (0.6 + random() * 0.8));
  for (let i = 0; i < requests; i++) {
    const at = random();
    const durationMs = 40 + 160 * random() ** 2 + (random() < 0.04 ? 900 * random() : 0);
    const url = at < 0.15
      ? storage
      : at < 0.3
      ? "https://image.civitai.com/x/y.jpeg"
      : site + paths[Math.floor(random() * paths.length)];
    const luck = random();
    if (luck < 0.012) attempt(registry, url, { durationMs, status: 429, code: "rate_limited" });
    else if (luck < 0.02) attempt(registry, url, { durationMs, status: 503, code: "service_unavailable" });
    else if (luck < 0.024) attempt(registry, url, { durationMs: 1500, status: 0, code: "header_timeout" });
    else attempt(registry, url, { durationMs, bytes: at < 0.3 ? 180_000 : 24_000 });
    const cache = random();
    registry.count("cache", "civitai.com", cache < 0.55 ? "hit" : cache < 0.65 ? "revalidated" : "miss");
  }
  if (random() < 0.1) registry.count("retry", "civitai.com", "rate_limited");
  if (random() < 0.04) registry.count("resume", "r2.cloudflarestorage.com", "connection_reset");
}

/** Downloads in every state; the function returned ends two of them. */
export function stageTransfers(registry: MetricsRegistry): () => void {
  const GB = 1e9;
  const begin = (path: string, bytes: number, totalBytes: number) => {
    const { options, id, end } = registry.transfers.track(path, { sizeBytes: totalBytes });
    if (bytes > 0) options.report?.({ type: "download", path, phase: "resuming", bytes, totalBytes });
    return { id, end, options };
  };
  const good = begin("models/Lora/ink-wash-style_v2.safetensors", 0.228 * GB, 0.228 * GB);
  const bad = begin("models/VAE/clear-colours.safetensors", 0.11 * GB, 0.334 * GB);
  const running = begin("models/Stable-diffusion/dreamshaper_8.safetensors", 1.48 * GB, 2.13 * GB);
  running.options.onProgress?.({ downloadedBytes: 1.48 * GB, totalBytes: 2.13 * GB, bytesPerSecond: 38.5e6 });
  registry.transfers.pause(begin("models/Stable-diffusion/山水_sdxl.safetensors", 2.9 * GB, 6.94 * GB).id);
  begin("models/ControlNet/depth_fp16.safetensors", 0, 0.72 * GB);
  return () => {
    good.end();
    bad.end({ error: new CivikitError("downloading", { code: "connection_reset" }) });
  };
}

/** The last quarter of an hour of a busy process. */
export async function stageQuarter(registry: MetricsRegistry, clock: FakeClock, seconds = 900): Promise<void> {
  const random = randomFrom(7);
  const finish = stageTransfers(registry);
  for (let second = 0; second < seconds; second++) {
    const wave = 0.5 + 0.4 * Math.sin(second / 95) + 0.1 * Math.sin(second / 11);
    traffic(registry, random, wave);
    registry.count("download_bytes", "", "", 38.5e6 * (0.75 + 0.3 * wave + 0.1 * random()));
    if (second === Math.floor(seconds / 2)) finish();
    await clock.advance(1000);
  }
}
