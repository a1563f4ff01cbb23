import { createHash } from "node:crypto";
import { InputError } from "../../transport/mod.ts";
import {
  activeStates,
  type Job,
  type JobPage,
  type JobState,
  jobStates,
  type ListJobs,
  type Queued,
} from "../../hub/queue/mod.ts";
import type { CheckedWish, JobChange } from "../../hub/queue/engine.ts";
import type { RedisClient } from "../open_redis.ts";
import { writeBook } from "./book_script.ts";

/** The form jobs have in the book. A job of a later one is shown, and left to who understands it. */
export const jobVersion = 1;

/** A job as it stands in the book. */
export interface Entry {
  /** What people see. */
  readonly job: Job;
  /** What it is about, see `CheckedJob.subject`. */
  readonly subject: string;
  /** The form it has. */
  readonly version: number;
  /** How often a worker died or fell silent with it, without a new byte. */
  readonly stalls: number;
  /** Bytes that were there the last time. */
  readonly stalledBytes: number;
  /** Its revision; "" when it is new. */
  readonly was: string;
}

/** What is written of a job; `undefined`: it is removed. */
export interface Write {
  /** The job as it was read. */
  readonly entry: Entry;
  /** What it becomes. */
  readonly job: Job | undefined;
  /** How often it stalled. */
  readonly stalls?: number;
}

/** Where a job is to be handed out and is not yet. */
export const isReady = ({ job }: Entry, nowMs: number): boolean =>
  job.state === "waiting" && job.worker === null && (job.notBeforeMs ?? 0) <= nowMs;

const short = (key: string): string => createHash("sha256").update(key).digest("base64url").slice(0, 27);
const live: ReadonlySet<JobState> = new Set(["waiting", "paused", ...activeStates]);

function entryOf([json, was]: readonly (string | null)[]): Entry | undefined {
  if (json === null || json === undefined) return undefined;
  const { v: version, u: subject, n: stalls = 0, m: stalledBytes = 0, ...job } = JSON.parse(json);
  if (version <= jobVersion) return { job, subject, version, stalls, stalledBytes, was: was! };
  const message =
    `written by a newer civikit (form ${version}, known is ${jobVersion}): it is left to one that knows it`;
  return { job: { ...job, why: { code: "newer_format", message } }, subject, version, stalls, stalledBytes, was: was! };
}

function written({ entry, job, stalls }: Write): Record<string, unknown> {
  const { subject, was, version } = entry;
  const { id, key } = entry.job;
  const named = { id, key: short(key), subject, was };
  if (job === undefined) return { ...named, json: "", live: false };
  const count = stalls ?? entry.stalls;
  const bytes = stalls === undefined ? entry.stalledBytes : job.bytes;
  const isParked = job.state === "waiting" && job.worker === null && job.notBeforeMs !== null;
  return {
    ...named,
    json: JSON.stringify({ v: version, u: subject, ...(count > 0 && { n: count, m: bytes }), ...job }),
    state: job.state,
    worker: job.worker ?? "",
    position: job.position,
    live: live.has(job.state),
    ...(isParked && { parked: job.notBeforeMs }),
  };
}

/** The jobs of a fleet, with every index over them: what people see and wish. Who gets which one next it does not say. */
export interface Book {
  /** What all of its keys begin with. */
  readonly base: string;
  /** Takes `count` numbers nobody else gets; the first of them. */
  numbers(count: number): Promise<number>;
  /** Jobs by their ids; undefined where there is none. */
  read(ids: readonly string[]): Promise<(Entry | undefined)[]>;
  /** Jobs by their keys. */
  byKeys(keys: readonly string[]): Promise<(Entry | undefined)[]>;
  /** All of it or nothing. False: someone else was faster, and it is to be thought through anew. */
  write(writes: readonly Write[], wish?: CheckedWish): Promise<boolean>;
  /** What a wish named, undefined when it named nothing. */
  wished(wish: CheckedWish): Promise<string | undefined>;
  /** Changes one job as `change` says of it as it stands; undefined from it: nothing to do. */
  alter(id: string, change: (entry: Entry) => JobChange | undefined, nowMs: number): Promise<Entry | undefined>;
  /** A page. */
  list(which: ListJobs): Promise<JobPage>;
  /** How many in each state. */
  counts(): Promise<Record<JobState, number>>;
  /** Which of these subjects are still to be done. */
  queued(versions: readonly number[], models: readonly number[], urls: readonly string[]): Promise<Queued>;
  /** Ids of jobs in a state, in their order, `most` at most. */
  inState(state: JobState, most?: number): Promise<string[]>;
  /** Ids of what a worker has. */
  heldBy(worker: string): Promise<string[]>;
  /** Ids of jobs whose date has come. */
  due(nowMs: number, most: number): Promise<string[]>;
  /** Takes the dates of these away. */
  unpark(ids: readonly string[]): Promise<void>;
}

/** How long it is known what a wish named, in milliseconds. */
const keepWishesMs = 30 * 24 * 3_600_000;
/** How often a change is thought through anew because others were faster. */
const mostTries = 100;

