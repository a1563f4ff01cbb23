import type { ScanProgress } from "../../api/mod.ts";
import type { ScanText } from "../texts/library.ts";
import { readingOf } from "./reading.ts";

/** How far a scan is, in words. */
export function scanProgress({ phase, done, total }: ScanProgress, elapsedMs: number, text: ScanText): string {
  if (phase === "hashing") return text.hashing(readingOf(done, total, elapsedMs));
  return phase === "asking" ? text.asking(done, total) : text.presuming(done, total);
}
