import type { RunWatcher } from "../../hub/run/mod.ts";
import type { Item, Reporter } from "./reporter.ts";

/** Tells `reporter` how a run goes on, and adds up what came over the network. */
export function reporterWatcher(
  reporter: Reporter,
  itemOf: (name: string) => Item,
): RunWatcher & { readonly receivedBytes: number } {
  let sum = 0;
  return {
    get receivedBytes() {
      return sum;
    },
    started: ({ name }) => reporter.start(itemOf(name)),
    progress({ name }, { totalBytes, ...progress }) {
      const item = itemOf(name);
      reporter.progress(item, { ...progress, totalBytes: totalBytes ?? item.totalBytes });
    },
    phase: ({ name }, phase) => reporter.phase(itemOf(name), phase),
    connections: ({ name }, connections) => reporter.connections(itemOf(name), connections),
    ended: (_, { receivedBytes }) => void (sum += receivedBytes),
  };
}
