import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { findDamage } from "../../../api/library/find_damage.ts";
import { damageWords } from "../../../hub/run/damage_words.ts";

/** A .safetensors file with this header and so many bytes of data. */
function tensors(header: unknown, dataBytes: number): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const one = (end: number, shape = [4]) => ({ "a: b": { dtype: "F16", shape, data_offsets: [0, end] } });

Deno.test("damageWords() says in Chinese whatever is found in damaged files, and leaves the rest", async () => {
  const folder = await Deno.makeTempDir();
  const found = (name: string, bytes: Uint8Array<ArrayBuffer>) => {
    Deno.writeFileSync(join(folder, name), bytes);
    return findDamage(join(folder, name));
  };
  const texts = new TextEncoder();
  const problems = [
    found("a.safetensors", new Uint8Array(3)),
    found("b.safetensors", tensors(one(8), 4)),
    found("c.safetensors", tensors(one(8), 12)),
    found("d.safetensors", tensors(one(6), 6)),
    found("e.safetensors", tensors(one(8), 8).subarray(0, 30)),
    found("f.safetensors", tensors("no json here", 8)),
    found("g.safetensors", tensors({ x: 1 }, 8)),
    found("h.safetensors", new Uint8Array(100)),
    found("i.gguf", texts.encode("GGML and more bytes than that")),
    found("j.gguf", new Uint8Array()),
    found("k.pt", texts.encode("PK\x03\x04 and nothing else that a zip has")),
  ];
  for (const problem of problems) {
    assert(problem !== undefined);
    const said = damageWords(problem, "zh-TW");
    assert(/\p{Script=Han}/u.test(said) && !/[a-z]{4,} [a-z]{2,}/.test(said), `${problem} => ${said}`);
    assertEquals(damageWords(problem, "en"), problem);
  }
  assertEquals(damageWords("something else", "zh-TW"), "something else");
  await Deno.remove(folder, { recursive: true });
});
