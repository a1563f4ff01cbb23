// The polynomial of CRC-32 (ISO 3309), bit-reversed: the highest bit stands for x^0.
const polynomial = 0xedb88320;

/** a * b modulo the polynomial, over GF(2). */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= b;
    b = b & 1 ? (b >>> 1) ^ polynomial : b >>> 1;
  }
  return product;
}

// x^(8 * 2^k): what 2^k zero bytes do to a checksum; enough of them for every length a number can hold
const powers: number[] = [0x00800000];
while (powers.length < 53) powers.push(multiply(powers.at(-1)!, powers.at(-1)!));

/**
 * The CRC-32 of two runs of bytes, one after the other, from the CRC-32 of each: a checksum is a remainder of
 * polynomials, so the first one moves up by the length of the second, and both are added.
 *
 * @param first CRC-32 of the first run.
 * @param second CRC-32 of the second run.
 * @param secondBytes Length of the second run in bytes.
 */
export function crc32Combine(first: number, second: number, secondBytes: number): number {
  let moved = first;
  let bit = 0;
  for (let length = secondBytes; length > 0; length = Math.floor(length / 2), bit++) {
    if (length % 2 === 1) moved = multiply(powers[bit]!, moved);
  }
  return (moved ^ second) >>> 0;
}
