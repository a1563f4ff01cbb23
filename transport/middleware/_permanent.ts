import type { Clock } from "../clock.ts";
import { readText } from "../http/http_status.ts";

const permanent = /too many pages|unusual amount of downloading/i;
const maxPeekBytes = 4096;

/**
 * Tells a 429 that waiting cannot cure: page limits, and accounts stopped for downloading too much. It reads a copy of
 * a small JSON body, for at most a second, so that the caller still can read the answer.
 */
export async function isPermanentRefusal(response: Response, clock: Clock): Promise<boolean> {
  const { status, headers, body } = response;
  if (status !== 429 || body === null || response.bodyUsed) return false;
  if (!/json/i.test(headers.get("content-type") ?? "")) return false;
  if (Number(headers.get("content-length") ?? 0) > maxPeekBytes) return false;
  return permanent.test(await readText(response.clone(), { maxBytes: maxPeekBytes, maxMs: 1000, clock }));
}
