import { createHash } from "node:crypto";
import { newContext } from "../../transport/internal.ts";
import type { Transport } from "../../transport/mod.ts";
import type { ProveOptions, StoredFile } from "../file_store.ts";
import { checkHead, wrongObject } from "./check_object.ts";
import type { S3Calls } from "./s3_calls.ts";
import { s3Refusal } from "./s3_refusal.ts";

/** What an object is proved with. */
export interface ProveObjectOptions extends ProveOptions {
  readonly calls: S3Calls;
  /** What heals a body that breaks off. */
  readonly transport: Transport;
  readonly key: string;
}

/**
 * Reads an object, all of it, and hashes it: the checksums S3 tells of it were made when it came in, so they are right of
 * what rotted since, too.
 */
export async function proveObject(
  stored: StoredFile,
  { calls, transport, key, signal, onProgress }: ProveObjectOptions,
): Promise<{ readonly bytes: number } | undefined> {
  const url = calls.urlOf(key);
  const head = await calls.head(key, signal);
  if (head === undefined) return undefined;
  checkHead(url, head, stored);
  const request = new Request(url, signal === undefined ? {} : { signal });
  const response = await transport.fetch(request, { ...newContext(), refusals: "return" });
  if (response.status === 404) return void await response.body?.cancel();
  if (!response.ok) throw await s3Refusal(`reading "${key}"`, url, response);
  const whole = createHash("sha256");
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    whole.update(chunk);
    bytes += chunk.length;
    onProgress?.({ bytes, totalBytes: head.bytes });
  }
  if (bytes !== head.bytes) throw wrongObject("size", String(head.bytes), String(bytes), url);
  const sha256 = whole.digest("hex");
  if (sha256 !== stored.sha256) throw wrongObject("SHA256", stored.sha256, sha256, url);
  return { bytes };
}
