import { assertEquals, assertThrows } from "@std/assert";
import { readWatchTarget } from "../../../hub/watch/mod.ts";
import { targetWord } from "../../../hub/watch/watch_target.ts";
import { InputError } from "../../../transport/mod.ts";

for (
  const [text, word] of [
    ["creator:lamplighter", "creator:lamplighter"],
    ["Creator: two words ", "creator:two words"],
    ["model:5", "model:5"],
    ["tag:style:lora", "tag:style:lora"],
    ["search:", "search:"],
    ["search:paper lantern", "search:paper lantern"],
    ["collection:503", "collection:503"],
    ["Favorites", "favorites"],
    ["followed", "followed"],
    ["https://civitai.com/user/lamp%20lighter/models", "creator:lamp lighter"],
    ["civitai.com/user/lamplighter", "creator:lamplighter"],
    ["https://civitai.red/models/827184/name?modelVersionId=2", "model:827184"],
    ["https://civitai.com/tag/anime", "tag:anime"],
    ["https://civitai.com/models?tag=anime", "tag:anime"],
    ["https://civitai.com/search/models?sortBy=x&query=paper%20lantern", "search:paper lantern"],
    ["https://www.civitai.com/collections/12", "collection:12"],
    ["http://127.0.0.1:8123/user/x", "creator:x"],
  ]
) {
  Deno.test(`readWatchTarget("${text}") is ${word}`, () => {
    const target = readWatchTarget(text!, { baseUrl: "http://127.0.0.1:8123" });
    assertEquals(targetWord(target), word!);
    assertEquals(readWatchTarget(targetWord(target)), target);
  });
}

for (
  const text of [
    ...["", "  ", "lamplighter", "creator:", "model:x", "model:0", "tag: ", "https://example.org/user/x", "a\u0000b"],
    ...["https://civitai.com/", "https://civitai.com/images/5", "https://civitai.com/user/%E0%A4%A", "x".repeat(500)],
  ]
) {
  Deno.test(`readWatchTarget(${JSON.stringify(text.slice(0, 40))}) is refused`, () => {
    assertThrows(() => readWatchTarget(text), InputError, "understood are");
  });
}
