import { deflateSync } from "node:zlib";
import { bytesOf, pngChunk, u32 } from "./pictures.ts";

const [width, height] = [64, 96];

type Colour = readonly [red: number, green: number, blue: number];

/** A colour by its hue in turns, its saturation and its lightness, both from 0 to 1. */
function colourOf(hue: number, saturation: number, lightness: number): Colour {
  const channel = (offset: number) => {
    const at = (offset + hue * 12) % 12;
    const reach = saturation * Math.min(lightness, 1 - lightness);
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

/**
 * A small PNG of hills under a sky, in colours that a number decides: something to look at where pictures of models are
 * shown. The same number gives the same bytes.
 *
 * @param chunks What stands before the pixels, such as text chunks.
 */
export function landscape(seed: number, chunks: readonly Uint8Array[] = []): Uint8Array<ArrayBuffer> {
  const turn = (seed * 0.381966) % 1;
  const [sunX, sunY] = [12 + (seed * 29) % 40, 20 + (seed * 13) % 16];
  const hill = (x: number, layer: number) =>
    height * (0.55 + 0.16 * layer) + 7 * Math.sin(x / (7 + 3 * layer) + seed * (layer + 1.3));
  const rows = new Uint8Array((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const layers = [0, 1, 2].filter((layer) => y > hill(x, layer)).length;
      const isSun = (x - sunX) ** 2 + (y - sunY) ** 2 < 70;
      const colour = layers > 0
        ? colourOf(turn + 0.45, 0.45, 0.5 - 0.13 * layers)
        : isSun
        ? colourOf(turn + 0.1, 0.9, 0.85)
        : colourOf(turn, 0.6, 0.35 + 0.4 * y / height);
      rows.set(colour, y * (width * 3 + 1) + 1 + x * 3);
    }
  }
  return bytesOf(
    "\x89PNG\r\n\x1a\n",
    pngChunk("IHDR", bytesOf(u32(width), u32(height), [8, 2, 0, 0, 0])),
    ...chunks,
    pngChunk("IDAT", deflateSync(rows)),
    pngChunk("IEND", new Uint8Array()),
  );
}
