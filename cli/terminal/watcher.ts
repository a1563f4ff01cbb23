import type { RunWatcher } from "../../hub/run/mod.ts";
import type { WantedFile } from "../../api/mod.ts";
import type { Item, Reporter } from "./reporter.ts";

/** Tells `reporter` how a run goes on, and adds up what came over the network. */
export function reporterWatcher(
  reporter: Reporter,
  itemOf: (file: WantedFile) => Item,
): RunWatcher & { readonly receivedBytes: number } {
  let sum = 0;
  return {
    get receivedBytes() {
      return sum;
    },
    started: (file) => reporter.start(itemOf(file)),
    progress(file, { totalBytes, ...progress }) {
      const item = itemOf(file);
      reporter.progress(item, { ...progress, totalBytes: totalBytes ?? item.totalBytes });
    },
    phase: (file, phase) => reporter.phase(itemOf(file), phase),
    connections: (file, connections) => reporter.connections(itemOf(file), connections),
    ended: (_, { receivedBytes }) => void (sum += receivedBytes),
  };
}
