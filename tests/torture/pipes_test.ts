import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openProject, readModelInfo, readSafetensors, saveImages, writeSidecars } from "../../api/mod.ts";
import { loadKeys } from "../../cli/settings/keys.ts";
import { logParts, openLogs } from "../../monitor/mod.ts";
import { CivikitError, digestFile, download, type ErrorCode, type Transport } from "../../transport/mod.ts";

// a pipe with nobody at its other end: whoever opens it waits for ever, and so would these tests

const transport: Transport = { fetch: () => Promise.resolve(new Response("tensors")) };
const url = "https://civitai.com/api/download/models/1";

function withPipes(name: string, test: (folder: string, pipe: (name: string) => string) => Promise<void> | void): void {
  Deno.test({
    name,
    ignore: Deno.build.os === "windows",
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await test(folder, (name) => {
          const path = `${folder}/${name}`;
          assert(new Deno.Command("mkfifo", { args: ["-m", "600", path] }).outputSync().success);
          return path;
        });
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

async function fails(work: () => unknown, code: ErrorCode, path: string): Promise<void> {
  const error = await assertRejects(async () => await work(), CivikitError);
  assertEquals(error.code, code, error.message);
  assert(error.message.includes(JSON.stringify(path)), error.message);
}

for (const end of ["", ".part", ".part.json"]) {
  withPipes(`download() refuses a pipe as NAME${end}`, async (folder, pipe) => {
    const path = pipe(`a.bin${end}`);
    await fails(() => download(transport, url, `${folder}/a.bin`), "invalid_path", path);
    assert(Deno.lstatSync(path).isFifo);
  });
}

withPipes("download() puts a pipe aside that has the name of a file it only writes", async (folder, pipe) => {
  const path = `${folder}/a.bin`;
  for (const end of [".part.json.tmp", ".quarantine", ".quarantine.json"]) pipe(`a.bin${end}`);
  const hashes = { SHA256: "00".repeat(32) };
  await fails(() => download(transport, url, path, { hashes, delayMs: 0 }), "hash_mismatch", `${path}.quarantine`);
  const report = JSON.parse(await Deno.readTextFile(`${path}.quarantine.json`));
  assertEquals(report.wanted, hashes);
});

withPipes("download() says so when a folder is where its journal is written", async (folder) => {
  Deno.mkdirSync(`${folder}/a.bin.part.json.tmp`);
  const error = await assertRejects(() => download(transport, url, `${folder}/a.bin`), CivikitError);
  assertEquals(error.code, "invalid_path");
  assert(error.message.endsWith(`"${folder}/a.bin.part.json.tmp": is a folder`), error.message);
});

withPipes("hashing and reading the header of a pipe are refused", async (_folder, pipe) => {
  const path = pipe("a.safetensors");
  for (const worker of [true, false]) await fails(() => digestFile(path, ["SHA256"], { worker }), "invalid_path", path);
  await fails(() => readSafetensors(path), "invalid_path", path);
});

withPipes("a pipe in place of a sidecar is reported and left alone", async (folder, pipe) => {
  const path = pipe("a.civitai.info");
  const model = { name: "Lantern", type: "Checkpoint" };
  await fails(() => readModelInfo(`${folder}/a.safetensors`), "invalid_path", path);
  const [outcome] = await writeSidecars(`${folder}/a.safetensors`, { id: 7, modelId: 5, name: "v1", model });
  assertEquals([outcome?.state, outcome?.error?.code], ["failed", "invalid_path"]);
  assert(Deno.lstatSync(path).isFifo);
});

withPipes("a pipe in place of a manifest or a lock file is refused", async (folder, pipe) => {
  await fails(() => openProject(folder), "invalid_path", pipe("civikit.lock.json"));
  await fails(() => openProject(folder), "invalid_path", pipe("civikit.models.json"));
});

withPipes("a pipe in place of the key file is refused", async (folder, pipe) => {
  Deno.mkdirSync(`${folder}/civikit`);
  const path = pipe("civikit/key");
  await fails(
    () => loadKeys((name) => name === "XDG_CONFIG_HOME" ? folder : undefined).find("civitai.com"),
    "invalid_path",
    path,
  );
});

withPipes("a pipe in place of a log file is refused", async (folder, pipe) => {
  const path = pipe("application.log.1");
  await fails(() => logParts(`${folder}/application.log`), "invalid_path", path);
  const log = pipe("http_client.log");
  assertThrows(() => openLogs({ folder }), CivikitError, JSON.stringify(log));
});

withPipes("saveImages() is not held by a pipe under the name of its unfinished file", async (folder, pipe) => {
  pipe("7.saving");
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const images = [{ id: 7, url: "https://image.civitai.com/bucket/uuid/original=true/7.jpeg" }];
  const from: Transport = { fetch: () => Promise.resolve(new Response(png, { headers: { "content-length": "8" } })) };
  const states = (await Array.fromAsync(saveImages(from, images, folder))).map(({ state }) => state);
  assertEquals([states, await Deno.readFile(`${folder}/7.png`)], [["saved"], png]);
});
