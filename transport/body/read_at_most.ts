import { plainLength } from "../http/byte_range.ts";
import { discard } from "../http/http_status.ts";
import { bodyReader } from "./save.ts";

const bufferBytes = 64 * 1024;

/**
 * Reads a body whole, as long as it is no longer than `mostBytes`. What is counted is what takes memory: decoded bytes,
 * whatever Content-Length says of coded ones. A body that is longer, or never ends, is given up there.
 *
 * @returns The bytes; undefined when there are more.
 * @throws What the body's reader throws; see `wrapBodyError`.
 */
export async function readAtMost(response: Response, mostBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { body, headers } = response;
  if (body === null) return new Uint8Array();
  const stated = plainLength(headers);
  if (stated !== undefined && stated > mostBytes) return void discard(response);
  // a body that is not coded ends where it said, and reading it at once costs a fraction
  if (stated !== undefined) return await response.bytes();
  const reader = bodyReader(body, bufferBytes);
  let bytes = new Uint8Array();
  let size = 0;
  for (;;) {
    const part = await reader.read();
    if (part === undefined) return bytes.subarray(0, size);
    const needed = size + part.byteLength;
    if (needed > mostBytes) return void reader.cancel();
    if (needed > bytes.byteLength) {
      const larger = new Uint8Array(Math.max(needed, Math.min(2 * bytes.byteLength, mostBytes)));
      larger.set(bytes.subarray(0, size));
      bytes = larger;
    }
    bytes.set(part, size);
    size = needed;
  }
}

const decoder = new TextDecoder();

/**
 * Reads a body as text, as long as it is no longer than `mostBytes`; counted as by {@linkcode readAtMost}.
 *
 * @returns The text; undefined when there is more.
 * @throws What the body's reader throws; see `wrapBodyError`.
 */
export function readTextAtMost(response: Response, mostBytes: number): Promise<string | undefined> {
  const stated = plainLength(response.headers);
  // the platform decodes while it reads
  return stated !== undefined && stated <= mostBytes ? response.text() : decodeAtMost(response, mostBytes);
}

async function decodeAtMost(response: Response, mostBytes: number): Promise<string | undefined> {
  const bytes = await readAtMost(response, mostBytes);
  return bytes === undefined ? undefined : decoder.decode(bytes);
}
