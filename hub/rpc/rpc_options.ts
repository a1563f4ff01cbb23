import { isAbsolute, join } from "node:path";
import type { Job, JobOptions } from "../queue/job.ts";
import { RpcError } from "./rpc_error.ts";

/** Options as aria2's clients write them: texts. */
export type Options = Readonly<Record<string, unknown>>;

const powers = { "": 0, k: 1, m: 2 } as const;

/**
 * A rate as aria2 writes one: bytes a second, K and M by 1024; undefined for 0, which is no limit.
 *
 * @throws {RpcError} When it is none.
 */
export function readRate(value: unknown): number | undefined {
  const [, number, unit = ""] = /^(\d{1,12})([km]?)$/i.exec(String(value)) ?? [];
  if (number === undefined) {
    throw new RpcError(`max-overall-download-limit ${JSON.stringify(value)}: bytes a second are due, as 500K or 2M`);
  }
  const bytes = Number(number) * 1024 ** powers[unit.toLowerCase() as keyof typeof powers];
  return bytes === 0 ? undefined : bytes;
}

const isOn = (value: unknown) => value === true || value === "true";

/**
 * What the options of `aria2.addUri` mean here. Those about connections, headers and peers are passed over: clients send
 * them with everything, and the service knows better how to fetch.
 *
 * @param folder What a relative `dir` is below.
 * @throws {RpcError} When one cannot be obeyed that names what is to come out.
 */
export function addOptions(
  { dir, out, checksum, pause, gid }: Options,
  folder: string,
): JobOptions & { readonly isPaused: boolean } {
  if (gid !== undefined) throw new RpcError("option gid: the queue gives its own");
  for (const [name, value] of Object.entries({ dir, out, checksum })) {
    if (value !== undefined && typeof value !== "string") throw new RpcError(`option ${name}: a text is due`);
  }
  const [, digest] = /^sha-256=([\da-f]{64})$/i.exec(String(checksum ?? "")) ?? [];
  if (checksum !== undefined && digest === undefined) {
    throw new RpcError("option checksum: sha-256= and 64 hexadecimal digits are due");
  }
  return {
    ...(dir !== undefined && { dir: isAbsolute(String(dir)) ? String(dir) : join(folder, String(dir)) }),
    ...(out !== undefined && { output: String(out) }),
    ...(digest !== undefined && { sha256: digest }),
    isPaused: isOn(pause),
  };
}

/** The options of a job, as aria2 tells them. */
export function optionsOf({ options: { dir, root, output, sha256 }, state }: Job, folder: string): Options {
  return {
    dir: dir ?? root ?? folder,
    ...(output !== undefined && { out: output }),
    ...(sha256 !== undefined && { checksum: `sha-256=${sha256}` }),
    pause: String(state === "paused"),
  };
}

/** What holds for all downloads, as aria2 tells it. */
export function globalOptions(folder: string, bytesPerSecond: number | undefined): Options {
  return { dir: folder, "max-overall-download-limit": String(bytesPerSecond ?? 0), continue: "true" };
}
