// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * One contestant of `api.ts`, in a process of its own: those who share a heap pay for each other's garbage. Walks the whole
 * list for each line of its input, and prints what that took.
 *
 *     _list_contestant.ts ours|bare URL MODELS
 *
 * @module
 */
import { civitai, createTransport } from "../../mod.ts";
import { stopwatch } from "./_meter.ts";

const [name = "", url = "", models = ""] = Deno.args;
const MiB = 1024 ** 2;

async function bare(): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const next: string = cursor === undefined ? "" : `&cursor=${cursor}`;
    const response = await fetch(`${url}/api/v1/models?limit=100&nsfw=true${next}`);
    const page = JSON.parse(await response.text());
    for (const model of page.items) count += Number(model.id > 0);
    cursor = page.metadata.nextCursor;
  } while (cursor !== undefined);
  return count;
}

async function ours(memory: number[]): Promise<number> {
  using transport = createTransport();
  let count = 0;
  for await (const { id } of civitai(transport, { baseUrl: url }).models.list({ nsfw: true })) {
    count += Number(id > 0);
    if (count % (Number(models) / 10) === 0) memory.push(Math.round(Deno.memoryUsage().rss / MiB));
  }
  return count;
}

for await (const _ of Deno.stdin.readable) {
  const memory: number[] = [];
  const stop = stopwatch();
  const count = await (name === "ours" ? ours(memory) : bare());
  console.log(JSON.stringify({ ...stop(), count, memory }));
}
