import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { Version } from "@civikit/civikit/api";
import { CivikitError, fetchTransport } from "@civikit/civikit/transport";
import { addSidecars } from "../../../hub/run/mod.ts";
import { withFolder } from "../../_support/folder.ts";

const versionOf = (id: number): Version => ({
  id,
  modelId: 1,
  name: `v${id}`,
  model: { name: "m", type: "Checkpoint" },
});

/** An API that knows versions by id and by hash, and says what it was asked. */
function shop(byId: number[], byHash: Record<string, number>) {
  const asked: string[] = [];
  const missing = (what: string) => new CivikitError(`asking for ${what}: none`, { code: "not_found" });
  const versions = {
    get(id: number) {
      asked.push(`id ${id}`);
      return byId.includes(id) ? Promise.resolve(versionOf(id)) : Promise.reject(missing(String(id)));
    },
    byHashes(hashes: Iterable<string>) {
      asked.push([...hashes].join());
      const found = [...hashes].filter((hash) => hash in byHash).map((hash) =>
        [hash, versionOf(byHash[hash]!)] as const
      );
      return Promise.resolve(new Map(found));
    },
  };
  return { asked, api: { versions } as never };
}

const inFolder = (work: (path: (name: string) => string) => Promise<void>) =>
  withFolder((folder) => work((name) => join(folder, name)));

const signal = new AbortController().signal;

Deno.test("addSidecars() asks once for many files, by id where another version has the same file, and not for strangers", () =>
  inFolder(async (path) => {
    using transport = fetchTransport();
    const { asked, api } = shop([7, 9], { AA: 7, BB: 8 });
    const files = [
      { path: path("a.safetensors"), sha256: "AA" },
      { path: path("b.safetensors"), sha256: "BB", versionId: 9 },
      { path: path("c.safetensors"), sha256: "BB", versionId: 9 },
      { path: path("d.safetensors"), sha256: "CC" },
    ];
    const outcomes = await Array.fromAsync(addSidecars(files, { api, transport, signal }));
    assertEquals(outcomes.map(({ state }) => state), ["written", "written", "written"]);
    assertEquals(asked, ["AA,BB,CC", "id 9"]);
    const idOf = (name: string) => JSON.parse(Deno.readTextFileSync(path(name))).id;
    assertEquals(["a", "b", "c"].map((name) => idOf(`${name}.civitai.info`)), [7, 9, 9]);
  }));

Deno.test("addSidecars() tells which file's version cannot be had, and goes on with the others", () =>
  inFolder(async (path) => {
    using transport = fetchTransport();
    const { api } = shop([7], {});
    const files = [7, 6].map((versionId) => ({ path: path(`${versionId}.safetensors`), sha256: "AA", versionId }))
      .reverse();
    const outcomes = await Array.fromAsync(addSidecars(files, { api, transport, signal }));
    assertEquals(outcomes.map(({ path: at, state, error }) => [at, state, error?.code]), [
      [path("6.safetensors"), "failed", "not_found"],
      [path("7.civitai.info"), "written", undefined],
    ]);
  }));

Deno.test("addSidecars() stopped by its signal throws the reason", () =>
  inFolder(async (path) => {
    using transport = fetchTransport();
    const reason = new Error("enough");
    const { api } = shop([], {});
    const stopped = { api, transport, signal: AbortSignal.abort(reason) };
    const files = [{ path: path("a.safetensors"), sha256: "AA", versionId: 6 }];
    assertEquals(await assertRejects(() => Array.fromAsync(addSidecars(files, stopped))), reason);
  }));
