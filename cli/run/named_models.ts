import { statSync } from "node:fs";
import { basename } from "node:path";
import {
  type Civitai,
  imageUrl,
  modelsIn,
  type NamedModels,
  parseReference,
  type UsedModel,
  usedModelsOfImage,
} from "../../api/mod.ts";
import { readAtMost, redactUrl, wrapDiskError } from "../../transport/internal.ts";
import { CivikitError, ContentError, DiskError, InputError, type Transport } from "../../transport/mod.ts";

import type { ModelSource, WrittenSource } from "../options/model_source.ts";

/** A picture of a hundred million pixels has fewer bytes. */
const mostBytes = 64 * 1024 * 1024;
/** What reading a source takes. */
export interface ReadingSource {
  readonly api: Civitai;
  readonly transport: Transport;
  readonly signal: AbortSignal;
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    const { size } = statSync(path);
    if (size > mostBytes) {
      const message = `reading ${JSON.stringify(path)}: larger than ${mostBytes} bytes, no picture`;
      throw new InputError(message, { code: "invalid_file", input: path });
    }
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof InputError || error instanceof DiskError) throw error;
    throw wrapDiskError(error, path, "reading");
  }
}

async function fetchBytes(address: string, { api, transport, signal }: ReadingSource): Promise<Uint8Array> {
  // what it says of itself is checked as for everything else that somebody names
  const reference = parseReference(address, api);
  const url = reference.kind === "url" ? imageUrl(reference.url) : address;
  const headers = { accept: "image/*, application/json;q=0.9, text/plain;q=0.9, */*;q=0.5" };
  const response = await transport.fetch(new Request(url, { headers, signal }));
  const bytes = await readAtMost(response, mostBytes);
  if (bytes !== undefined) return bytes;
  const shown = redactUrl(url);
  throw new ContentError(`reading ${JSON.stringify(shown)}: larger than ${mostBytes} bytes, no picture`, {
    ...{ code: "unexpected_content", url: shown },
  });
}

/** What an image of the gallery names; where the site's own list is empty, what stands in the picture itself. */
async function inGallery(id: number, reading: ReadingSource): Promise<NamedModels> {
  const image = await reading.api.images.get(id, { signal: reading.signal });
  const used = usedModelsOfImage(image);
  if (used.length > 0) return { used, references: [] };
  return modelsIn(await fetchBytes(image.url, reading), `image ${id}`);
}

/**
 * Reads what a source names.
 *
 * @throws {DiskError} When a file cannot be read.
 * @throws {InputError} `invalid_file` when it is nothing of the kind, or names no model.
 */
async function readNamed(source: ModelSource, reading: ReadingSource): Promise<NamedModels> {
  if (source.kind === "file") return modelsIn(await readFile(source.path), basename(source.path));
  if (source.kind === "gallery") return await inGallery(source.id, reading);
  return modelsIn(await fetchBytes(source.url, reading), redactUrl(source.url));
}

/**
 * The models of all sources together; what cannot be read is told by `fail` and stops none of the others.
 *
 * @throws The signal's reason when it aborts.
 */
export async function readAllNamed(
  sources: readonly WrittenSource[],
  reading: ReadingSource,
  fail: (error: unknown, subject: string) => void,
): Promise<UsedModel[]> {
  const used: UsedModel[] = [];
  for (const { text, source } of sources) {
    try {
      used.push(...allUsed(await readNamed(source, reading)));
    } catch (error) {
      if (reading.signal.aborted || !(error instanceof CivikitError)) throw error;
      fail(error, redactUrl(text));
    }
  }
  return used;
}

/** References beside the models, as models to look up: what stands in a graph as an AIR, an address or an id. */
function allUsed({ used, references }: NamedModels): UsedModel[] {
  return [
    ...used,
    ...references.map((text): UsedModel => {
      const version = /^version:(\d+)$/.exec(text)?.[1];
      return version === undefined ? { name: text, url: text } : { name: version, versionId: Number(version) };
    }),
  ];
}
