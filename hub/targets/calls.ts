import { basename } from "node:path";
import type { Role } from "../../api/layout/role.ts";
import type { PublishedFile } from "../run/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import type { Target, TargetKind } from "./target.ts";

/** How many names the line for people has. */
const mostNames = 10;

/** One request to a program. */
export interface TargetCall {
  /** The whole address. */
  readonly url: string;
  /** JSON; undefined: an empty body. */
  readonly body?: string;
  /** Statuses that mean it is done, besides 200 to 299. */
  readonly done: readonly number[];
  /** Statuses that mean it will never be, for this file alone. */
  readonly hopeless: readonly number[];
  /** The files it is for. */
  readonly files: readonly PublishedFile[];
}

/** What is read anew for files of a role; of files whose role nobody knows, everything. */
type Routes = Readonly<Partial<Record<Role, string>>>;

/** modules/api/api.py of A1111 and Forge; extensions-builtin/Lora (sd_forge_lora) for refresh-loras. */
const a1111: Routes = {
  checkpoint: "/sdapi/v1/refresh-checkpoints",
  diffusion: "/sdapi/v1/refresh-checkpoints",
  vae: "/sdapi/v1/refresh-vae",
  embedding: "/sdapi/v1/refresh-embeddings",
  lora: "/sdapi/v1/refresh-loras",
};

/** Forge lists text encoders beside VAEs. */
const forge: Routes = { ...a1111, textEncoder: "/sdapi/v1/refresh-vae" };

/** modules/api/api.py and modules/api/loras.py of SD.Next. */
const sdnext: Routes = {
  checkpoint: "/sdapi/v1/refresh-checkpoints",
  diffusion: "/sdapi/v1/refresh-unets",
  vae: "/sdapi/v1/refresh-vae",
  lora: "/sdapi/v1/refresh-loras",
};

const routes: Readonly<Partial<Record<TargetKind, Routes>>> = { a1111, forge, sdnext };

/** What InvokeAI can install. */
const installable: ReadonlySet<Role> = new Set<Role>([
  ...["checkpoint", "diffusion", "lora", "embedding", "controlnet", "vae", "textEncoder", "clipVision"] as const,
]);
const isModelFile = (path: string): boolean => /\.(?:safetensors|ckpt|pt|pth|bin|gguf)$/i.test(path);

function refreshes({ url }: Target, known: Routes, files: readonly PublishedFile[]): TargetCall[] {
  const byRoute = new Map<string, PublishedFile[]>();
  for (const file of files) {
    const { role } = file;
    const wanted = role === undefined ? Object.values(known) : known[role] === undefined ? [] : [known[role]];
    for (const route of new Set(wanted)) byRoute.set(route, [...byRoute.get(route) ?? [], file]);
  }
  return [...byRoute].map(([route, files]) => ({ url: `${url}${route}`, done: [], hopeless: [], files }));
}

/** routers/model_manager.py of InvokeAI, install_model: 409 is a model it has, 415 and 424 are files it cannot use. */
function installs({ url }: Target, files: readonly PublishedFile[]): TargetCall[] {
  const usable = files.filter(({ role, path }) => isModelFile(path) && (role === undefined || installable.has(role)));
  return usable.map((file) => ({
    url: `${url}/api/v2/models/install?${new URLSearchParams({ source: file.path, inplace: "true" })}`,
    body: "{}",
    done: [409],
    hopeless: [415, 424],
    files: [file],
  }));
}

/** What a webhook is told: one line for people, and every file. */
function news({ url }: Target, files: readonly PublishedFile[]): TargetCall {
  const names = files.slice(0, mostNames).map(({ path, bytes }) =>
    basename(path) + (bytes === undefined ? "" : ` (${formatBytes(bytes)})`)
  );
  const more = files.length > mostNames ? ["..."] : [];
  const head = files.length === 1 ? "1 file has come" : `${files.length} files have come`;
  const body = JSON.stringify({
    event: "published",
    text: `${head}: ${[...names, ...more].join(", ")}`,
    files: files.map(({ path, role = null, bytes = null, sha256 = null, reference = null }) => (
      { path, role, bytes, sha256, reference }
    )),
  });
  return { url, body, done: [], hopeless: [], files };
}

/**
 * What a program has to be asked so that it sees these files; nothing for ComfyUI, which looks at its folders itself. Pure.
 */
export function callsOf(target: Target, files: readonly PublishedFile[]): TargetCall[] {
  if (target.kind === "invokeai") return installs(target, files);
  if (target.kind === "webhook") return files.length === 0 ? [] : [news(target, files)];
  const known = routes[target.kind];
  return known === undefined ? [] : refreshes(target, known, files);
}
