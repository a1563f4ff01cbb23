import { assertEquals, assertRejects } from "@std/assert";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { applyOrganize, planOrganize, setUsage, undoMoves, type Version, writeSidecars } from "../../../api/mod.ts";
import { besideModel } from "../../../api/sidecars/beside_model.ts";
import { DiskError } from "../../../transport/mod.ts";
import { put, wholeTree, withDisks } from "../moves/_tree.ts";

const identity = {
  ...{ modelId: 5, versionId: 7, fileId: 9, modelName: "Lantern", versionName: "v1", modelType: "LORA" },
  ...{ baseModel: "SDXL 1.0", fileName: "lantern.safetensors" },
};
const model = { name: "Lantern", type: "LORA" };
const version: Version = { id: 7, modelId: 5, name: "v1", model, trainedWords: ["lantern"] };
const beside = ["lantern.civikit.json", "lantern.civitai.info", "lantern.json"];

/** A folder with one model, and the plan to move it. */
async function withPlan(work: (root: string, path: string, plan: ReturnType<typeof planOrganize>) => Promise<void>) {
  await withDisks(async (root) => {
    const path = join(root, "lantern.safetensors");
    put(path, "model");
    await work(
      root,
      path,
      planOrganize(root, [{ path, bytes: 5, isLink: false, sha256: null, identity }], {
        layout: "{type}/{file}",
      }),
    );
  });
}

/** What stays of a tree where the moves' own state is passed over. */
const names = (root: string) => Object.keys(wholeTree(root)).filter((name) => /lantern/.test(name)).sort();

Deno.test("sidecars and notes that are written after the plan go along with their model, and come back with it", () =>
  withPlan(async (root, path, plan) => {
    await setUsage(path, { notes: "at 0.8" });
    await writeSidecars(path, version);
    await applyOrganize(plan);
    const moved = [...beside, "lantern.safetensors"].map((name) => `LORA/${name}`).sort();
    assertEquals(names(root), moved);
    await undoMoves(root);
    assertEquals(names(root), [...beside, "lantern.safetensors"].sort());
  }));

Deno.test("nothing is written beside a model while files there move", () =>
  withPlan(async (_, path, plan) => {
    await applyOrganize(plan, {
      async follow(moved) {
        for (const { to } of moved) {
          const [one] = await writeSidecars(to, version);
          assertEquals([one!.state, one!.error?.reason], ["failed", "moves_running"]);
          const error = await assertRejects(() => setUsage(to, { notes: "x" }), DiskError);
          assertEquals([error.code, error.reason], ["target_locked", "moves_running"]);
        }
        assertEquals((await writeSidecars(path, version))[0]!.state, "failed");
      },
    });
  }));

Deno.test("what was begun before the moves is taken back where the model has gone, what was there before stays", () =>
  withPlan(async (root, path, plan) => {
    const [fresh, old] = [join(root, "lantern.json"), join(root, "lantern.txt")];
    const error = await assertRejects(
      () =>
        besideModel(path, async () => {
          await applyOrganize(plan);
          for (const one of [fresh, old]) put(one, "{}");
        }, () => [fresh]),
      DiskError,
    );
    assertEquals([error.code, error.reason], ["folder_missing", "file_missing"]);
    assertEquals(names(root), ["LORA/lantern.safetensors", "lantern.txt"]);
  }));

Deno.test("sidecars of a model that is not there yet are written as ever", () =>
  withPlan(async (root, path) => {
    rmSync(path);
    assertEquals((await setUsage(path, { notes: "soon" })).notes, "soon");
    assertEquals((await writeSidecars(path, version)).map(({ state }) => state), ["written", "written"]);
    assertEquals(names(root), beside);
  }));
