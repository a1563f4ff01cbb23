import { assertEquals, assertThrows } from "@std/assert";
import { imageId, imageUrl } from "@civikit/civikit/api";

const base = "https://image.civitai.com/xG1nkqKTMzGDvpLrqFT7WA/13744eea-8388-41c5-9f34-2fb155df2bea";

Deno.test("imageUrl() writes the options into the path, whatever stood there", () => {
  for (const old of ["original=true/7.jpeg", "width=450/7.jpeg", "anim=false,width=96/7.jpeg", "7.jpeg"]) {
    assertEquals(imageUrl(`${base}/${old}`), `${base}/original=true/7.jpeg`);
    assertEquals(imageUrl(`${base}/${old}`, { width: 100 }), `${base}/width=320/7.jpeg`);
  }
  assertEquals(imageUrl(`${base}/original=true`), `${base}/original=true/13744eea-8388-41c5-9f34-2fb155df2bea.jpeg`);
  const all = { width: 1700, height: 1000, quality: 90, fit: "cover", still: true, optimized: true };
  const written = "width=1800,height=1000,quality=90,fit=cover,anim=false,optimized=true";
  assertEquals(imageUrl(`${base}/width=450/7.mp4?token=x`, all), `${base}/${written}/7.mp4`);
});

Deno.test("imageUrl() leaves other hosts alone and refuses what the CDN would not give", () => {
  for (const url of ["https://lh3.googleusercontent.com/a/b=s96-c", "not a URL", `${base.slice(0, 30)}/x`]) {
    assertEquals(imageUrl(url, { width: 96 }), url);
  }
  for (const size of [{ width: 0 }, { width: 1801 }, { height: 1001 }, { quality: 101 }, { fit: "a,original=true" }]) {
    assertThrows(() => imageUrl(`${base}/7.jpeg`, size), RangeError, "option");
  }
});

Deno.test("imageId() takes the id, else the name in the URL", () => {
  assertEquals(imageId({ id: 5, url: `${base}/width=450/7.jpeg` }), 5);
  assertEquals(imageId({ id: null, url: `${base}/width=450/7.jpeg` }), 7);
  assertEquals(imageId({ url: `${base}/original=true/13744eea-8388-41c5-9f34-2fb155df2bea.jpeg` }), undefined);
});
