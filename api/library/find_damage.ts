import { wrapDiskError } from "../../transport/internal.ts";
import { DiskError } from "../../transport/mod.ts";
import { Damaged } from "../disk/damaged.ts";
import { safetensorsProblem } from "../disk/safetensors.ts";
import { ByteReader } from "./byte_reader.ts";
import { ggufDamage } from "./gguf_damage.ts";
import { zipDamage } from "./zip_damage.ts";

/**
 * What is wrong with a model file by its own account: what .safetensors, GGUF and zip archives (.pt, .ckpt and others, as
 * PyTorch writes them) say of themselves is held against the size. Reads headers only. Undefined: nothing, or nothing
 * that could be told of such a file.
 *
 * @throws {DiskError} When it cannot be read.
 */
export function findDamage(path: string): string | undefined {
  const ending = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  try {
    if (ending === "safetensors" || ending === "sft") return safetensorsProblem(path);
    using reader = new ByteReader(path);
    if (reader.size === 0) return "it is empty";
    return ending === "gguf" ? ggufDamage(reader) : zipDamage(reader);
  } catch (error) {
    if (error instanceof Damaged) return error.message;
    throw wrapDiskError(error, path, "looking into");
  }
}

/** `problem` as an error: `action "path": problem`. */
export function damageError(action: string, path: string, problem: string): DiskError {
  return new DiskError(`${action} ${JSON.stringify(path)}: ${problem}`, {
    code: "invalid_file",
    reason: "model_damaged",
    path,
  });
}
