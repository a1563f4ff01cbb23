import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { civitai, findUpdates, hashCache, planFolderUpdate, scan, updateFolder } from "@civikit/civikit/api";
import { safeFileName } from "@civikit/civikit/transport";
import { kindsSite } from "../../_support/kinds_site.ts";
import { bytesOf, modelKinds } from "../../_support/model_kinds.ts";
import { inFolder } from "./_folder.ts";

/** More by hand: CIVIKIT_KINDS=17000. Fewer than all pairs of kinds would leave some out. */
const count = Number(Deno.env.get("CIVIKIT_KINDS") ?? 2000);

Deno.test({
  name: `updates of ${count} models of every kind: no crash, no lost character, no unsafe name`,
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (root) => {
      const kinds = [...modelKinds(count)];
      const site = kindsSite(kinds.map(({ model }) => model));
      const fetched: number[] = [];
      const transport = {
        fetch(request: Request): Promise<Response> {
          const id = Number(new URL(request.url).searchParams.get("fileId"));
          if (!new URL(request.url).pathname.startsWith("/api/download/")) return site.fetch(request);
          fetched.push(id);
          const headers = { "content-type": "application/octet-stream" };
          return Promise.resolve(new Response(bytesOf(id), { headers }));
        },
      };
      const api = civitai(transport);
      const put = new Map<string, number>();
      kinds.forEach(({ name, model: { id } }, n) => {
        const own = safeFileName(`${name}.safetensors`, { fallback: `${id}.safetensors` });
        const path = join(root, ["loras", "模型", "🏮"][n % 3]!, String(n % 100), String(n), own);
        Deno.mkdirSync(dirname(path), { recursive: true });
        Deno.writeFileSync(path, bytesOf(id + 10));
        put.set(path, id + 10);
      });
      using cache = hashCache(":memory:");
      const { files, skipped } = await scan(api, [root], { cache });
      assertEquals([files.length, skipped], [put.size, []]);
      const known = files.flatMap(({ identity, sha256 }) => identity ? [{ ...identity, sha256 }] : []);
      const report = await findUpdates(api, known);
      const asked = new Set(known.map(({ modelId }) => modelId));
      assertEquals(report.models.length + report.failures.length, asked.size, "each model is told of once");
      const plan = await planFolderUpdate(api, files);
      const names = new Map(report.models.map(({ modelId, modelName }) => [modelId, modelName]));
      const planned = new Set(plan.moves.map(({ from }) => from.path));
      assert(plan.moves.length > put.size / 4, `only ${plan.moves.length} of ${put.size}`);
      assertEquals(new Set(plan.moves.map(({ fresh }) => fresh.toLowerCase())).size, plan.moves.length);
      for (const { from, fresh, file } of plan.moves) {
        assertEquals(dirname(fresh), dirname(from.path));
        const name = fresh.slice(dirname(fresh).length + 1);
        assertEquals(name, safeFileName(name, { maxBytes: 255 }));
        assertEquals(file.modelName, names.get(file.modelId!));
      }
      const ended = new Set<string>();
      let failed = 0;
      for await (
        const { move, path, old, error } of updateFolder(transport, plan.moves, [root], { old: "replace", cache })
      ) {
        ended.add(move.from.path);
        if (error !== undefined) {
          // the site says a size that its file does not have
          assertEquals([old, path], ["kept", undefined]);
          assertEquals(Deno.readFileSync(move.from.path), bytesOf(put.get(move.from.path)!));
          failed++;
          continue;
        }
        assertEquals(Deno.readFileSync(path!), bytesOf(move.file.fileId));
        assert(old === "replaced" || old === "unproved", old);
        if (old === "replaced" && path !== move.from.path) assertEquals(existsSync(move.from.path), false);
      }
      assertEquals([...ended].sort(), [...planned].sort(), "each is told of once");
      for (const [path, id] of put) if (!planned.has(path)) assertEquals(Deno.readFileSync(path), bytesOf(id));
      const again = await planFolderUpdate(api, (await scan(api, [root], { cache })).files);
      assertEquals(again.moves.length, failed, "nothing moves twice");
      assert(failed < plan.moves.length / 5, `${failed} of ${plan.moves.length} failed`);
    }),
});
