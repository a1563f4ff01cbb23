import { hostname } from "node:os";
import type { QueueWorker } from "../../hub/queue/mod.ts";
import { workerMarks } from "../../hub/queue/engine.ts";
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
  /** Those this process has shown. */
  own(): string[];
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
 * The workers of the fleet whose keys begin with `base`. One that holds no lock any more beside the file `place` on this
 * machine is dead at once, of others only the time tells.
 */
export function fleetWorkers(client: RedisClient, base: string, place: string | undefined): FleetWorkers {
  const marks = workerMarks(place);
  const own = new Set<string>();
  const machine = hostname();
  const known = `${base}:workers`;
  const draining = `${base}:draining`;
  const startedMs = Math.round(performance.timeOrigin);
  const isDead = (id: string, where: string) => where === machine && marks.isAlive(id) === false;

  async function forget(id: string): Promise<void> {
    await client.pipeline().hdel(known, id).srem(draining, id).exec();
    marks.forget(id);
  }

  return {
    async show(id, nowMs, untilMs) {
      own.add(id);
      marks.show(id);
      const said = { machine, pid: Deno.pid, startedMs, seenMs: nowMs, untilMs };
      await client.hset(known, id, JSON.stringify(said));
    },
    async all(nowMs) {
      const [all, ending] = await Promise.all([client.hgetall(known), client.smembers(draining)]);
      const said = Object.entries(all);
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
    own: () => [...own],
    async drain(ids) {
      if (ids.length > 0) await client.sadd(draining, ...ids);
    },
    isDraining: async (id) => await client.sismember(draining, id) === 1,
    forget,
    async tidy(workers, nowMs) {
      for (const { id, untilMs } of workers) if (untilMs + rememberedMs < nowMs) await forget(id);
    },
    close: marks.close,
  };
}
