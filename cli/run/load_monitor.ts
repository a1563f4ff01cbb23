import { loadPart } from "../missing_part.ts";

const load = async () => await import("../../monitor/mod.ts" as string) as typeof import("../../monitor/mod.ts");

/** What keeps and reads numbers and logs; the path is hidden from Deno, which would read all of it for a help, too. */
export function loadMonitor(): Promise<typeof import("../../monitor/mod.ts")> {
  return loadPart(load);
}
