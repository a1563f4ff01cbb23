import { assertEquals, assertRejects } from "@std/assert";
import { hubFile, isHubUrl } from "@civikit/civikit/api";
import { createTransport } from "@civikit/civikit";
import { download, HttpError } from "@civikit/civikit/transport";
import { bytesOfText, sha256Of, startHub, weightsOf } from "../../_support/hub.ts";

const weights = weightsOf(1);
const config = bytesOfText('{"hidden": 3}\n');
const commit = "0123456789abcdef0123456789abcdef01234567";

Deno.test("isHubUrl() knows the addresses of files on huggingface.co, also of their pages", () => {
  const good = [
    "https://huggingface.co/a/b/resolve/main/c.safetensors",
    "https://huggingface.co/a/b/blob/main/x/y/c.safetensors",
    "https://hf-mirror.com/datasets/a/b/resolve/v1.0/c.bin?download=true",
  ];
  const bad = [
    "https://huggingface.co/a/b",
    "https://huggingface.co/a/resolve/main/c",
    "x",
    "https://civitai.com/models/1",
  ];
  assertEquals([...good, ...bad].filter(isHubUrl), good);
});

Deno.test("hubFile() takes SHA-256, size and commit from the answer of the host, and asks nobody else", async () => {
  await using world = await startHub({ "vae/ae.safetensors": weights });
  using transport = createTransport();
  const found = await hubFile(
    transport,
    `${world.at("vae/ae.safetensors").replace("/resolve/", "/blob/")}?download=true`,
  );
  assertEquals(found, {
    url: `${world.hub.url}/someone/thing/resolve/${commit}/vae/ae.safetensors`,
    name: "ae.safetensors",
    sizeBytes: weights.length,
    commit,
    sha256: await sha256Of(weights),
    oid: (await sha256Of(weights)).toLowerCase(),
    proof: "lfs",
  });
  assertEquals(world.storage.log.length, 0);
  assertEquals(world.hub.log.map(({ method }) => method), ["HEAD"]);
});

Deno.test("hubFile() follows a repository to its new name, and no further", async () => {
  await using world = await startHub({ "ae.safetensors": weights }, { renamed: { "old/thing": "someone/thing" } });
  using transport = createTransport();
  const found = await hubFile(transport, world.at("ae.safetensors", "old/thing"));
  assertEquals([found?.proof, world.storage.log.length], ["lfs", 0]);
});

Deno.test("hubFile() proves a small file of Git's own by its blob, once and only when asked", async () => {
  await using world = await startHub({ "config.json": config });
  using transport = createTransport();
  const asked = await hubFile(transport, world.at("config.json"));
  assertEquals([asked?.proof, asked?.sha256, asked?.sizeBytes], ["none", null, config.length]);
  const proved = await hubFile(transport, world.at("config.json"), { prove: true });
  assertEquals([proved?.proof, proved?.sha256], ["git", await sha256Of(config)]);
  world.hub.add({ kind: "corrupt", at: 3 });
  const wrong = await hubFile(transport, world.at("config.json"), { prove: true });
  assertEquals([wrong?.proof, wrong?.sha256], ["none", null]);
});

Deno.test("hubFile() takes no hash but a SHA-256 of 64 digits for one, and no host for a hub that does not speak as one", async () => {
  const cases: [Record<string, string>, string | undefined][] = [
    [{ "X-Linked-Etag": '"abc"' }, "none"],
    [{ "X-Linked-Etag": `W/"${"AB".repeat(32)}"` }, "lfs"],
    [{ "X-Linked-Etag": `"${"zz".repeat(32)}"` }, "none"],
    [{ "X-Linked-Etag": "", "X-Repo-Commit": "" }, undefined],
    [{ "X-Linked-Size": "-1" }, "lfs"],
    [{ "X-Repo-Commit": "../../etc" }, "lfs"],
  ];
  for (const [change, proof] of cases) {
    const bend = (headers: Record<string, string>) =>
      Object.fromEntries(Object.entries({ ...headers, ...change }).filter(([, value]) => value !== ""));
    await using world = await startHub({ "ae.safetensors": weights }, { bend });
    using transport = createTransport();
    const found = await hubFile(transport, world.at("ae.safetensors"));
    assertEquals(found?.proof, proof, JSON.stringify(change));
    if (change["X-Linked-Size"] !== undefined) assertEquals(found?.sizeBytes, null);
    if (change["X-Repo-Commit"] !== undefined && found) {
      assertEquals([found.commit, new URL(found.url).pathname], [null, "/someone/thing/resolve/main/ae.safetensors"]);
    }
  }
});

Deno.test("hubFile() sends a private file's token to the host alone, and the download's redirect does not take it along", async () => {
  const token = "hf_secret_of_this_test";
  await using world = await startHub({ "ae.safetensors": weights }, { private: ["someone/thing"], token });
  using stranger = createTransport();
  const error = await assertRejects(() => hubFile(stranger, world.at("ae.safetensors")), HttpError, "private or gated");
  assertEquals([error.code, error.reason, error.status], ["unauthorized", "host_token", 401]);

  const headers = { [new URL(world.hub.url).host]: { Authorization: `Bearer ${token}` } };
  using transport = createTransport({ headers });
  const found = await hubFile(transport, world.at("ae.safetensors"));
  const folder = await Deno.makeTempDir();
  try {
    const result = await download(transport, found!.url, "ae.safetensors", {
      ...{ root: folder, hashes: { SHA256: found!.sha256! }, sizeBytes: found!.sizeBytes! },
    });
    assertEquals([result.verified, result.bytes], [true, weights.length]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const seen = ({ log }: { log: readonly { headers: Headers }[] }) =>
    log.map(({ headers }) => headers.get("authorization"));
  assertEquals(seen(world.hub).filter((value) => value === `Bearer ${token}`).length >= 2, true);
  assertEquals(world.storage.log.length > 0, true);
  assertEquals(seen(world.storage).filter((value) => value !== null), []);
});

Deno.test("hubFile() says that there is no such file", async () => {
  await using world = await startHub({});
  using transport = createTransport();
  const error = await assertRejects(() => hubFile(transport, world.at("ae.safetensors")), HttpError);
  assertEquals(error.code, "not_found");
  assertEquals(await hubFile(transport, `${world.hub.url}/a.safetensors`), undefined);
});
