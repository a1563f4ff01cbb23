import type { Civitai, ResolvedFile } from "../api/mod.ts";
import type { TransferSource } from "../monitor/mod.ts";
import type { DiagnosticsOptions } from "../monitor/server/options.ts";
import type { Door } from "../monitor/server/access.ts";
import type { JobOptions } from "./queue/job.ts";
import type { JobQueue } from "./queue/job_queue.ts";
import type { SettingsPort } from "./settings_port.ts";

/** The limit that can be switched on for a while. */
export interface SlowMode {
  /** Whether it is on. */
  readonly isOn: boolean;
  /** What is let through then, in bytes a second. */
  readonly bytesPerSecond: number;
  /** Switches it. */
  set(isOn: boolean): void;
}

/** The limit of all downloads together. */
export interface RateLimit {
  /** What is let through now, in bytes a second; undefined: everything. */
  bytesPerSecond(): number | undefined;
  /** Sets it, until the service ends or it is set again. */
  set(bytesPerSecond: number | undefined): void;
}

/** What the service is made of: everything a page or a route may use. */
export interface Parts {
  /** The queue. */
  readonly queue: JobQueue;
  /** The API, through the service's own stack. */
  readonly api: Civitai;
  /** Where a file of a job would go, as an absolute path. */
  place(file: ResolvedFile, options: JobOptions): Promise<string>;
  /** The folders below which anything may be put, absolute. */
  roots(): readonly string[];
  /** The transfers of every process; undefined where they cannot be looked at. */
  readonly live?: TransferSource | undefined;
  /** The settings; undefined where whoever started the service keeps them to itself. */
  readonly settings?: SettingsPort | undefined;
  /** The limit of all downloads; undefined where nothing obeys it. */
  readonly limit?: RateLimit | undefined;
  /** Slow mode; undefined where nothing obeys it. */
  readonly slowMode?: SlowMode | undefined;
}

/** Options of {@linkcode service}. */
export interface ServiceOptions
  extends
    Parts,
    Omit<DiagnosticsOptions, "basePath" | "live" | "transfers" | "batch" | "hostname" | "allowedHosts" | "token"> {
  /** Address the service is going to listen on. Default `127.0.0.1`; another one makes `token` compulsory. */
  readonly hostname?: string;
  /** Further host names it is reached by. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** What opens it, 16 to 512 plain characters. Default: none. */
  readonly token?: string;
  /** What pages of other origins may ask. Default: nothing. */
  readonly doors?: readonly Door[];
  /** Whose pages may call aria2's interface at `/jsonrpc`, `token` in hand. Default: none. */
  readonly rpcOrigins?: readonly string[];
  /** What opens `/jsonrpc`, 16 to 512 plain characters. Default: `token`. */
  readonly rpcToken?: string | undefined;
}
