import type { Civitai } from "../api/mod.ts";
import type { TransferSource } from "../monitor/mod.ts";
import type { Transport } from "../transport/mod.ts";
import type { DiagnosticsOptions } from "../monitor/server/options.ts";
import type { Library } from "./library/mod.ts";
import type { Tidy } from "./library/tidy.ts";
import type { Pairing } from "./pairing/pairing.ts";
import type { JobQueue } from "./queue/job_queue.ts";
import type { ProjectPort } from "./project/mod.ts";
import type { Rates } from "./rates.ts";
import type { Previews } from "./preview/preview.ts";
import type { Search } from "./search/search.ts";
import type { TargetTeller } from "./targets/mod.ts";
import type { SettingsPort } from "./settings_port.ts";
import type { WatchPort } from "./watch/watch_port.ts";

/** The limit that can be switched on for a while. */
export interface SlowMode {
  /** Whether it is on. */
  readonly isOn: boolean;
  /** What is let through then, in bytes a second; Infinity: everything, at this time of the day. */
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

/** What was answered at the first start; what is missing stays as it is. */
export interface StartAnswer {
  /** Folder of the models. */
  readonly root?: string | undefined;
  /** Layout of the folders below it. */
  readonly layout?: string | undefined;
  /** The key of the API. */
  readonly key?: string | undefined;
}

/** What the service is made of: everything a page or a route may use. */
export interface Parts {
  /** The queue. */
  readonly queue: JobQueue;
  /** Whether the queue is that of several machines, whose workers are shown. Default: no. */
  readonly isShared?: boolean | undefined;
  /** The API, through the service's own stack. */
  readonly api: Civitai;
  /** The service's own stack, through which pages look at the site; undefined: they do not. */
  readonly transport?: Transport | undefined;
  /** Looks for models; undefined where there is no {@linkcode transport}. */
  readonly search?: Search | undefined;
  /** What is looked at before it is put into the queue. */
  readonly previews: Previews;
  /** The project of the folder the service was started in; undefined where there is none. */
  readonly project?: ProjectPort | undefined;
  /** Where files go when a job does not say: the root, absolute, the layout of folders below it, and folders of types. */
  where(): {
    readonly root: string;
    readonly layout?: string | undefined;
    readonly folders?: Readonly<Record<string, string>> | undefined;
  };
  /** What has to be told about the queue, in words: a damaged file that was set aside. Default: nothing. */
  readonly notice?: (() => string | undefined) | undefined;
  /** Rates of the last while. */
  readonly rates: Rates;
  /** The folders below which anything may be put, absolute. */
  roots(): readonly string[];
  /** The transfers of every process; undefined where they cannot be looked at. */
  readonly live?: TransferSource | undefined;
  /** What lies in the model folders; undefined where nobody looks. */
  readonly library?: Library | undefined;
  /** Organises the model folders, and keeps their trash; undefined where nobody does. */
  readonly tidy?: Tidy | undefined;
  /** The settings; undefined where whoever started the service keeps them to itself. */
  readonly settings?: SettingsPort | undefined;
  /** What lets scripts on pages of the site in; undefined where nothing does. */
  readonly pairing?: Pairing | undefined;
  /** What tells programs of new files; undefined where nothing does. */
  readonly targets?: Pick<TargetTeller, "list"> | undefined;
  /** The rules that watch the site; undefined where there are none. */
  readonly watch?: WatchPort | undefined;
  /** The limit of all downloads; undefined where nothing obeys it. */
  readonly limit?: RateLimit | undefined;
  /** Where a file with this SHA-256 lies already; undefined where nobody can say. Default: the library knows. */
  readonly find?: ((sha256: string) => Promise<string | undefined>) | undefined;
  /** Whether the first start still has to be answered. Default: no. */
  readonly isAsking?: (() => boolean) | undefined;
  /** Takes the answer of the first start. @throws {InputError} When one of them is refused. */
  readonly answerStart?: ((answer: StartAnswer) => Promise<void>) | undefined;
  /** Slow mode; undefined where nothing obeys it. */
  readonly slowMode?: SlowMode | undefined;
}

/** Options of {@linkcode service}. */
export interface ServiceOptions extends
  Omit<Parts, "rates" | "search" | "previews">,
  Omit<
    DiagnosticsOptions,
    "basePath" | "live" | "rules" | "transfers" | "batch" | "hostname" | "allowedHosts" | "trustedProxies" | "token"
  > {
  /** Address the service is going to listen on. Default `127.0.0.1`; another one makes `token` compulsory. */
  readonly hostname?: string;
  /** Further host names it is reached by. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** Reverse proxies whose X-Forwarded-For says who asks, by address or network. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** What opens it, 16 to 512 plain characters. Default: none. */
  readonly token?: string;
  /**
   * Whose pages may call aria2's interface at `/jsonrpc`, `token` in hand, or that of `pairing` where there is none.
   * Default: none.
   */
  readonly rpcOrigins?: readonly string[];
}
