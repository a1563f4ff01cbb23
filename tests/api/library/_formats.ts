/** Bytes of model files, as the programs that make them would write them. */
const encoder = new TextEncoder();

type Bytes = Uint8Array<ArrayBuffer>;

export function joined(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function numbers(width: 1 | 2 | 4 | 8, ...values: readonly number[]): Bytes {
  const view = new DataView(new ArrayBuffer(values.length * width));
  values.forEach((value, index) => {
    if (width === 8) view.setBigUint64(index * 8, BigInt(value), true);
    else if (width === 4) view.setUint32(index * 4, value, true);
    else if (width === 2) view.setUint16(index * 2, value, true);
    else view.setUint8(index, value);
  });
  return new Uint8Array(view.buffer);
}

const u32 = (...values: number[]) => numbers(4, ...values);
const u64 = (...values: number[]) => numbers(8, ...values);
const text = (value: string) => joined(u64(encoder.encode(value).length), encoder.encode(value));

/** A .safetensors file with one tensor of `bytes` bytes. */
export function safetensors(bytes = 400): Bytes {
  const header = encoder.encode(JSON.stringify({ w: { dtype: "U8", shape: [bytes], data_offsets: [0, bytes] } }));
  return joined(u64(header.length), header, new Uint8Array(bytes).fill(7));
}

/** Settings of {@linkcode gguf}. */
interface GgufOptions {
  version?: number;
  alignment?: number;
  /** The format's numbers and the lengths of the tensors, with the bytes each takes. */
  tensors?: readonly (readonly [type: number, length: number, bytes: number])[];
}

/** A GGUF file, with values of every kind. */
export function gguf(
  { version = 3, alignment, tensors = [[0, 100, 400], [2, 64, 36], [14, 256, 210]] }: GgufOptions = {},
): Bytes {
  const step = alignment ?? 32;
  const values = [
    joined(text("general.architecture"), u32(8), text("llama")),
    joined(text("a.byte"), u32(0), numbers(1, 5)),
    joined(text("a.number"), u32(6), u32(1)),
    joined(text("a.large.number"), u32(12), u64(1)),
    joined(text("tokenizer.tokens"), u32(9), u32(8), u64(3), text("a"), text("b".repeat(3000)), text("")),
    joined(text("tokenizer.scores"), u32(9), u32(6), u64(3), u32(1, 2, 3)),
    joined(text("lists"), u32(9), u32(9), u64(1), u32(4), u64(2), u32(1, 2)),
    ...(alignment === undefined ? [] : [joined(text("general.alignment"), u32(4), u32(alignment))]),
  ];
  let offset = 0;
  const infos = tensors.map(([type, length, bytes], index) => {
    const info = joined(text(`blk.${index}.weight`), u32(1), u64(length), u32(type), u64(offset));
    offset += Math.ceil(bytes / step) * step;
    return info;
  });
  const head = joined(encoder.encode("GGUF"), u32(version), u64(tensors.length, values.length), ...values, ...infos);
  const padding = new Uint8Array((step - head.length % step) % step);
  const last = tensors.at(-1)?.[2] ?? 0;
  const dataBytes = tensors.length === 0 ? 0 : offset - (step - last % step) % step;
  return joined(head, padding, new Uint8Array(dataBytes).fill(7));
}

/** A zip archive with one stored file, as PyTorch writes a .pt; `large` adds the records for archives beyond 4 GiB. */
export function zip({ large = false, comment = "" }: { large?: boolean; comment?: string } = {}): Bytes {
  const name = encoder.encode("archive/data.pkl");
  const body = new Uint8Array(500).fill(7);
  const common = joined(numbers(2, 0, 0, 0, 0), u32(0, body.length, body.length), numbers(2, name.length, 0));
  const local = joined(u32(0x04034b50), numbers(2, 20), common, name, body);
  const entry = joined(u32(0x02014b50), numbers(2, 20, 20), common, numbers(2, 0, 0, 0), u32(0, 0), name);
  const end64 = large
    ? joined(
      ...[u32(0x06064b50), u64(44), numbers(2, 45, 45), u32(0, 0), u64(1, 1, entry.length, local.length)],
      ...[u32(0x07064b50, 0), u64(local.length + entry.length), u32(1)],
    )
    : new Uint8Array(0);
  const most = 0xffffffff;
  const [length, start] = large ? [most, most] : [entry.length, local.length];
  const end = joined(u32(0x06054b50), numbers(2, 0, 0, large ? 0xffff : 1, large ? 0xffff : 1), u32(length!, start!));
  return joined(local, entry, end64, end, numbers(2, comment.length), encoder.encode(comment));
}
