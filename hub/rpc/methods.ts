import { version } from "../../transport/mod.ts";
import { addJobs } from "../add_jobs.ts";
import type { Parts } from "../parts.ts";
import { activeStates, endedStates, type Job, type JobState } from "../queue/job.ts";
import { gidOf, idOf } from "./gid.ts";
import { filesOf, type Status, statusOf, urisOf, wordOf } from "./job_status.ts";
import { addOptions, globalOptions, type Options, optionsOf, readRate } from "./rpc_options.ts";
import { RpcError } from "./rpc_error.ts";

/** What may be called: each takes its parameters without the token. */
export type Method = (parts: Parts, params: readonly unknown[]) => unknown;

/** The aria2 whose words are understood: clients look at this number before they use what is newer. */
const spoken = "1.36.0";

const waitingStates = ["waiting", "paused"] as const satisfies readonly JobState[];
/** The longest page the queue gives. */
const mostAtOnce = 1000;

const bad = (what: string) => new RpcError(what, -32602);

function text(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw bad(`${name}: a text is due`);
}

function whole(value: unknown, name: string): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw bad(`${name}: a whole number is due`);
}

function texts(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw bad(`${name}: a list of texts is due`);
}

function options(value: unknown): Options {
  if (value === undefined) return {};
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Options;
  throw bad("options: an object is due");
}

const keysOf = (value: unknown) => value === undefined ? undefined : texts(value, "keys");

const folderOf = ({ roots }: Parts) => roots()[0] ?? "";

async function jobOf({ queue }: Parts, gid: unknown): Promise<Job> {
  const job = await queue.get(idOf(text(gid, "gid")));
  if (job === undefined) throw new RpcError(`GID ${gid} is not found`);
  return job;
}

/** Jobs in these states, in the order of the queue, until `most` are there. */
async function listed({ queue }: Parts, states: readonly JobState[], most = Infinity, isReversed = false) {
  const jobs: Job[] = [];
  let after: string | undefined;
  do {
    const page = await queue.list({ states, limit: Math.min(most - jobs.length, mostAtOnce), after, isReversed });
    jobs.push(...page.jobs);
    after = page.next ?? undefined;
  } while (after !== undefined && jobs.length < most);
  return jobs;
}

/** A part of a list as aria2 counts: from -1 downwards it is counted, and told, from the end. */
const tell = (states: readonly JobState[]): Method => async (parts, [from, count, keys]) => {
  const offset = whole(from, "offset");
  const most = whole(count, "num");
  if (most < 1) return [];
  const isReversed = offset < 0;
  const skipped = isReversed ? -offset - 1 : offset;
  const jobs = await listed(parts, states, skipped + most, isReversed);
  return jobs.slice(skipped).map((job) => statusOf(job, folderOf(parts), keysOf(keys)));
};

type Wish = Parameters<Parts["queue"]["change"]>[1];

/** Asks something for one job; answers its GID. */
const wish = (action: Wish): Method => async (parts, [gid]) => {
  const { id } = await jobOf(parts, gid);
  await parts.queue.change(id, action);
  return gidOf(id);
};

/** Asks something for all jobs in these states. */
const wishAll = (states: readonly JobState[], action: Wish): Method => async ({ queue }) => {
  await queue.changeAll(states, action);
  return "OK";
};

/** Puts a job at a place among those that wait; resolves with the place it has then, from 0. */
async function place(parts: Parts, id: string, position: number, how: string): Promise<number> {
  const jobs = await listed(parts, waitingStates);
  const now = jobs.findIndex((job) => job.id === id);
  if (now === -1) throw new RpcError(`GID ${gidOf(id)} does not wait: only what waits has a position`);
  const others = jobs.filter((job) => job.id !== id);
  const asked = { POS_SET: position, POS_CUR: now + position, POS_END: others.length + position }[how];
  if (asked === undefined) throw bad(`how: POS_SET, POS_CUR or POS_END is due, not ${JSON.stringify(how)}`);
  const target = Math.min(Math.max(asked, 0), others.length);
  if (target === now || others.length === 0) return now;
  const next = others[target];
  await parts.queue.move(id, next === undefined ? { after: others.at(-1)!.id } : { before: next.id });
  return target;
}

async function addUri(parts: Parts, [uris, given, position]: readonly unknown[]): Promise<string> {
  // several are mirrors of one file: the first is what is wanted
  const [reference] = texts(uris, "uris");
  if (reference === undefined) throw bad("uris: none");
  const { isPaused, ...wanted } = addOptions(options(given), folderOf(parts));
  const [added] = await addJobs(parts, [reference], wanted);
  const { id, state } = added!.job;
  if (isPaused && state === "waiting") await parts.queue.change(id, "pause");
  if (position !== undefined) await place(parts, id, whole(position, "position"), "POS_SET");
  return gidOf(id);
}

