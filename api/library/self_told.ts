import { readSafetensors } from "../disk/safetensors.ts";
import { Damaged } from "../disk/damaged.ts";
import { CivikitError } from "../../transport/mod.ts";
import { ByteReader } from "./byte_reader.ts";
import { ggufMark, ggufText, skipValue, textType } from "./gguf_damage.ts";
import type { SelfTold } from "./presumption.ts";

/** What the head of a model file says, and the hashes of its tensors that stand there. */
export interface Told extends SelfTold {
  /** SHA-256 of the tensors alone, upper case: what the site calls AutoV3 is its beginning. */
  tensorHashes: string[];
}

const nothing: Told = { title: null, base: null, tensorHashes: [] };

/** A word that says something; trainers write `None` where there is nothing to say. */
function wordOf(...texts: (string | undefined)[]): string | null {
  const found = texts.map((text) => text?.trim()).find((text) => text && !/^(?:none|null|unknown)$/i.test(text));
  return found?.slice(0, 300) ?? null;
}

function ofSafetensors(path: string): Told {
  const { metadata } = readSafetensors(path);
  const hashes = [metadata["sshs_model_hash"], metadata["modelspec.hash_sha256"]];
  return {
    title: wordOf(metadata["modelspec.title"], metadata["ss_output_name"]),
    base: wordOf(metadata["modelspec.architecture"], metadata["ss_base_model_version"]),
    tensorHashes: [
      ...new Set(hashes.flatMap((hash) => {
        const digits = hash?.replace(/^0x/i, "").toUpperCase() ?? "";
        return /^[0-9A-F]{64}$/.test(digits) ? [digits] : [];
      })),
    ],
  };
}

/** What is called `general.` comes first. */
const mostKeys = 64;

function ofGguf(path: string): Told {
  using reader = new ByteReader(path);
  if (reader.u32() !== ggufMark || ![2, 3].includes(reader.u32())) return nothing;
  reader.u64();
  const count = reader.u64();
  const texts: Record<string, string> = {};
  for (let index = 0; index < Math.min(count, mostKeys); index++) {
    const key = ggufText(reader);
    const type = reader.u32();
    if (type === textType && key.startsWith("general.")) texts[key] = ggufText(reader);
    else skipValue(reader, type);
  }
  return { ...nothing, title: wordOf(texts["general.name"]), base: wordOf(texts["general.architecture"]) };
}

/** Reads the head of a .safetensors or GGUF file and nothing else of it; of what cannot be read nothing is told. */
export function selfTold(path: string): Told {
  const ending = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  try {
    if (ending === "safetensors" || ending === "sft") return ofSafetensors(path);
    return ending === "gguf" ? ofGguf(path) : nothing;
  } catch (error) {
    if (error instanceof Damaged || error instanceof CivikitError) return nothing;
    throw error;
  }
}
