import type { Civitai, FetchFiles } from "../../api/mod.ts";
import type { Transport } from "../../transport/mod.ts";

/** What a library updates files with. */
export interface UpdateTools {
  /** Whom to ask. */
  readonly api: Pick<Civitai, "baseUrl" | "models" | "versions">;
  /** What fetches. */
  readonly transport: Transport;
  /** How. */
  readonly fetch: FetchFiles;
  /** Where a successor goes, and what is written beside it; asked at each update, as settings change. */
  settings(): {
    readonly layout?: string | undefined;
    readonly folders?: Readonly<Record<string, string>> | undefined;
    readonly sidecars: boolean;
    readonly concurrency: number;
  };
}