/** Opens the book whose keys begin with `base`. */
export function openBook(client: RedisClient, base: string): Book {
  const at = (name: string) => `${base}:${name}`;

  async function read(ids: readonly string[]): Promise<(Entry | undefined)[]> {
    if (ids.length === 0) return [];
    const asked = client.pipeline();
    for (const id of ids) asked.hmget(at(`job:${id}`), "j", "r");
    const answers = await asked.exec() ?? [];
    return answers.map(([error, fields]) => {
      if (error) throw error;
      return entryOf(fields as (string | null)[]);
    });
  }

  async function write(writes: readonly Write[], wish?: CheckedWish): Promise<boolean> {
    const entries = JSON.stringify(writes.map(written));
    const answer = await client.eval(
      writeBook,
      ...[1, base, entries, wish?.key ?? "", wish?.digest ?? "", String(keepWishesMs)] as const,
    );
    return Number(answer) >= 0;
  }

  async function idsFrom(name: string, after: string, isReversed: boolean, limit: number): Promise<string[]> {
    const from = after === "" ? (isReversed ? "+inf" : "-inf") : `(${after}`;
    return isReversed
      ? await client.zrevrangebyscore(at(name), from, "-inf", "WITHSCORES", "LIMIT", 0, limit + 1)
      : await client.zrangebyscore(at(name), from, "+inf", "WITHSCORES", "LIMIT", 0, limit + 1);
  }

  return {
    base,
    async numbers(count) {
      return await client.incrby(at("number"), count) - count + 1;
    },
    read,
    async byKeys(keys) {
      if (keys.length === 0) return [];
      const ids = await client.hmget(at("keys"), ...keys.map(short));
      const found = await read(ids.map((id) => id ?? "none"));
      return found;
    },
    write,
    async wished({ key }) {
      return await client.get(at(`wish:${key}`)) ?? undefined;
    },
    async alter(id, change, nowMs) {
      for (let time = 0; time < mostTries; time++) {
        const [entry] = await read([id]);
        if (entry === undefined) return undefined;
        const changed = change(entry);
        if (changed === undefined) return entry;
        const job = { ...entry.job, ...changed, changedMs: nowMs };
        if (await write([{ entry, job }])) return { ...entry, job };
      }
      throw new Error(`changing job "${id}": others change it all the time`);
    },
    async list({ states = jobStates, after, limit = 100, isReversed = false }) {
      let start = "";
      if (after !== undefined) {
        const [, id, position] = /^(\d{1,15})@(\d{1,15})$/.exec(after) ?? [];
        if (id === undefined) {
          throw new InputError(`listing after ${JSON.stringify(after)}: not what an earlier page gave as next`, {
            ...{ code: "invalid_argument", input: after },
          });
        }
        const [known] = await read([id]);
        start = String(known?.job.position ?? position);
      }
      const isAll = jobStates.every((state) => states.includes(state));
      const names = isAll ? ["order"] : states.map((state) => `state:${state}`);
      const found = await Promise.all(
        names.map((name) => idsFrom(name, start, isReversed, limit)),
      );
      const places = found.flatMap((pairs) =>
        Array.from({ length: pairs.length / 2 }, (_, at) => [pairs[2 * at]!, Number(pairs[2 * at + 1])] as const)
      ).sort(([, one], [, other]) => isReversed ? other - one : one - other);
      const ids = places.slice(0, limit).map(([id]) => id);
      const jobs = (await read(ids)).flatMap((entry) => entry === undefined ? [] : [entry.job]);
      const last = places[limit - 1];
      return { jobs, next: places.length > limit && last ? `${last[0]}@${last[1]}` : null };
    },
    async counts() {
      const counts = await Promise.all(jobStates.map((state) => client.zcard(at(`state:${state}`))));
      return Object.fromEntries(jobStates.map((state, index) => [state, counts[index]!])) as Record<JobState, number>;
    },
    async queued(versions, models, urls) {
      const there = async <T extends number | string>(kind: string, all: readonly T[]): Promise<Set<T>> => {
        if (all.length === 0) return new Set();
        const known = await client.hmget(at("live"), ...all.map((id) => `${kind}:${id}`));
        return new Set(all.filter((_, index) => known[index] !== null));
      };
      const [ofVersions, ofModels, ofUrls] = await Promise.all([
        there("version", versions),
        there("model", models),
        there("url", urls),
      ]);
      return { versions: ofVersions, models: ofModels, urls: ofUrls };
    },
    inState: (state, most) => client.zrange(at(`state:${state}`), 0, String((most ?? 0) - 1)),
    heldBy: (worker) => client.smembers(at(`held:${worker}`)),
    due: (nowMs, most) => client.zrangebyscore(at("parked"), "-inf", nowMs, "LIMIT", 0, most),
    async unpark(ids) {
      if (ids.length > 0) await client.zrem(at("parked"), ...ids);
    },
  };
}
