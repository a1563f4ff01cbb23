import { assertEquals } from "@std/assert";
import { serveHub } from "../_service.ts";

interface Told {
  readonly id: string;
  readonly jobs: readonly { readonly id: string; readonly state: string }[];
  readonly removed: readonly string[];
}

/** The events of the queue, as a browser gets them. */
async function listen(url: string, lastId?: string) {
  const { body } = await fetch(`${url}/events`, lastId === undefined ? {} : { headers: { "last-event-id": lastId } });
  const source = body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    /** The next one that holds what is wanted. */
    async next(isWanted: (told: Told) => boolean): Promise<Told> {
      for (;;) {
        const end = text.indexOf("\n\n");
        if (end < 0) {
          const { value, done } = await source.read();
          if (done) throw new Error("the stream ended");
          text += value;
          continue;
        }
        const fields = Object.fromEntries(
          text.slice(0, end).split("\n").map((line) => line.split(/: ?(.*)/s).slice(0, 2)),
        );
        text = text.slice(end + 2);
        if (fields.event !== "queue") continue;
        const told = { ...JSON.parse(fields.data), id: fields.id } as Told;
        if (isWanted(told)) return told;
      }
    },
    /** Waits for the greeting: from then on everything is told. */
    async greeting(): Promise<void> {
      while (!text.includes("event:hello")) text += (await source.read()).value ?? "";
    },
    cancel: () => source.cancel(),
  };
}

Deno.test("/events tells what the queue does, and to who comes back with Last-Event-ID what it missed, in order", async () => {
  await using hub = await serveHub();
  const first = await listen(hub.url);
  await first.greeting();
  const [one] = await hub.queue.add([{ reference: "1" }]);
  const id = one!.job.id;
  const { id: lastId } = await first.next(({ jobs }) => jobs.some((job) => job.id === id));
  await first.cancel();

  // what happens while nobody listens, each change told by itself
  const meanwhile = await listen(hub.url);
  await meanwhile.greeting();
  await hub.queue.change(id, "pause");
  await meanwhile.next(({ jobs }) => jobs.some(({ state }) => state === "paused"));
  await hub.queue.change(id, "cancel");
  await meanwhile.next(({ jobs }) => jobs.some(({ state }) => state === "cancelled"));
  await hub.queue.change(id, "remove");
  await meanwhile.next(({ removed }) => removed.includes(id));
  await meanwhile.cancel();

  const again = await listen(hub.url, lastId);
  const missed = [await again.next(() => true), await again.next(() => true), await again.next(() => true)];
  assertEquals(
    missed.map(({ jobs, removed }) => jobs[0]?.state ?? removed[0]),
    ["paused", "cancelled", id],
  );
  await again.cancel();
});
