/**
 * What a server and a transport in one process share: the files, the faults, the log, and how a request becomes the plan
 * of an answer.
 *
 * @module
 */
import { emptyPlan, fileOf, filePlan, type FileSpec, modified } from "./answer.ts";
import { bend, disguise, type Plan, sayInstead } from "./bend.ts";
import { type Fault, isHit, type OriginFile, type Scene } from "./faults.ts";
import { type Link, type LinkOptions, links as makeLinks } from "./links.ts";

/** An answer that is not simply the file at the path. */
export type Reply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | { readonly file: OriginFile; readonly link?: Link };

/** One request, as it came and as it was answered. */
export interface LogEntry {
  /** Number of this request on the origin, from 1. */
  readonly request: number;
  /** Number of the connection, from 1; in one process every request has its own. */
  readonly connection: number;
  /** Number among the requests for this path, from 1. */
  readonly nth: number;
  /** Method, in upper case. */
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** Parameters of the query. */
  readonly query: URLSearchParams;
  /** The Range header. */
  readonly range: string | null;
  /** The If-Range header. */
  readonly ifRange: string | null;
  /** All headers. */
  readonly headers: Headers;
  /** Status of the answer; 0 while there is none. */
  status: number;
  /** Headers of the answer. */
  answer: Readonly<Record<string, string>>;
  /** Body bytes handed on so far, wrong ones included. After a reset fewer may have arrived. */
  bytes: number;
  /** True once nothing more will be sent for it. */
  isDone: boolean;
  /** Kinds of the faults that struck. */
  faults: string[];
}

/** What an origin serves, beside its faults. */
export interface OriginOptions {
  /** Files by path. */
  files?: Readonly<Record<string, FileSpec>>;
  /** Routes that hand out signed links which expire, by path. */
  links?: Readonly<Record<string, LinkOptions>>;
  /** Asked first, for anything the tables cannot say; undefined passes on. */
  route?: (scene: Scene, headers: Headers) => Reply | undefined | Promise<Reply | undefined>;
  /** Sees every request when nothing more will be sent for it. */
  onRequest?: (entry: LogEntry) => void;
}

/** A request on its way: its entry in the log, what is planned, and what ends it. */
export interface Answering {
  readonly entry: LogEntry;
  readonly plan: Plan;
  readonly link: Link | undefined;
}

/** The head of a request, from wherever it came. */
export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly connection: number;
}

/** Files, faults and log of one origin. */
export interface Desk {
  readonly log: LogEntry[];
  readonly files: Map<string, OriginFile>;
  readonly faults: Fault[];
  /** The most requests that were ever being answered at once. */
  peak(): number;
  /** Enters a request and plans its answer; `end` has to follow, whatever happens. */
  begin(asked: Asked): Promise<Answering>;
  /** The last bytes of the answer are about to go: for who asks next, this request is answered. */
  answered(entry: LogEntry): void;
  /** The request was entered but could not be planned, or is answered to its end. */
  end(entry: LogEntry): void;
  /** Resolves when no request is being answered. */
  idle(): Promise<void>;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Makes the desk of an origin. */
export function answering(
  faults: readonly Fault[],
  { files = {}, links = {}, route, onRequest = () => {} }: OriginOptions,
): Desk {
  const shelf = new Map(Object.entries(files).map(([path, spec]) => [path, fileOf(spec)]));
  const rules: Fault[] = faults.map((fault) => ({ ...fault }));
  const log: LogEntry[] = [];
  const counts = new Map<string, number>();
  const resolver = makeLinks(links, (path) => shelf.get(path));
  const waiting: (() => void)[] = [];
  // a client may ask again before the system says that the last bytes have gone
  const unanswered = new Set<LogEntry>();
  let active = 0;
  let peak = 0;

  /** Strikes a fault off once, if it is limited. */
  function use(rule: Fault, entry: LogEntry): void {
    if (rule.times !== undefined) rule.times--;
    entry.faults.push(rule.kind);
  }

  /** The file at the path as this request sees it: replaced, or under another ETag. */
  function seen(path: string, reply: Reply | undefined, scene: Scene, entry: LogEntry): OriginFile | undefined {
    let file = reply === undefined ? shelf.get(path) : "file" in reply ? reply.file : undefined;
    for (const rule of rules) {
      if (file === undefined || !isHit(rule, scene)) continue;
      if (rule.kind === "replace") {
        const fresh = fileOf({ seed: rule.seed, size: rule.size ?? file.content.size });
        const etag =
          { strong: fresh.etag, weak: `W/${fresh.etag}`, none: undefined, same: file.etag }[rule.etag ?? "strong"];
        const same = rule.etag === "same" ? file.lastModified : modified + 86_400_000;
        const next: OriginFile = {
          ...file,
          content: fresh.content,
          etag,
          lastModified: rule.etag === "none" ? undefined : same,
        };
        const path = [...shelf].find(([, old]) => old === file)?.[0] ?? scene.path;
        shelf.set(path, next);
        file = next;
        rule.times ??= 1; // a file that stays replaced needs no second stroke
        use(rule, entry);
      } else if (rule.kind === "validators") {
        file = disguise(file, rule, scene);
        use(rule, entry);
      }
    }
    return file;
  }

  async function planFor(scene: Scene, headers: Headers, entry: LogEntry): Promise<Answering> {
    const reply = await route?.(scene, headers) ?? resolver(scene);
    const file = seen(scene.path, reply, scene, entry);
    let plan = emptyPlan();
    if (file) plan = filePlan(file, scene.range, headers.get("if-range"));
    else if (reply && "status" in reply) sayInstead(plan, reply.status, reply.body ?? "", reply.headers);
    else sayInstead(plan, 404, `{"error":"nothing at ${scene.path}"}`);
    const full: Scene = { ...scene, size: file?.content.size ?? 0 };
    for (const rule of rules) if (isHit(rule, full) && bend(plan, rule, full)) use(rule, entry);
    return { entry, plan, link: reply && "link" in reply ? reply.link : undefined };
  }

  function end(entry: LogEntry): void {
    if (entry.isDone) return;
    entry.isDone = true;
    unanswered.delete(entry);
    onRequest(entry);
    if (--active === 0) { for (const resume of waiting.splice(0)) resume(); }
  }

  return {
    log,
    files: shelf,
    faults: rules,
    peak: () => peak,
    answered: (entry) => void unanswered.delete(entry),
    end,
    async begin({ method, target, headers, connection }) {
      const mark = target.indexOf("?");
      const path = decodePath(mark < 0 ? target : target.slice(0, mark));
      const query = new URLSearchParams(mark < 0 ? "" : target.slice(mark));
      const nth = (counts.get(path) ?? 0) + 1;
      const range = headers.get("range");
      counts.set(path, nth);
      const request = log.length + 1;
      const entry: LogEntry = {
        ...{ request, connection, nth, method, path, query, range, ifRange: headers.get("if-range"), headers },
        ...{ status: 0, answer: {}, bytes: 0, isDone: false, faults: [] },
      };
      log.push(entry);
      active++;
      peak = Math.max(peak, unanswered.add(entry).size);
      const from = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
      const scene: Scene = {
        ...{ method, target, path, query, nth, request, connection, range, from, size: 0 },
        active: unanswered.size,
      };
      try {
        return await planFor(scene, headers, entry);
      } catch (error) {
        end(entry);
        throw error;
      }
    },
    async idle() {
      if (active > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
