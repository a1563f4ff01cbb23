import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (how: { readonly type: "major"; readonly execution: "async" }) => Promise<void>;

let collect: Collect | undefined;

/**
 * Gives back what bulky work has left. V8 collects when something is to be had, and keeps the room for the next time: a
 * service that idles from then on would never get round to it. It costs a pause of some ten milliseconds.
 */
export async function giveBackMemory(): Promise<void> {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as Collect;
    setFlagsFromString("--no-expose-gc");
  }
  await collect({ type: "major", execution: "async" });
}
