import { assert, assertEquals, assertThrows } from "@std/assert";
import { readSafetensors } from "@civikit/civikit/api";
import { CivikitError } from "@civikit/civikit/transport";
import { loraTensors, safetensors } from "../../../testing/files/safetensors.ts";

function withFile(bytes: Uint8Array, work: (path: string) => void): void {
  const path = Deno.makeTempFileSync({ suffix: ".safetensors" });
  try {
    Deno.writeFileSync(path, bytes);
    work(path);
  } finally {
    Deno.removeSync(path);
  }
}

function made(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const codeOf = (bytes: Uint8Array) => {
  let code = "";
  withFile(bytes, (path) => void (code = assertThrows(() => readSafetensors(path), CivikitError).code));
  return code;
};

Deno.test("readSafetensors() reads metadata, tensors and sizes of a real file, and finds it sane", () => {
  const file = safetensors({
    seed: 1,
    dataBytes: 64 * 1024,
    tensors: loraTensors(4),
    metadata: { "modelspec.title": "T" },
  });
  withFile(file.read(0, file.size), (path) => {
    const { metadata, tensorCount, parameterCount, dtypes, problems, headerBytes, fileBytes } = readSafetensors(path);
    assertEquals(metadata, { format: "pt", "modelspec.title": "T" });
    assertEquals([tensorCount, dtypes, problems], [12, { F16: 12 }, []]);
    assertEquals([headerBytes, fileBytes, parameterCount], [file.headerBytes, file.size, 32 * 1024]);
  });
});

Deno.test("readSafetensors() tells a cut file, gaps, overlaps, extra bytes and impossible shapes", () => {
  const file = safetensors({ seed: 2, dataBytes: 4096 });
  withFile(
    file.read(0, file.size - 100),
    (path) => assert(readSafetensors(path).problems[0]!.includes("cut off: 100 of")),
  );
  const tensor = (from: number, to: number, shape = "[2]") =>
    `{"dtype":"F16","shape":${shape},"data_offsets":[${from},${to}]}`;
  const cases: [string, number, string][] = [
    [`{"a":${tensor(0, 4)},"b":${tensor(8, 12)}}`, 12, "begins at 8, due at 4"],
    [`{"a":${tensor(0, 4)},"b":${tensor(2, 6)}}`, 6, "begins at 2, due at 4"],
    [`{"a":${tensor(0, 4)}}`, 9, "5 bytes follow"],
    [`{"a":${tensor(0, 4, "[7,7]")}}`, 4, "do not hold 49"],
  ];
  for (const [header, dataBytes, word] of cases) {
    withFile(made(header, dataBytes), (path) => {
      const { problems } = readSafetensors(path);
      assert(problems.some((problem) => problem.includes(word)), problems.join());
    });
  }
});

Deno.test("readSafetensors() reads only the header, however large the file claims to be", () => {
  withFile(made(`{"a":{"dtype":"F16","shape":[549755813888],"data_offsets":[0,1099511627776]}}`, 10), (path) => {
    assertEquals(readSafetensors(path).parameterCount, 549755813888);
  });
});

Deno.test("readSafetensors() refuses what is no such file, with a code and never with a crash", () => {
  assertEquals(codeOf(new Uint8Array(0)), "invalid_file");
  assertEquals(codeOf(new TextEncoder().encode(`{"error":"Unauthorized","message":"log in"}`)), "invalid_file");
  assertEquals(codeOf(new TextEncoder().encode("PK\x03\x04 a zip file of some kind")), "invalid_file");
  assertEquals(codeOf(made("not json at all", 4)), "invalid_file");
  assertEquals(codeOf(made("[1,2,3]", 4)), "invalid_file");
  assertEquals(codeOf(made(`{"a":{"dtype":"F16"}}`, 4)), "invalid_file");
  assertEquals(codeOf(made(`{"__proto__":{"dtype":"F16","shape":[-1],"data_offsets":[0,0]}}`, 4)), "invalid_file");
  assertEquals(codeOf(made(`{"a":1}`, 100).subarray(0, 12)), "invalid_file");
  assertEquals(assertThrows(() => readSafetensors("/no/such/file"), CivikitError).code, "folder_missing");
});
