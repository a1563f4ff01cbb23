import { assert } from "@std/assert";
import { peekJournal } from "../../transport/internal.ts";
import type { Span } from "../../transport/body/spans.ts";
import type { Origin } from "../_origin/mod.ts";

/** What a run that was killed has kept of a file: all of it, the spans its journal names, or nothing. */
export function keptOf(path: string): readonly Span[] {
  try {
    return [{ start: 0, end: Deno.statSync(path).size }];
  } catch {
    const journal = peekJournal(`${path}.part.json`);
    return typeof journal === "object" ? journal.spans : [];
  }
}

/**
 * Fails where one of these requests was answered with bytes that had been kept. Counting what was sent tells nothing: how
 * much of it is on its way when a process is killed is up to the machine.
 *
 * @param kept By the path of the request.
 */
export function assertGoesOn(log: Origin["log"], kept: ReadonlyMap<string, readonly Span[]>): void {
  for (const { path, answer } of log) {
    const [, first = 0, last = Infinity] = /^bytes (\d+)-(\d+)\//.exec(answer["Content-Range"] ?? "") ?? [];
    for (const { start, end } of kept.get(path) ?? []) {
      assert(
        Number(last) < start || Number(first) >= end,
        `${path}: ${first} to ${last}, and ${start} to ${end} was there`,
      );
    }
  }
}
