import { basename } from "node:path";
import type { Role } from "../../api/layout/role.ts";
import type { PublishedFile } from "../run/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import { type Failure, type FailureEvent, failureEvents, isFailure, type News } from "./news.ts";
import type { Target, TargetKind } from "./target.ts";

/** How many names the line for people has. */
const mostNames = 10;
/** Of how many things a webhook hears at once: many a server takes no body over 1 MB. */
const mostTogether = 500;

/** One request to a program. */
export interface TargetCall {
  /** The whole address. */
  readonly url: string;
  /** JSON; undefined: an empty body. */
  readonly body?: string;
  /** Statuses that mean it is done, besides 200 to 299. */
  readonly done: readonly number[];
  /** What it tells. */
  readonly news: readonly News[];
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
  return [...byRoute].map(([route, files]) => ({ url: `${url}${route}`, done: [], news: files }));
}

/** routers/model_manager.py of InvokeAI, install_model: 409 is a model it has. */
function installs({ url }: Target, files: readonly PublishedFile[]): TargetCall[] {
  const usable = files.filter(({ role, path }) => isModelFile(path) && (role === undefined || installable.has(role)));
  return usable.map((file) => ({
    url: `${url}/api/v2/models/install?${new URLSearchParams({ source: file.path, inplace: "true" })}`,
    body: "{}",
    done: [409],
    news: [file],
  }));
}

function filesOf(news: readonly News[]): PublishedFile[] {
  return news.filter((one): one is PublishedFile => !isFailure(one));
}

/** The first names, with what is said of each. */
function listed(names: readonly string[]): string {
  return [...names.slice(0, mostNames), ...(names.length > mostNames ? ["..."] : [])].join(", ");
}

function published(files: readonly PublishedFile[]) {
  const names = files.map(({ path, bytes }) =>
    basename(path) + (bytes === undefined ? "" : ` (${formatBytes(bytes)})`)
  );
  const head = files.length === 1 ? "1 file has come" : `${files.length} files have come`;
  return {
    event: "published",
    text: `${head}: ${listed(names)}`,
    files: files.map(({ path, role = null, bytes = null, sha256 = null, reference = null }) => (
      { path, role, bytes, sha256, reference }
    )),
  };
}

const heads: Readonly<Record<FailureEvent, readonly [one: string, many: string]>> = {
  job_failed: ["job has failed", "jobs have failed"],
  work_blocked: ["job cannot go on", "jobs cannot go on"],
  rule_failed: ["rule has failed", "rules have failed"],
};

function failed(event: FailureEvent, failures: readonly Failure[]) {
  const head = heads[event][failures.length === 1 ? 0 : 1];
  return {
    event,
    text: `${failures.length} ${head}: ${listed(failures.map(({ name, why }) => `${name} (${why.code})`))}`,
    failures: failures.map(({ id, name, reference, why, atMs }) => {
      const { code, status = null, reason = null, message = null, untilMs = null } = why;
      return { id, name, reference, code, status, reason, message, untilMs, atMs };
    }),
  };
}

/** What a webhook is told: requests for each kind of news, with one line for people and all of it. */
function hooks({ url }: Target, news: readonly News[]): TargetCall[] {
  function calls<Kind extends News>(news: readonly Kind[], bodyOf: (news: readonly Kind[]) => unknown): TargetCall[] {
    const parts = Array.from({ length: Math.ceil(news.length / mostTogether) }, (_, index) => {
      return news.slice(index * mostTogether, (index + 1) * mostTogether);
    });
    return parts.map((news) => ({ url, body: JSON.stringify(bodyOf(news)), done: [], news }));
  }
  const failures = news.filter(isFailure);
  return [
    ...calls(filesOf(news), published),
    ...failureEvents.flatMap((event) => {
      return calls(failures.filter((failure) => failure.event === event), (these) => failed(event, these));
    }),
  ];
}

/**
 * What a program has to be asked so that it knows these news. Of failures only a webhook is told; ComfyUI, which looks at
 * its folders itself, of nothing. Pure.
 */
export function callsOf(target: Target, news: readonly News[]): TargetCall[] {
  if (target.kind === "webhook") return hooks(target, news);
  const files = filesOf(news);
  if (target.kind === "invokeai") return installs(target, files);
  const known = routes[target.kind];
  return known === undefined ? [] : refreshes(target, known, files);
}
