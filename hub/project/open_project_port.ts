import {
  addModel,
  adopt,
  applyUpdate,
  type Civitai,
  type FetchFiles,
  type HashCache,
  install,
  openProject,
  planUpdate,
  type Project,
  readApart,
  type UpdatePlan,
} from "../../api/mod.ts";
import { wantedKey } from "../../api/project/manifest.ts";
import type { Throttle, Transport } from "../../transport/mod.ts";
import type {
  Adoption,
  NewerVersion,
  ProjectOutcome,
  ProjectPort,
  ProjectTask,
  ProjectTrouble,
} from "./project_port.ts";
import { projectEntries } from "./project_view.ts";

/** What {@linkcode openProjectPort} is made of. */
export interface ProjectPortOptions {
  /** The project's folder. */
  readonly folder: string;
  /** Whom to ask. */
  readonly api: Civitai;
  /** What fetches. */
  readonly transport: Transport;
  /** Hashes of earlier runs. */
  readonly hashes: HashCache;
  /** How files are fetched. */
  readonly fetch: FetchFiles;
  /** Files at once. Default 3. */
  concurrency?(): number;
  /** Bounds how fast files are read to be hashed; asked at each task. Default: nothing does. */
  readonly throttle?: (() => Throttle | undefined) | undefined;
  /** Where the roots are kept that the user named. Default: nowhere. */
  readonly namedRoots?: string | undefined;
}

/** What a task found out; the rest of its outcome is nothing. */
type Found = Partial<Omit<ProjectOutcome, "kind">>;

function newerOf({ moves, stays }: UpdatePlan): Map<string, NewerVersion> {
  const newer = new Map<string, NewerVersion>();
  for (const { from, newest } of moves) {
    const { versionId, versionName: name } = newest!;
    newer.set(wantedKey(from), { versionId, name, stays: null });
  }
  for (const { wanted, newest, newer: [first], held: [there], reason } of stays) {
    const { versionId, versionName: name } = newest ?? first ?? there!;
    newer.set(wantedKey(wanted), { versionId, name, stays: reason });
  }
  return newer;
}

const troublesOf = ({ failures, stays }: UpdatePlan): ProjectTrouble[] => [
  ...failures.map(({ wanted, error }) => ({ subject: wanted.air, error })),
  ...stays.flatMap(({ wanted, reason, error }) =>
    reason === "failed" && error !== undefined ? [{ subject: wanted.air, error }] : []
  ),
];

/** Opens a project for the pages; nothing is read before it is asked for. */
export function openProjectPort(
  { folder, api, transport, hashes, fetch, concurrency = () => 3, throttle, namedRoots }: ProjectPortOptions,
): ProjectPort {
  let task: ProjectTask | null = null;
  let outcome: ProjectOutcome | null = null;
  let newer: ReadonlyMap<string, NewerVersion> | null = null;
  let adoption: Adoption | null = null;
  let running: Promise<void> = Promise.resolve();
  const stop = new AbortController();
  const { signal } = stop;
  const open = () => openProject(folder, { namedRoots });

  function begin(kind: ProjectTask["kind"], work: () => Promise<Found>): boolean {
    if (task !== null || signal.aborted) return false;
    task = { kind, done: 0, total: 0 };
    running = (async () => {
      let found: Found;
      try {
        found = await work();
      } catch (error) {
        found = { troubles: [{ subject: "", error: error instanceof Error ? error : new Error(String(error)) }] };
      }
      if (!signal.aborted) outcome = { kind, fetched: 0, moved: 0, removed: 0, troubles: [], ...found };
      task = null;
    })();
    return true;
  }

  /** Makes the folder what the lock file says, and tells how far it is. */
  async function installing(kind: ProjectTask["kind"], project: Project): Promise<Required<Omit<Found, "moved">>> {
    let done = 0;
    let total = 0;
    const tell = () => task = { kind, done, total };
    const { outcomes, failures, removed } = await install(project, api, transport, {
      ...{ cache: hashes, signal, fetch, concurrency: concurrency() },
      onPlan(files) {
        total = files.length;
        tell();
      },
      onOutcome({ state }) {
        if (state === "there") return;
        done++;
        tell();
      },
    });
    const troubles = [
      ...failures.map(({ wanted, error }) => ({ subject: wanted.air, error })),
      ...outcomes.flatMap(({ state, file, error }) =>
        state === "failed" ? [{ subject: file.path, error: error as Error }] : []
      ),
    ];
    return {
      fetched: outcomes.filter(({ state }) => state === "fetched").length,
      removed: removed.length,
      troubles,
    };
  }

  async function close(): Promise<void> {
    stop.abort(new DOMException("the service is closing", "AbortError"));
    await running;
  }

  return {
    folder,
    get task() {
      return task;
    },
    get outcome() {
      return outcome;
    },
    get newer() {
      return newer;
    },
    look() {
      const project = open();
      return { project, entries: projectEntries(project, hashes) };
    },
    async add(reference, file) {
      const { wanted, wasThere } = await addModel(open(), api, reference, { file, transport, signal });
      return { air: wanted.air, wasThere };
    },
    get adoption() {
      return adoption;
    },
    apart: () => readApart(open()),
    adopt: ({ isDry, isQuick: quick }) =>
      begin("adopt", async () => {
        const project = openProject(folder, { namedRoots, isDry });
        const { adopted, there, apart, failures } = await adopt(project, api, [], {
          ...{ cache: hashes, quick, signal, throttle: throttle?.() },
          onProgress: ({ done, total }) => task = { kind: "adopt", done, total },
        });
        adoption = {
          isDry,
          there: there.length,
          adopted: adopted.map(({ locked: { path, model, version, versionId }, proof }) => {
            return { path, model, version, versionId, proof };
          }),
          apart: apart.map(({ error: _, ...file }) => file),
        };
        return { troubles: failures.map((error) => ({ subject: "", error })) };
      }),
    install: () => begin("install", () => installing("install", open())),
    check: () =>
      begin("check", async () => {
        const plan = await planUpdate(open(), api, { signal });
        newer = newerOf(plan);
        return { troubles: troublesOf(plan) };
      }),
    update: (latest) =>
      begin("update", async () => {
        const project = open();
        const plan = await planUpdate(project, api, { latest, signal });
        applyUpdate(project, plan);
        newer = newerOf({ ...plan, moves: [] });
        const installed = await installing("update", project);
        return { ...installed, moved: plan.moves.length, troubles: [...troublesOf(plan), ...installed.troubles] };
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
