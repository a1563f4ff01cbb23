import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { CivikitError, DiskError } from "../../../transport/errors/errors.ts";
import { followDigest, type HashName, hashNames } from "../../../transport/download/digest.ts";
import { digestFile } from "../../../transport/download/digest_file.ts";
import { isSameHash } from "../../../transport/download/verify.ts";

const engines = [{ worker: true }, { worker: false }];
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex").toUpperCase();

async function withFile(bytes: Uint8Array, work: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  const path = join(folder, "model.safetensors");
  try {
    Deno.writeFileSync(path, bytes);
    await work(path, folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

/** A .safetensors file: eight bytes of header length, the header, the tensors. */
function safetensors(header: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

Deno.test("digestFile() gives the published vectors", async () => {
  await withFile(new TextEncoder().encode("123456789"), async (path) => {
    for (const engine of engines) {
      assertEquals(await digestFile(path, hashNames, engine), {
        SHA256: "15E2B0D3C33891EBB0F1EF609EC419420C20E320CE94C65FBC8C3312448EB225",
        AutoV2: "15E2B0D3C3",
        // CRC-32/ISO-HDLC has the check value CBF43926, which Civitai shows from its last byte to its first
        CRC32: "2639F4CB",
        BLAKE3: "B7D65B48420D1033CB2595293263B6F72EABEE20D55E699D0DF1973B3C9DEED1",
      });
    }
  });
});

Deno.test("digestFile() of nothing", async () => {
  await withFile(new Uint8Array(), async (path) => {
    for (const engine of engines) {
      const found = await digestFile(path, hashNames, engine);
      assertEquals(found, {
        SHA256: "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        AutoV2: "E3B0C44298",
        CRC32: "00000000",
        BLAKE3: "AF1349B9F5F9A1A6A0404DEA36DCC9499BCB25C9ADC112B7CC9A93CAE41F3262",
      });
    }
  });
});

Deno.test("digestFile() hashes what Civitai hashes, in a worker and here alike", async () => {
  const data = noise(3_300_001);
  const file = safetensors('{"__metadata__":{}}', data);
  const crc = crc32(file).toString(16).padStart(8, "0").toUpperCase().match(/../g)!.reverse().join("");
  await withFile(file, async (path) => {
    for (const engine of engines) {
      const { BLAKE3, ...found } = await digestFile(path, hashNames, engine);
      assertEquals(found, {
        SHA256: sha256(file),
        AutoV1: sha256(file.subarray(0x100000, 0x110000)).slice(0, 8),
        AutoV2: sha256(file).slice(0, 10),
        AutoV3: sha256(data),
        CRC32: crc,
      });
      assert(/^[0-9A-F]{64}$/.test(BLAKE3!));
      assertEquals((await digestFile(path, ["BLAKE3"], { worker: !engine.worker })).BLAKE3, BLAKE3);
    }
  });
});

Deno.test("digestFile() agrees with openssl", async () => {
  const openssl = (path: string) => new Deno.Command("openssl", { args: ["dgst", "-sha256", path] }).output();
  await withFile(noise(1_500_000), async (path) => {
    let output: Deno.CommandOutput;
    try {
      output = await openssl(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    const theirs = /([0-9a-f]{64})\s*$/.exec(new TextDecoder().decode(output.stdout))![1]!;
    assertEquals((await digestFile(path, ["SHA256"])).SHA256, theirs.toUpperCase());
  });
});

Deno.test("AutoV1 is absent under 2 MiB, AutoV3 for anything but .safetensors", async () => {
  const wanted: HashName[] = ["AutoV1", "AutoV3"];
  const header = (length: bigint, first = "{") => {
    const bytes = noise(4096);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    bytes[8] = first.charCodeAt(0);
    return bytes;
  };
  const cases: readonly [bytes: Uint8Array, found: string[]][] = [
    [new Uint8Array(0x200000 - 1), []],
    [new Uint8Array(0x200000), ["AutoV1"]],
    [header(100n), ["AutoV3"]],
    [header(4088n), ["AutoV3"]],
    [header(4089n), []],
    [header(100n, "P"), []],
    [header(0xffffffffffffffffn), []],
    [header(1n), []],
    [Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0), []],
    [safetensors("{}", new Uint8Array()), ["AutoV3"]],
  ];
  for (const [bytes, found] of cases) {
    await withFile(bytes, async (path) => assertEquals(Object.keys(await digestFile(path, wanted)), found));
  }
});

Deno.test("followDigest() follows a growing file, byte by byte too", async () => {
  const data = noise(5_000_000);
  const file = safetensors("{}", data);
  for (const engine of engines) {
    await withFile(new Uint8Array(), async (path) => {
      const follower = followDigest(path, ["SHA256", "AutoV3"], engine);
      using handle = Deno.openSync(path, { write: true });
      let written = 0;
      for (const size of [1, 7, 1, 1, 1_048_576, 3, 2_500_000, file.length]) {
        written += handle.writeSync(file.subarray(written, written + size));
        follower.advance(written);
        follower.advance(written - 1);
        await new Promise((resolve) => setTimeout(resolve));
      }
      assertEquals(written, file.length);
      assertEquals(await follower.finish(written), { SHA256: sha256(file), AutoV3: sha256(data) });
      assertEquals(await follower.finish(written), { SHA256: sha256(file), AutoV3: sha256(data) });
      assertEquals(follower.hashedBytes, written);
      assertEquals(follower.engine, engine.worker ? "worker" : "inline");
      follower.close();
      follower.close();
    });
  }
});

Deno.test("followDigest().reset() begins again, with a file put in the old one's place too", async () => {
  for (const engine of engines) {
    const first = noise(3_000_000);
    const second = noise(2_222_222);
    await withFile(first, async (path) => {
      const follower = followDigest(path, ["SHA256", "CRC32", "BLAKE3"], engine);
      follower.advance(2_900_000);
      const before = await follower.finish(first.length);
      follower.reset();
      assertEquals(await follower.finish(first.length), before);
      follower.reset();
      Deno.renameSync(path, `${path}.old`);
      Deno.writeFileSync(path, second);
      follower.reset();
      follower.advance(1_500_000);
      assertEquals((await follower.finish(second.length)).SHA256, sha256(second));
      follower.close();
    });
  }
});

Deno.test("followDigest() says when the file is shorter, missing or a folder", async () => {
  for (const engine of engines) {
    await withFile(new Uint8Array(100), async (path, folder) => {
      const attempt = async (at: string, code: string) => {
        const follower = followDigest(at, ["SHA256"], engine);
        assertEquals((await assertRejects(() => follower.finish(200), DiskError, JSON.stringify(at))).code, code);
        follower.close();
      };
      await attempt(path, "disk_error");
      await attempt(join(folder, "missing"), "folder_missing");
      await attempt(folder, "invalid_path");
    });
  }
});

Deno.test("followDigest() recovers through reset() after a failure", async () => {
  for (const engine of engines) {
    await withFile(new Uint8Array(100), async (path) => {
      const follower = followDigest(path, ["SHA256"], engine);
      await assertRejects(() => follower.finish(200), DiskError, "ends at 100");
      follower.reset();
      assertEquals((await follower.finish(100)).SHA256, sha256(new Uint8Array(100)));
      follower.close();
    });
  }
});

Deno.test("followDigest() closed in the middle rejects with aborted and leaves no worker", async () => {
  for (const engine of engines) {
    await withFile(noise(8_000_000), async (path) => {
      const follower = followDigest(path, ["SHA256"], engine);
      const finish = follower.finish(8_000_000);
      follower.close();
      assertEquals((await assertRejects(() => finish, CivikitError, "given up")).code, "aborted");
      assertEquals((await assertRejects(() => follower.finish(1), CivikitError)).code, "aborted");
      await new Promise((resolve) => setTimeout(resolve));
    });
  }
});

Deno.test("digestFile() gives up with the signal's own reason", async () => {
  await withFile(noise(20_000_000), async (path) => {
    const reason = new Error("enough");
    assertEquals(
      await assertRejects(() => digestFile(path, ["SHA256"], { signal: AbortSignal.abort(reason) })),
      reason,
    );
    const controller = new AbortController();
    const running = digestFile(path, ["SHA256"], { signal: controller.signal });
    controller.abort(reason);
    assertEquals(await assertRejects(() => running), reason);
  });
});

Deno.test("followDigest() works here when a worker cannot be made, dies or never answers", async () => {
  const Real = globalThis.Worker;
  const dead = [
    class {
      constructor() {
        throw new DOMException("no workers here", "NotSupportedError");
      }
    },
    class extends EventTarget {
      postMessage() {}
      terminate() {}
    },
    class extends Real {
      constructor() {
        super("data:application/javascript,this is no program", { type: "module" });
      }
    },
  ] as unknown as (typeof Worker)[];
  await withFile(noise(1_000_000), async (path) => {
    for (const fake of dead) {
      globalThis.Worker = fake;
      try {
        const follower = followDigest(path, ["SHA256"], { worker: true, startupMs: 300 });
        assertEquals((await follower.finish(1_000_000)).SHA256, sha256(Deno.readFileSync(path)));
        assertEquals(follower.engine, "inline");
        follower.close();
      } finally {
        globalThis.Worker = Real;
      }
    }
  });
});

Deno.test("followDigest() starts a worker only for what is worth one", async () => {
  const file = noise(17_000_000);
  await withFile(file, async (path) => {
    const follower = followDigest(path, ["SHA256"]);
    follower.advance(15_000_000);
    assertEquals(follower.engine, "none");
    follower.advance(16_800_000);
    assertEquals(follower.engine, "starting");
    assertEquals(await follower.finish(17_000_000), { SHA256: sha256(file) });
    assertEquals(follower.engine, "worker");
    follower.close();

    const small = followDigest(path, ["SHA256"]);
    small.advance(2_000_000);
    assertEquals((await small.finish(3_000_000)).SHA256, sha256(file.subarray(0, 3_000_000)));
    assertEquals(small.engine, "inline");
    small.close();

    const none = followDigest(path, []);
    none.advance(17_000_000);
    assertEquals(await none.finish(17_000_000), {});
    assertEquals(none.engine, "none");
    none.close();
  });
});

Deno.test("followDigest() hashes what it is fed on the spot, and reads back what came out of order", async () => {
  const data = noise(5_000_000);
  const file = safetensors("{}", data);
  const names: HashName[] = ["SHA256", "AutoV1", "AutoV3", "CRC32", "BLAKE3"];
  await withFile(new Uint8Array(file.length), async (path) => {
    const expected = await withDigests(file, names);
    using handle = Deno.openSync(path, { write: true });
    const follower = followDigest(path, names);
    // the order in which pieces come: some before those they follow, one twice
    const pieces = [[0, 5], [5, 9], [9, 40], [2_000_000, 3_000_000], [40, 2_000_000], [1000, 5000], [
      3_000_000,
      3_000_001,
    ]];
    for (let round = 0; round < 2; round++) {
      let prefix = 0;
      for (const [start, end] of [...pieces, [3_000_001, file.length]] as [number, number][]) {
        handle.seekSync(start, Deno.SeekMode.Start);
        handle.writeSync(file.subarray(start, end));
        follower.feed(file.subarray(start, end), start, file.length);
        if (start <= prefix) prefix = Math.max(prefix, end, prefix >= 40 && start === 40 ? 3_000_000 : 0);
        follower.advance(prefix);
      }
      assertEquals(await follower.finish(file.length), expected);
      assertEquals([follower.engine, follower.hashedBytes], ["inline", file.length]);
      follower.reset();
    }
    follower.close();
  });
});

async function withDigests(bytes: Uint8Array, names: readonly HashName[]): Promise<Record<string, string>> {
  let found: Record<string, string> = {};
  await withFile(bytes, async (path) => void (found = await digestFile(path, names, { worker: false })));
  return found;
}

Deno.test("followDigest() that is fed in order reads nothing back", async () => {
  const file = noise(3_000_000);
  // what lies at the path is something else: only what was fed can give the hash
  await withFile(noise(3_000_000), async (path) => {
    const follower = followDigest(path, ["SHA256"]);
    for (let at = 0; at < file.length; at += 300_000) {
      follower.feed(file.subarray(at, at + 300_000), at, file.length);
      follower.advance(at + 300_000);
      assertEquals(follower.hashedBytes, at + 300_000);
    }
    assertEquals(await follower.finish(file.length), { SHA256: sha256(file) });
    // and begins with what lies there after a reset
    follower.reset();
    assertEquals((await follower.finish(file.length)).SHA256, sha256(Deno.readFileSync(path)));
    follower.close();
  });
});

Deno.test("followDigest() that is fed starts a worker where much is to come and hashing takes the time", async () => {
  const file = noise(24_000_000);
  await withFile(file, async (path) => {
    for (const [total, engine] of [[file.length, "inline"], [1e9, "worker"], [undefined, "worker"]] as const) {
      const follower = followDigest(path, ["SHA256"]);
      for (let at = 0; at < file.length; at += 250_000) {
        follower.feed(file.subarray(at, at + 250_000), at, total);
        follower.advance(at + 250_000);
      }
      assertEquals(await follower.finish(file.length), { SHA256: sha256(file) });
      assertEquals(follower.engine, engine);
      follower.close();
    }
  });
});

Deno.test("followDigest() that is fed leaves what it is far behind with to a worker, and does without one that dies", async () => {
  const file = noise(100_000_000);
  const Real = globalThis.Worker;
  await withFile(file, async (path) => {
    for (const dies of [false, true]) {
      let started = 0;
      globalThis.Worker = class extends Real {
        constructor(...args: ConstructorParameters<typeof Worker>) {
          started++;
          if (dies) throw new DOMException("no workers here", "NotSupportedError");
          super(...args);
        }
      };
      try {
        const follower = followDigest(path, ["SHA256"]);
        follower.feed(file.subarray(0, 1000), 0, file.length);
        for (const prefix of [70_000_000, 80_000_000, file.length]) follower.advance(prefix);
        assertEquals(await follower.finish(file.length), { SHA256: sha256(file) });
        assertEquals([follower.engine, started], [dies ? "inline" : "worker", 1]);
        follower.close();
      } finally {
        globalThis.Worker = Real;
      }
    }
  });
});

Deno.test("followDigest() refuses unknown hashes", () => {
  assertThrows(() => followDigest("x", ["MD5" as HashName]), TypeError, "MD5");
});

Deno.test("isSameHash() knows letters in both cases and both lengths of AutoV3", () => {
  assert(isSameHash("SHA256", "ab12", "AB12"));
  assert(isSameHash("AutoV3", "0123456789AB", "0123456789abcdef"));
  assertEquals(isSameHash("SHA256", "0123456789AB", "0123456789abcdef"), false);
  assertEquals(isSameHash("AutoV3", "0123", "0123456789abcdef"), false);
  assertEquals(isSameHash("CRC32", "AB12", "AB13"), false);
});

const program = (module: string) => `
  import { followDigest } from ${JSON.stringify(module)};
  const [path] = Deno.args;
  const size = Deno.statSync(path).size;
  const follower = followDigest(path, ["SHA256", "CRC32", "BLAKE3"], { worker: true });
  follower.advance(size);
  const found = await follower.finish(size);
  console.log(JSON.stringify({ engine: follower.engine, ...found }));
  follower.close();`;

async function run(args: string[], cwd: string): Promise<Record<string, string>> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd, stdin: "null" }).output();
  const text = new TextDecoder().decode(stdout);
  if (text === "") throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

const digestModule = new URL("../../../transport/download/digest.ts", import.meta.url);
const config = new URL("../../../deno.json", import.meta.url);

Deno.test("followDigest() runs its worker with nothing but the right to read that file", async () => {
  await withFile(noise(2_500_000), async (path, folder) => {
    const main = join(folder, "main.ts");
    Deno.writeTextFileSync(main, program(digestModule.href));
    const args = ["run", "--no-prompt", `--config=${config.pathname}`, `--allow-read=${path}`, main, path];
    const { engine, SHA256 } = await run(args, folder);
    assertEquals(engine, "worker");
    assertEquals(SHA256, sha256(Deno.readFileSync(path)));
  });
});

Deno.test("followDigest() runs its worker in a minified bundle far from its sources", async () => {
  await withFile(noise(2_500_000), async (path, folder) => {
    const main = join(folder, "main.ts");
    const bundle = join(folder, "elsewhere", "bundle.js");
    Deno.mkdirSync(join(folder, "elsewhere"));
    Deno.writeTextFileSync(main, program(digestModule.href));
    const bundled = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        `--config=${config.pathname}`,
        "--no-check",
        "--minify",
        "--platform=deno",
        `--output=${bundle}`,
        main,
      ],
      stdin: "null",
    }).output();
    assert(bundled.success, new TextDecoder().decode(bundled.stderr));
    Deno.removeSync(main);
    const { engine, ...found } = await run(
      ["run", "--no-prompt", "--no-config", "--cached-only", `--allow-read=${path}`, bundle, path],
      join(folder, "elsewhere"),
    );
    assertEquals(engine, "worker");
    assertEquals<unknown>(found, await digestFile(path, ["SHA256", "CRC32", "BLAKE3"]));
  });
});
