import { assertEquals, assertRejects } from "@std/assert";
import { main } from "../../../cli/mod.ts";
import { testIo } from "../_io.ts";
import { digestFile, download, fetchTransport } from "../../../transport/mod.ts";

const name = "lantern.safetensors";

/** A whole .safetensors file of 600,000 bytes of data. */
function model(seed: number): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(`{"w":{"dtype":"U8","shape":[600000],"data_offsets":[0,600000]}}`);
  const file = new Uint8Array(8 + header.length + 600_000).fill(seed);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  return file;
}

interface Place {
  readonly folder: string;
  /** Downloads these versions, each with one file of the same name; resolves with what is there then. */
  get(...versions: number[]): Promise<Record<string, number>>;
  /** Requests for files. */
  readonly fetched: number[];
  /** Begins to download a version under a name, and stops. */
  begin(version: number, name: string): Promise<void>;
}

/** A site whose versions all have a file of one name and size. */
async function withVersions(test: (place: Place) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  const folder = `${home}/models`;
  const fetched: number[] = [];
  const bodies = new Map<number, Uint8Array<ArrayBuffer>>();
  const hashes = new Map<number, string>();
  for (const id of [7, 8, 9]) {
    const path = `${home}/${id}`;
    const body = model(id);
    await Deno.writeFile(path, body);
    bodies.set(id, body);
    hashes.set(id, (await digestFile(path, ["SHA256"])).SHA256!);
  }
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    const id = Number(pathname.split("/").at(-1));
    const body = bodies.get(id)!;
    if (pathname.startsWith("/api/v1/model-versions/")) {
      const file = { id: id * 10, name, sizeKB: body.length / 1024, type: "Model", primary: true };
      const files = [{ ...file, metadata: {}, hashes: { SHA256: hashes.get(id) } }];
      return Response.json({ id, modelId: 5, name: `v${id}`, model: { name: "Lantern", type: "LORA" }, files });
    }
    fetched.push(id);
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    const headers = {
      "etag": `"${id}"`,
      "content-length": String(body.length - start),
      "content-range": `bytes ${start}-${body.length - 1}/${body.length}`,
    };
    return new Response(body.subarray(start), { status: 206, headers });
  });
  const env = { CIVIKIT_BASE_URL: `http://127.0.0.1:${server.addr.port}`, XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home };
  try {
    await test({
      folder,
      fetched,
      async begin(version, name) {
        const stop = new AbortController();
        const { signal } = stop;
        const SHA256 = hashes.get(version)!;
        using transport = fetchTransport();
        const url = `${env.CIVIKIT_BASE_URL}/api/download/models/${version}`;
        const options = { hashes: { SHA256 }, signal, onProgress: () => stop.abort(new Error("stop")) };
        await assertRejects(() => download(transport, url, `${folder}/${name}`, options), Error, "stop");
      },
      async get(...versions) {
        fetched.length = 0;
        const io = testIo({ env });
        const code = await main([
          "download",
          ...versions.map(String),
          "--dir",
          folder,
          "--jobs",
          "1",
          "--parallel",
          "1",
        ], io);
        assertEquals(code, 0, io.err);
        const there: Record<string, number> = {};
        for (const { name } of Deno.readDirSync(folder)) {
          if (!name.endsWith(".safetensors")) continue;
          const { SHA256 } = await digestFile(`${folder}/${name}`, ["SHA256"]);
          there[name] = [...hashes].find(([, hash]) => hash === SHA256)![0];
        }
        return there;
      },
    });
  } finally {
    await server.shutdown();
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("civikit download keeps the names of two versions whose files have one name, whatever the order later", () =>
  withVersions(async ({ get, fetched }) => {
    const both = { [name]: 7, "lantern-80.safetensors": 8 };
    assertEquals(await get(7, 8), both);
    for (const again of [[8, 7], [7, 8], [8], [7]]) {
      assertEquals(await get(...again), both, `${again}`);
      assertEquals(fetched, []);
    }
    assertEquals(await get(9, 8, 7), { ...both, "lantern-90.safetensors": 9 });
    assertEquals(await get(8, 9), { ...both, "lantern-90.safetensors": 9 });
  }));

Deno.test("civikit download goes on with the unfinished files of two versions in the other order", () =>
  withVersions(async ({ get, begin, folder, fetched }) => {
    await begin(7, name);
    await begin(8, "lantern-80.safetensors");
    assertEquals(await get(8, 7), { [name]: 7, "lantern-80.safetensors": 8 });
    assertEquals(fetched.toSorted(), [7, 8]);
    assertEquals([...Deno.readDirSync(folder)].length, 2);
  }));

Deno.test("civikit download leaves a name to the unfinished file of the other version", () =>
  withVersions(async ({ get, begin }) => {
    await begin(7, name);
    assertEquals(await get(8, 7), { [name]: 7, "lantern-80.safetensors": 8 });
  }));
