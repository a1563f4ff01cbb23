import { companionsOf, namesakesOf, namesOnce } from "../sidecars/companions.ts";
import type { MoveStep } from "./entry.ts";
import { applyMoves, type MovesOptions, type MovesReport } from "./moves.ts";
import { besideTarget, type OrganizePlan } from "./plan_organize.ts";
import { isTaken, planMoves } from "./plan_moves.ts";

/**
 * Sidecars that came beside the models of a plan since it was made. Where another model has the same name, they stay: whose
 * they are was decided with the plan.
 */
function lateSidecars({ moves, steps }: OrganizePlan): MoveStep[] {
  const planned = new Set(steps.map(({ from }) => from));
  const namesOf = namesOnce();
  const wanted = moves.flatMap(({ from, to }) => {
    if (!isTaken(from) || namesakesOf(from, namesOf).length > 0) return [];
    const late = companionsOf(from, namesOf).filter((one) => !planned.has(one));
    return late.map((one) => ({ from: one, to: besideTarget(from, one, to) }));
  });
  return planMoves(wanted);
}

/**
 * Does what `planOrganize` planned, as `applyMoves` moves; sidecars that were written since go along with their models.
 *
 * @param plan The plan.
 * @param options As `applyMoves` takes them.
 * @throws As `applyMoves` does.
 * @example
 * ```ts
 * import { applyOrganize, planOrganize } from "@civikit/civikit/api";
 *
 * const root = Deno.makeTempDirSync(), path = `${root}/lantern.safetensors`;
 * Deno.writeTextFileSync(path, "x");
 * const identity = {
 *   modelId: 5, versionId: 7, fileId: 9, modelName: "Lantern", versionName: "v1", modelType: "LORA",
 *   baseModel: "SDXL 1.0", fileName: "lantern.safetensors",
 * };
 * const plan = planOrganize(root, [{ path, bytes: 1, isLink: false, sha256: null, identity }], { layout: "comfyui" });
 * await applyOrganize(plan);
 * console.log(Deno.readTextFileSync(`${root}/models/loras/lantern.safetensors`)); // x
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export async function applyOrganize(plan: OrganizePlan, options: MovesOptions = {}): Promise<MovesReport> {
  return await applyMoves(plan.root, plan.layout, () => [...plan.steps, ...lateSidecars(plan)], options);
}