async function removeResult(parts: Parts, [gid]: readonly unknown[]): Promise<string> {
  const { id, state } = await jobOf(parts, gid);
  if (!(endedStates as readonly JobState[]).includes(state)) throw new RpcError(`GID ${gid} is not over yet`);
  await parts.queue.change(id, "remove");
  return "OK";
}

async function globalStat(parts: Parts): Promise<Status> {
  const [counts, active] = await Promise.all([parts.queue.counts(), listed(parts, activeStates)]);
  const sum = (states: readonly JobState[]) => String(states.reduce((all, state) => all + counts[state], 0));
  return {
    downloadSpeed: String(Math.round(active.reduce((all, job) => all + job.bytesPerSecond, 0))),
    uploadSpeed: "0",
    numActive: sum(activeStates),
    numWaiting: sum(waitingStates),
    numStopped: sum(endedStates),
    numStoppedTotal: sum(endedStates),
  };
}

function changeGlobalOption({ limit }: Parts, [given]: readonly unknown[]): string {
  const { "max-overall-download-limit": rate, ...others } = options(given);
  const [other] = Object.keys(others);
  if (other !== undefined) throw bad(`option ${other}: set it with civikit config, or on the page of the settings`);
  if (rate === undefined) return "OK";
  if (limit === undefined) throw new RpcError("max-overall-download-limit: this service has no limit to change");
  limit.set(readRate(rate));
  return "OK";
}

function changeOption(_: Parts, [, given]: readonly unknown[]): string {
  const [name] = Object.keys(options(given));
  if (name !== undefined) throw bad(`option ${name}: what is in the queue keeps its options`);
  return "OK";
}

/** The methods of aria2 that have a meaning here, by the manual's names (aria2c(1), section RPC INTERFACE). */
export const methods: Readonly<Record<string, Method>> = {
  "aria2.addUri": addUri,
  "aria2.remove": wish("cancel"),
  "aria2.forceRemove": wish("cancel"),
  "aria2.pause": wish("pause"),
  "aria2.forcePause": wish("pause"),
  "aria2.pauseAll": wishAll(["waiting", ...activeStates], "pause"),
  "aria2.forcePauseAll": wishAll(["waiting", ...activeStates], "pause"),
  "aria2.unpause": wish("resume"),
  "aria2.unpauseAll": wishAll(["paused"], "resume"),
  "aria2.tellStatus": async (parts, [gid, keys]) => statusOf(await jobOf(parts, gid), folderOf(parts), keysOf(keys)),
  "aria2.tellActive": async (parts, [keys]) =>
    (await listed(parts, activeStates)).map((job) => statusOf(job, folderOf(parts), keysOf(keys))),
  "aria2.tellWaiting": tell(waitingStates),
  "aria2.tellStopped": tell(endedStates),
  "aria2.getUris": async (parts, [gid]) => urisOf(await jobOf(parts, gid)),
  "aria2.getFiles": async (parts, [gid]) => filesOf(await jobOf(parts, gid)),
  "aria2.getServers": async (parts, [gid]) => {
    const job = await jobOf(parts, gid);
    if (wordOf(job) !== "active") throw new RpcError(`GID ${gid} is not active`);
    const [{ uri } = {}] = urisOf(job);
    const downloadSpeed = String(Math.round(job.bytesPerSecond));
    return [{ index: "1", servers: [{ uri, currentUri: uri, downloadSpeed }] }];
  },
  "aria2.changePosition": async (parts, [gid, position, how]) =>
    await place(parts, (await jobOf(parts, gid)).id, whole(position, "pos"), text(how, "how")),
  "aria2.getOption": async (parts, [gid]) => optionsOf(await jobOf(parts, gid), folderOf(parts)),
  "aria2.changeOption": changeOption,
  "aria2.getGlobalOption": (parts) => globalOptions(folderOf(parts), parts.limit?.bytesPerSecond()),
  "aria2.changeGlobalOption": changeGlobalOption,
  "aria2.getGlobalStat": globalStat,
  "aria2.purgeDownloadResult": wishAll(endedStates, "remove"),
  "aria2.removeDownloadResult": removeResult,
  "aria2.getVersion": () => ({ version: spoken, enabledFeatures: ["HTTPS", "Message Digest"], civikit: version }),
  "aria2.getSessionInfo": () => ({ sessionId: session }),
  // the queue is on the disk before a call is answered
  "aria2.saveSession": () => "OK",
};

const session = crypto.randomUUID().replaceAll("-", "");
