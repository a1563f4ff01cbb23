// deno-lint-ignore-file no-console -- what it prints is what it is for
/** Walks all models of the Civitai at the URL given, and prints the memory in use after each quarter: needs --expose-gc. */
import { civitai, createTransport } from "../../mod.ts";

const [url = "", models = "0"] = Deno.args;
const collect = (globalThis as unknown as { gc(): void }).gc;
using transport = createTransport();
const used: number[] = [];
let count = 0;
for await (const _ of civitai(transport, { baseUrl: url }).models.list({ nsfw: true })) {
  if (++count % (Number(models) / 4) !== 0) continue;
  // what is finalised in one round is free after the next
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve));
  }
  const { heapUsed, external } = Deno.memoryUsage();
  used.push(heapUsed + external);
}
console.log(JSON.stringify({ count, used }));
