import { assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "node:path";
import {
  DiskError,
  download,
  type DownloadOptions,
  type DownloadProgress,
  fetchTransport,
} from "../../../transport/mod.ts";
import { contentAt } from "../../_origin/mod.ts";

const size = 300_000;
const body = new Uint8Array(contentAt(7, 0, size));
const SHA256 = new Uint8Array(await crypto.subtle.digest("SHA-256", body)).toHex();

interface Place {
  readonly folder: string;
  /** Downloads `/download?id=3` to that folder. */
  get(options?: DownloadOptions): ReturnType<typeof download>;
  /** Names in the folder. */
  names(): string[];
  /** Ranges asked for. */
  readonly asked: string[];
}

/** A server with one file, ranges and all; `answer` may answer otherwise. */
async function withServer(
  head: (asks: number) => Record<string, string>,
  work: (place: Place) => Promise<void>,
  answer: (request: Request, asks: number) => Response | undefined = () => undefined,
): Promise<void> {
  const asked: string[] = [];
  const folder = await Deno.makeTempDir();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const range = request.headers.get("range");
    asked.push(range ?? "");
    const other = answer(request, asked.length);
    if (other !== undefined) return other;
    const headers = { etag: '"e"', "content-type": "application/octet-stream", ...head(asked.length) };
    const start = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
    if (range === null) return new Response(body, { headers });
    const range206 = { ...headers, "content-range": `bytes ${start}-${size - 1}/${size}` };
    return new Response(body.slice(start), { status: 206, headers: range206 });
  });
  using transport = fetchTransport();
  try {
    await work({
      folder,
      asked,
      get: (options = {}) =>
        download(transport, `http://127.0.0.1:${server.addr.port}/download?id=3`, join(folder, "download"), {
          chooseName: (suggested) => suggested ?? "download",
          delayMs: 0,
          ...options,
        }),
      names: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const named = (disposition: string) => () => ({ "content-disposition": disposition });
const dispositions: [string, string][] = [
  ['attachment; filename="lantern v2.safetensors"', "lantern v2.safetensors"],
  ["attachment; filename*=UTF-8''%E6%B0%B4.safetensors", "水.safetensors"],
  [`attachment; filename="plain.bin"; filename*=UTF-8''%E6%B0%B4.bin`, "水.bin"],
  ["attachment; filename*=UTF-8''%E6%; filename=plain.bin", "plain.bin"],
  ['attachment; filename="lantern.safetensors";', "lantern.safetensors"],
  ["inline; filename=lantern.safetensors ; x=y", "lantern.safetensors"],
  ['attachment; filename="a; filename=b.bin"', "a; filename=b.bin"],
  ['attachment; filename="a \\"b\\".bin"', "a _b_.bin"],
  ['attachment; filename="../../evil.safetensors"', "evil.safetensors"],
  ['attachment; filename="C:\\\\Users\\\\evil.safetensors"', "evil.safetensors"],
  ["attachment; filename*=UTF-8''..%2F..%2Fevil.bin", "evil.bin"],
  ['attachment; filename="lantern.safetensors.part"', "lantern.safetensors.part_"],
  ['attachment; filename=".."', "download"],
  ["attachment", "download"],
];

Deno.test("download() takes the name from Content-Disposition, made safe, and else the one it was given", async () => {
  for (const [disposition, name] of dispositions) {
    await withServer(named(disposition), async ({ get, names, asked }) => {
      const { path, verified } = await get({ hashes: { SHA256 } });
      assertEquals([basename(path), names(), verified, asked.length], [name, [name], true, 1], disposition);
    });
  }
});

Deno.test("download() goes on with the part file of an earlier run, and with the name that run has found", async () => {
  const stop = new AbortController();
  await withServer((asks) => ({ "content-disposition": `attachment; filename="name ${asks}.bin"` }), async (place) => {
    const onProgress = ({ downloadedBytes }: DownloadProgress) => {
      if (downloadedBytes > 0) stop.abort(new Error("enough"));
    };
    const half = place.get({ signal: stop.signal, onProgress, chooseName: (name) => `my ${name}` });
    await assertRejects(() => half, Error, "enough");
    assertEquals(place.names(), ["download.part", "download.part.json"]);
    const { path, resumedBytes } = await place.get();
    assertEquals([basename(path), place.names(), resumedBytes > 0], ["my name 1.bin", ["my name 1.bin"], true]);
    assertEquals(Deno.readFileSync(path), body);
  }, (_, asks) => {
    if (asks > 1) return undefined;
    // half of it, and then nothing for ever
    const stream = new ReadableStream({ start: (controller) => controller.enqueue(body.slice(0, size / 2)) });
    const headers = {
      etag: '"e"',
      "content-length": `${size}`,
      "content-disposition": 'attachment; filename="name 1.bin"',
    };
    return new Response(stream, { headers });
  });
});

Deno.test("download() asks no name of a page that is not the file", async () => {
  await withServer(named('attachment; filename="lantern.bin"'), async ({ get, names }) => {
    const asked: unknown[] = [];
    const chooseName = (name: string | undefined) => (asked.push(name), name ?? "download");
    await assertRejects(() => get({ chooseName }));
    assertEquals(names(), []);
    assertEquals(basename((await get({ chooseName })).path), "lantern.bin");
    assertEquals(asked.at(-1), "lantern.bin");
  }, (_, asks) => {
    return asks === 1 ? new Response("<!doctype html>", { headers: { "content-type": "text/html" } }) : undefined;
  });
});

Deno.test("download() replaces nothing that has the name, and fetches nothing that is there already", async () => {
  await withServer(named('attachment; filename="lantern.bin"'), async ({ folder, get, names }) => {
    Deno.writeTextFileSync(join(folder, "lantern.bin"), "mine");
    Deno.writeTextFileSync(join(folder, "download"), "mine too");
    const error = await assertRejects(() => get(), DiskError);
    assertEquals([error.code, names()], ["target_exists", ["download", "lantern.bin"]]);
    await get({ replace: true });
    assertEquals(Deno.readFileSync(join(folder, "lantern.bin")), body);
    const { skipped, path } = await get({ hashes: { SHA256 } });
    assertEquals([skipped, basename(path), names()], [true, "lantern.bin", ["download", "lantern.bin"]]);
    assertEquals(Deno.readTextFileSync(join(folder, "download")), "mine too");
  });
});
