import type { WatchSettings } from "./run_watch.ts";
import type { WatchStore } from "./store.ts";

/** What the service knows of watching; whoever starts it fills this. */
export interface WatchPort {
  /** The rules. */
  readonly store: WatchStore;
  /** How rounds go, as the settings say now. */
  settings(): WatchSettings;
  /** Runs one rule now, whenever it is due; whoever asks does not wait for it. */
  runNow(id: string): void;
  /** Tells whoever looks at the rules that one was changed. */
  changed(id: string): void;
}
