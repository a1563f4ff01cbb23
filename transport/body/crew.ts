import { type CivikitError, NetworkError } from "../errors/errors.ts";
import type { Clock } from "../clock.ts";
import type { Context } from "../transport.ts";
import type { Lane } from "./range_plan.ts";
import type { Span } from "./spans.ts";
import { ThreadLoad } from "./thread_load.ts";

/** One connection at work. */
export interface Connection extends Lane {
  readonly number: number;
  /** Drops the request or the body under way; what is left of the part goes back to the plan. */
  drop: ((reason: CivikitError) => void) | undefined;
  /** Bytes since the last measurement. */
  bytes: number;
  /** It waits for the sink: its silence is our own. */
  isHeld: boolean;
  /** When its present part was asked for, and at which measurement it last had brought bytes. */
  since: number;
  lastByte: number;
}

/** What a {@linkcode Crew} is told. */
export interface CrewOptions {
  /** Connections at most; asked again whenever one could be opened. */
  readonly parallel: () => number;
  /** No further connection is opened while each brings this much, in bytes per second. */
  readonly enoughBytesPerSecond: number;
  /** Longest silence of a connection in milliseconds. */
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  readonly context: Context;
}

/** How often rates are measured and the number of connections is reconsidered. */
const tickMs = 100;
/** A thread that is at work for more of the time reads no faster over further connections. */
const mostLoad = 0.7;
/** What of the rate that is enough counts as enough the first time: windows grow, and this program has only just begun. */
const firstShare = 0.5;
/** A connection this many times slower than the others' median is given up, in the hope of a better one. */
const laggardFactor = 5;
const laggardAfterMs = 1000;
const mostLaggards = 4;
/** How long a server's «not so many» is respected before one more connection is tried. */
const allowanceMs = 5000;

/** The connections of one job: how many there may be, what each brings, and which is given up. */
export class Crew {
  readonly #url: string;
  readonly #options: CrewOptions;
  readonly #grow: () => void;
  /** Those at work. */
  readonly connections: Set<Connection> = new Set<Connection>();
  /** Connections the server lets us have: lowered when it says so, raised again step by step. */
  #allowance = Infinity;
  #allowanceSince = 0;
  #numbers = 0;
  #laggards = 0;
  readonly #load: Pick<ThreadLoad, "share">;
  #isFirstTick = true;
  #cancelTick: () => void;

  /** Measures until it is stopped. `grow` opens connections while there is work and room for them. */
  constructor(url: string, options: CrewOptions, grow: () => void, load: Pick<ThreadLoad, "share"> = new ThreadLoad()) {
    this.#url = url;
    this.#load = load;
    this.#options = options;
    this.#grow = grow;
    this.#cancelTick = options.clock.after(tickMs, () => this.#tick());
  }

  /** How many connections more there may be; below 0 when there are too many. */
  get room(): number {
    return Math.max(1, Math.min(this.#options.parallel(), this.#allowance)) - this.connections.size;
  }

  /** A connection more, for a part. */
  add({ start: at, end }: Span): Connection {
    const now = this.#options.clock.now();
    const number = ++this.#numbers;
    const lane = { at, end, rate: undefined };
    const connection: Connection = {
      ...lane,
      number,
      drop: undefined,
      bytes: 0,
      isHeld: false,
      since: now,
      lastByte: now,
    };
    this.connections.add(connection);
    return connection;
  }

  /** The next part for a connection. */
  assign(connection: Connection, { start, end }: Span): void {
    connection.at = start;
    connection.end = end;
    connection.since = connection.lastByte = this.#options.clock.now();
  }

  /** The server wants fewer connections: one of them ends, and the others are enough for a while. */
  lower(reason: string): void {
    const { clock, context } = this.#options;
    this.#allowance = this.connections.size - 1;
    this.#allowanceSince = clock.now();
    context.report({ type: "connections", url: this.#url, connections: this.#allowance, reason });
  }

  /** Drops what all connections, but for one, are about. */
  drop(state: string, except?: Connection): void {
    const reason = new NetworkError(`reading "${this.#url}": ${state}`, { code: "network_error", url: this.#url });
    for (const connection of this.connections) if (connection !== except) connection.drop?.(reason);
  }

  /** Ends the measuring. */
  stop(): void {
    this.#cancelTick();
  }

  #tick(): void {
    const { clock, context, parallel, enoughBytesPerSecond } = this.#options;
    this.#cancelTick = clock.after(tickMs, () => this.#tick());
    const now = clock.now();
    const measured = this.#measure(now);
    const had = this.connections.size;
    if (this.#laggards < mostLaggards && had > 1) this.#dropLaggard(now);
    if (this.#allowance !== Infinity && now - this.#allowanceSince > allowanceMs) {
      this.#allowanceSince = now;
      if (++this.#allowance >= parallel()) this.#allowance = Infinity;
    }
    const load = this.#load.share();
    const enough = this.#isFirstTick ? enoughBytesPerSecond * firstShare : enoughBytesPerSecond;
    this.#isFirstTick = false;
    if (had > 0 && (measured / had >= enough || load > mostLoad)) return;
    this.#grow();
    const has = this.connections.size;
    if (has > had) context.report({ type: "connections", url: this.#url, connections: has, reason: "there is room" });
  }

  /** Bytes per second in all; drops what brings none. */
  #measure(now: number): number {
    const { idleTimeoutMs } = this.#options;
    let measured = 0;
    for (const connection of this.connections) {
      // here and not at every read: there are thousands of them
      if (connection.bytes > 0) connection.lastByte = now;
      const rate = connection.bytes * 1000 / tickMs;
      connection.bytes = 0;
      connection.rate = connection.rate === undefined ? rate : connection.rate * 0.7 + rate * 0.3;
      measured += rate;
      if (now - connection.lastByte > idleTimeoutMs && !connection.isHeld) {
        this.#dropIdle(connection, `no byte for ${idleTimeoutMs} ms`);
      }
    }
    return measured;
  }

  /** Gives up a connection that stands still or crawls while the others run. */
  #dropLaggard(now: number): void {
    const connections = [...this.connections];
    // where the sink holds connections back, rates say nothing about them
    if (connections.some(({ isHeld }) => isHeld)) return;
    const rates = connections.map(({ rate = 0 }) => rate).sort((a, b) => a - b);
    const median = rates[rates.length >> 1]!;
    const laggard = connections.find(({ since, rate = 0, drop }) =>
      now - since >= laggardAfterMs && rate * laggardFactor < median && drop !== undefined
    );
    if (laggard === undefined) return;
    this.#laggards++;
    this.#dropIdle(laggard, "far slower than the other parts");
  }

  #dropIdle(connection: Connection, state: string): void {
    connection.drop?.(new NetworkError(`reading "${this.#url}": ${state}`, { code: "idle_timeout", url: this.#url }));
  }
}
