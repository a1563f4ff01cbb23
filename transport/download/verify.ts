import { closeSync, writeFileSync } from "node:fs";
import { VerificationError } from "../errors/errors.ts";
import { openFresh } from "./plain_file.ts";
import { type Digests, type HashName, hashNames } from "./digest.ts";

/** What a file's hashes say about it. */
export interface Verdict {
  /** Hashes that were wanted and agree. */
  readonly agreed: readonly HashName[];
  /** Hashes that were wanted and differ, the strongest first. */
  readonly differing: readonly HashName[];
}

/**
 * Tells whether a hash the API gave and one computed here are the same, in either case of letters. AutoV3 comes with 12
 * digits or with 64.
 *
 * @example
 * ```ts
 * console.log(isSameHash("AutoV2", "15e2b0d3c3", "15E2B0D3C3")); // true
 * ```
 */
export function isSameHash(name: HashName, one: string, other: string): boolean {
  const [short, long] = [one.trim().toUpperCase(), other.trim().toUpperCase()].sort((a, b) => a.length - b.length);
  return short === long || (name === "AutoV3" && short!.length === 12 && long!.startsWith(short!));
}

/** Compares what was wanted with what the bytes gave. A hash that cannot be had from this kind of file says nothing. */
export function compareDigests(wanted: Digests, actual: Digests): Verdict {
  const agreed: HashName[] = [];
  const differing: HashName[] = [];
  for (const name of hashNames) {
    const one = wanted[name];
    const other = actual[name];
    if (one === undefined || other === undefined) continue;
    (isSameHash(name, one, other) ? agreed : differing).push(name);
  }
  return { agreed, differing };
}

/** The first difference of a verdict, as an error that says which hash was wanted and which was got. */
export function mismatch(verdict: Verdict, wanted: Digests, actual: Digests, path: string): VerificationError {
  const algorithm = verdict.differing[0]!;
  const expected = wanted[algorithm]!;
  const got = actual[algorithm]!;
  const agreed = verdict.agreed.length === 0
    ? ""
    : ` (${verdict.agreed.join(", ")} agree: the promised hash may be wrong)`;
  return new VerificationError(
    `verifying ${JSON.stringify(path)}: ${algorithm} is ${got} and should be ${expected}${agreed}`,
    { code: "hash_mismatch", algorithm, expected, actual: got, path },
  );
}

/** Writes beside a rejected file what was wanted, what was got and where the bytes came from. */
export function writeReport(path: string, url: string, wanted: Digests, actual: Digests, verdict: Verdict): void {
  const report = {
    url,
    wanted,
    actual,
    agreed: verdict.agreed,
    differing: verdict.differing,
    at: new Date().toISOString(),
  };
  const file = openFresh(path);
  try {
    writeFileSync(file, JSON.stringify(report, null, 2) + "\n");
  } finally {
    closeSync(file);
  }
}
