import type { ProjectPort } from "../../../hub/project/mod.ts";

const locked = {
  ...{ path: `${"long".repeat(30)}/paper.safetensors`, sha256: "AB".repeat(32), bytes: 5, wanted: "civitai:1001" },
  ...{ air: "civitai:1001@2002", modelId: 1001, versionId: 2002, fileId: 3002, model: "Paper", version: "v2" },
  url: "https://civitai.com/api/download/models/2002",
};

/** A project in which nothing ever happens, with something of each kind. */
export function projectOf(): ProjectPort {
  return {
    ...{ folder: "/models/project", task: null, newer: null },
    adoption: {
      ...{ isDry: true, there: 1 },
      adopted: [{ path: "loras/a.safetensors", model: "Paper", version: "v2", versionId: 2002, proof: "presumed" }],
      apart: [{ path: `/models/${"apart".repeat(30)}.pt`, bytes: 5, sha256: null, reason: "unknown" }],
    },
    apart: () => [],
    adopt: () => true,
    outcome: {
      kind: "install",
      fetched: 1,
      moved: 0,
      removed: 0,
      troubles: [{ subject: "a", error: new Error("no") }],
    },
    look: () => ({
      project: { root: "/models" } as ReturnType<ProjectPort["look"]>["project"],
      entries: [{ wanted: { air: "civitai:1001" }, key: "civitai:1001", files: [{ locked, disk: "missing" }] }],
    }),
    add: () => Promise.resolve({ air: "civitai:1001@2002", wasThere: false }),
    install: () => true,
    check: () => true,
    update: () => true,
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
