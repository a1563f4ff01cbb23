import { hostname } from "node:os";
import type { QueueWorker } from "../../hub/queue/mod.ts";
import { isMarkHeld, markProcess, type ProcessMark, removeMark } from "../../monitor/stats/process_mark.ts";
import type { RedisClient } from "../open_redis.ts";

/** A worker of the fleet. */
export interface FleetWorker extends QueueWorker {
  /** The machine it is on, by its name in the network. */
  readonly machine: string;
  /** Until when what it has is its, in milliseconds since the epoch. */
  readonly untilMs: number;
  /** Whether it takes no more jobs and ends when those it has are done. */
  readonly isDraining: boolean;
}

/** How long a worker that fell silent is still shown, in milliseconds. */
const rememberedMs = 600_000;

/** Who works, by what each says of itself. */
export interface FleetWorkers {
  /** This one is here until then. */
  show(id: string, nowMs: number, untilMs: number): Promise<void>;
  /** All of them, without the number of their jobs. */
  all(nowMs: number): Promise<FleetWorker[]>;
  /** These take no more jobs. */
  drain(ids: readonly string[]): Promise<void>;
  /** Whether this one takes no more. */
  isDraining(id: string): Promise<boolean>;
  /** This one is gone. */
  forget(id: string): Promise<void>;
  /** Forgets who fell silent long ago. */
  tidy(workers: readonly FleetWorker[], nowMs: number): Promise<void>;
  /** Takes the marks of this process away. */
  close(): void;
}

/**
 * The workers of the fleet whose keys begin with `base`. One that holds no lock any more beside the file `marks` on this
 * machine is dead at once, of others only the time tells.
 */
export function fleetWorkers(client: RedisClient, base: string, marks: string | undefined): FleetWorkers {
  const own = new Map<string, ProcessMark>();
  const machine = hostname();
  const place = `${base}:workers`;
  const draining = `${base}:draining`;
  const startedMs = Math.round(performance.timeOrigin);
  const isDead = (id: string, where: string) =>
    marks !== undefined && where === machine && !own.has(id) && isMarkHeld(marks, id) === false;

  async function forget(id: string): Promise<void> {
    await client.pipeline().hdel(place, id).srem(draining, id).exec();
    if (marks !== undefined && !own.has(id)) removeMark(marks, id);
  }

  return {
    async show(id, nowMs, untilMs) {
      if (marks !== undefined && !own.has(id)) own.set(id, markProcess(marks, id));
      const said = { machine, pid: Deno.pid, startedMs, seenMs: nowMs, untilMs };
      await client.hset(place, id, JSON.stringify(said));
    },
    async all(nowMs) {
      const [known, ending] = await Promise.all([client.hgetall(place), client.smembers(draining)]);
      const said = Object.entries(known);
      const workers = said.map(([id, text]): FleetWorker => {
        const { machine, pid, startedMs, seenMs, untilMs } = JSON.parse(text);
        return {
          id,
          machine,
          pid,
          startedMs,
          seenMs,
          untilMs,
          isAlive: untilMs > nowMs && !isDead(id, machine),
          jobs: 0,
          isDraining: ending.includes(id),
        };
      });
      return workers.sort((one, other) => one.startedMs - other.startedMs || (one.id < other.id ? -1 : 1));
    },
    async drain(ids) {
      if (ids.length > 0) await client.sadd(draining, ...ids);
    },
    isDraining: async (id) => await client.sismember(draining, id) === 1,
    forget,
    async tidy(workers, nowMs) {
      for (const { id, untilMs } of workers) if (untilMs + rememberedMs < nowMs) await forget(id);
    },
    close() {
      for (const mark of own.values()) mark.release();
      own.clear();
    },
  };
}
