import { assertEquals, assertThrows } from "@std/assert";
import { contentAt, gguf } from "../../testing/mod.ts";

/** Reads a GGUF head as its specification has it, with no code of ours. */
function readHead(bytes: Uint8Array): { version: number; pairs: [string, string][]; tensors: unknown[]; at: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 4;
  const u32 = () => (at += 4, view.getUint32(at - 4, true));
  const u64 = () => (at += 8, Number(view.getBigUint64(at - 8, true)));
  const text = () => {
    const length = u64();
    at += length;
    return new TextDecoder().decode(bytes.subarray(at - length, at));
  };
  const version = u32();
  const tensorCount = u64();
  const pairCount = u64();
  const pairs = Array.from({ length: pairCount }, (): [string, string] => {
    const key = text();
    assertEquals(u32(), 8);
    return [key, text()];
  });
  const tensors = Array.from({ length: tensorCount }, () => {
    const name = text();
    const shape = Array.from({ length: u32() }, u64);
    return { name, shape, type: u32(), offset: u64() };
  });
  return { version, pairs, tensors, at: Math.ceil(at / 32) * 32 };
}

Deno.test("gguf() makes files that read back as the specification says", () => {
  const file = gguf({ seed: 3, dataBytes: 4096, tensors: ["a", "b"], metadata: { "general.name": "夜" } });
  const { version, pairs, tensors, at } = readHead(file.read(0, file.size));
  assertEquals([version, at + 4096], [3, file.size]);
  assertEquals(pairs, [["general.architecture", "flux"], ["general.name", "夜"]]);
  assertEquals(tensors, [
    { name: "a", shape: [512], type: 0, offset: 0 },
    { name: "b", shape: [512], type: 0, offset: 2048 },
  ]);
  assertEquals(file.read(at, 64), contentAt(3, 0, 64));
  assertThrows(() => gguf({ seed: 1, dataBytes: 5 }), RangeError, "dataBytes: 5");
});
