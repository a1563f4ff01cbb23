import { assertEquals } from "@std/assert";
import { jpeg, png, webp } from "../../testing/mod.ts";
import { gif } from "../../testing/files/pictures.ts";

Deno.test("jpeg(), webp(), gif() and png() make pictures that can be shown", async () => {
  const comment = "a paper lantern, 夜";
  const pictures: [string, Uint8Array<ArrayBuffer>, number][] = [
    ["image/jpeg", jpeg(comment), 8],
    ["image/webp", webp(comment), 8],
    ["image/gif", gif(new Uint8Array([1, 2, 3, 4])), 1],
    ["image/png", png({ parameters: comment }), 1],
  ];
  for (const [type, bytes, size] of pictures) {
    const bitmap = await createImageBitmap(new Blob([bytes], { type }));
    assertEquals([bitmap.width, bitmap.height], [size, size], type);
  }
});
