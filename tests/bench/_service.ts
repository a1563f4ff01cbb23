/**
 * `civikit serve` in a process of its own, over a queue and a library as people have them after a year.
 *
 * @module
 */
import { join } from "node:path";
import { hashCache } from "../../api/mod.ts";
import { type JobQueue, sqliteQueue } from "../../hub/queue/mod.ts";
import { registryFlags } from "../../tools/registry.ts";
import { root } from "./_bench.ts";

/** A folder with everything a service keeps. */
export interface ServicePlace {
  readonly folder: string;
  readonly models: string;
  /** The environment in which commands have their files there. */
  readonly env: Readonly<Record<string, string>>;
  /** The queue, as another process has it. */
  openQueue(): JobQueue;
}

/** A service that runs. */
export interface RunningService extends AsyncDisposable {
  readonly url: string;
  /** Asks the API. */
  ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** Resident memory in bytes; NaN where the system does not tell. */
  memoryBytes(): number;
  /** Time of processors used so far, in milliseconds; NaN where the system does not tell. */
  processorMs(): number;
}

const placeIn = (folder: string, baseUrl: string): ServicePlace => ({
  folder,
  models: join(folder, "models"),
  env: {
    ...{ CIVIKIT_BASE_URL: baseUrl, CIVIKIT_STATE_DIR: join(folder, "state"), CIVIKIT_ROOT: join(folder, "models") },
    ...{ HOME: folder, XDG_CONFIG_HOME: join(folder, "config"), XDG_CACHE_HOME: join(folder, "cache") },
    // what Deno has compiled is there from the second start on, as it is for everybody
    ...{ DENO_DIR: join(root, ".tmp", "deno_dir"), NO_COLOR: "1", CIVIKIT_LANG: "en" },
  },
  openQueue: () => sqliteQueue(join(folder, "state", "queue.sqlite"), { site: { baseUrl } }),
});

/** Two thirds of the jobs done, some failed, the others paused: a service over them has nothing to do. */
async function fillQueue({ models, openQueue }: ServicePlace, jobs: number): Promise<void> {
  await using queue = openQueue();
  await queue.add(
    Array.from({ length: jobs }, (_, index) => ({ reference: `civitai:${index + 1}@${index + 100_001}` })),
  );
  for (let left = Math.floor(jobs * 2 / 3); left > 0;) {
    const leased = await queue.lease("bench", Math.min(left, 1000), 60_000);
    for (const { id } of leased) {
      const isLost = Number(id) % 50 === 0;
      await queue.finish(
        "bench",
        id,
        isLost
          ? { state: "failed", code: "not_found", why: { code: "not_found", status: 404, message: "GET: 404" } }
          : { state: "done", verdict: "verified", path: join(models, `model${id}.safetensors`), bytes: 228_000_000 },
      );
    }
    left -= leased.length;
  }
  await queue.changeAll(["waiting"], "pause");
}

/** Files of the size of a word, and everything that is known of them. */
function fillLibrary({ models, env }: ServicePlace, rows: number): void {
  using hashes = hashCache(join(env["XDG_CACHE_HOME"]!, "civikit", "hashes.sqlite"));
  const bases = ["SD 1.5", "SDXL 1.0", "Pony", "Illustrious", "Flux.1 D"];
  const files = Array.from({ length: rows }, (_, index) => {
    const folder = join(models, `creator${index - index % 100}`);
    if (index % 100 === 0) Deno.mkdirSync(folder, { recursive: true });
    const path = join(folder, `a_model_with_a_usual_name_${index}_v${index % 7}.safetensors`);
    Deno.writeTextFileSync(path, String(index));
    return { path, mtimeMs: Math.trunc(Deno.statSync(path).mtime!.getTime()), bytes: String(index).length };
  });
  hashes.together(() => {
    for (const [index, file] of files.entries()) {
      const sha256 = index.toString(16).toUpperCase().padStart(64, "0123456789ABCDEF");
      hashes.keep({ ...file, sha256, problem: null, provedMs: 1 });
      // one in twenty is nothing the site knows
      const identity = index % 20 === 0 ? null : {
        ...{ modelId: index + 1, versionId: index + 500_001, fileId: index + 900_001, modelName: `A model ${index}` },
        ...{ versionName: `v${index % 7}`, modelType: "LORA", baseModel: bases[index % bases.length]! },
        fileName: `model_${index}.safetensors`,
      };
      hashes.keepAsked(sha256, { identity, askedAt: Date.now() });
    }
  });
}

/** Makes the files of a service that has seen this many jobs and models. */
export async function fillService(
  folder: string,
  baseUrl: string,
  { jobs, rows }: { readonly jobs: number; readonly rows: number },
): Promise<ServicePlace> {
  const place = placeIn(folder, baseUrl);
  Deno.mkdirSync(place.models, { recursive: true });
  await fillQueue(place, jobs);
  fillLibrary(place, rows);
  return place;
}

/** The command line of civikit from this checkout. */
export async function civikitWords(...args: string[]): Promise<string[]> {
  const main = join(root, "cli", "main.ts");
  return ["run", "-A", "--quiet", "--no-check", ...await registryFlags(root), main, ...args];
}

function numbersOf(pid: number): Pick<RunningService, "memoryBytes" | "processorMs"> {
  const read = (name: string, take: (text: string) => number) => {
    try {
      return take(Deno.readTextFileSync(`/proc/${pid}/${name}`));
    } catch {
      return NaN;
    }
  };
  return {
    memoryBytes: () => read("status", (text) => Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) * 1024),
    // behind the name, which may hold anything: fields 14 and 15, in hundredths of a second
    processorMs: () =>
      read("stat", (text) => {
        const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
        return (Number(fields[11]) + Number(fields[12])) * 10;
      }),
  };
}

/** Starts `civikit serve` there. */
export async function startService({ folder, env }: ServicePlace, ...more: string[]): Promise<RunningService> {
  const args = await civikitWords("serve", "--port", "0", ...more);
  const child = new Deno.Command(Deno.execPath(), {
    args,
    env: { ...env },
    cwd: folder,
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const url = (await reader.read()).value?.trim().replace(/\/$/, "") ?? "";
  return {
    ...{ url, ...numbersOf(child.pid) },
    async ask(method, path, body) {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return await response.json();
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await reader.cancel();
    },
  };
}
