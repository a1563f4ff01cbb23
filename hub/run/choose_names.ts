import { join } from "node:path";
import { isOwnPart, isSameHash, suffixedName } from "../../transport/internal.ts";
import { digestFile, type Digests, DiskError, type HashName, hashNames } from "../../transport/mod.ts";

/** A file that will be downloaded and whose name may be that of another one too. */
export interface Unnamed {
  /** The name it has when it is alone. */
  readonly name: string;
  /** Tells it from others of that name, in every run alike. */
  readonly mark: string;
  /** Where it comes from. */
  readonly url: string;
  /** What it is verified with. */
  readonly hashes: Digests;
}

type Marked = Pick<Unnamed, "name" | "mark">;
const marked = ({ name, mark }: Marked, more = "") => suffixedName(name, `-${mark}${more}`);

/** `lantern.safetensors`, else `lantern-2002.safetensors`, else `lantern-2002-2.safetensors`: the first not in `taken`. */
export function freeName(file: Marked, taken: ReadonlySet<string>): string {
  let name = file.name;
  for (let number = 1; taken.has(name.toLowerCase()); number++) name = marked(file, number === 1 ? "" : `-${number}`);
  return name;
}

/** What a folder has under a name: nothing, this very file or its unfinished one, or something else. */
type Look = (name: string, file: Unnamed) => Promise<"free" | "own" | "other">;

function lookInto(folder: string, signal: AbortSignal): Look {
  const digests = new Map<string, Promise<Digests>>();
  // what cannot be read is another file; the download itself will say why
  const digestOf = (path: string, hash: HashName) =>
    digestFile(path, [hash], { signal }).catch((error): Digests => {
      if (error instanceof DiskError) return {};
      throw error;
    });
  return async function look(name, { url, hashes }) {
    const path = join(folder, name);
    const found = await Deno.stat(path).catch(() => undefined);
    if (found === undefined) {
      const isOwn = isOwnPart(path, url, { hashes });
      return isOwn === undefined ? "free" : isOwn ? "own" : "other";
    }
    const hash = hashNames.find((one) => hashes[one] !== undefined);
    if (!found.isFile || hash === undefined) return "other";
    const key = `${hash} ${path}`;
    if (!digests.has(key)) digests.set(key, digestOf(path, hash));
    const { [hash]: actual } = await digests.get(key)!;
    return actual !== undefined && isSameHash(hash, hashes[hash]!, actual) ? "own" : "other";
  };
}

/**
 * Names for `files` in `folder`, no two alike whatever the disk thinks of upper case. Of several files with one name, each
 * keeps the name under which an earlier run left it, finished or not; of the others the first keeps the name, if it is
 * free, and the rest have their mark in it. So the order in which they are asked for does not matter.
 *
 * @throws The signal's reason when it aborts.
 */
export async function chooseNames(files: readonly Unnamed[], folder: string, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  const taken = new Set<string>();
  const look = lookInto(folder, signal);
  const rivals = Map.groupBy(files, ({ name }) => name.toLowerCase());
  const isTaken = (name: string) => taken.has(name.toLowerCase());
  function take(index: number, name: string): void {
    names[index] = name;
    taken.add(name.toLowerCase());
  }

  const contested = new Set<Unnamed>();
  for (const [index, file] of files.entries()) {
    if (rivals.get(file.name.toLowerCase())!.length === 1 && await look(marked(file), file) === "free") continue;
    contested.add(file);
    for (const name of [file.name, marked(file)]) {
      if (names[index] !== undefined || isTaken(name) || await look(name, file) !== "own") continue;
      take(index, name);
    }
  }
  for (const [index, file] of files.entries()) {
    if (names[index] !== undefined) continue;
    const isAnothers = contested.has(file) && await look(file.name, file) === "other";
    take(index, freeName(file, isAnothers ? new Set([...taken, file.name.toLowerCase()]) : taken));
  }
  return names;
}
