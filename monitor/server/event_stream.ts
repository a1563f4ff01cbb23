import { redactText } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import type { EventBus, MonitorEvent } from "../metrics/event_bus.ts";

/** Options of {@linkcode eventStreams}. */
export interface EventStreamsOptions {
  /** Streams at once. */
  readonly maxClients?: number;
  /** Events that come within this time go out together, in milliseconds. */
  readonly gatherMs?: number;
  /** A line at least this often, so that both ends notice a dead connection, in milliseconds. */
  readonly heartbeatMs?: number;
}

/** Streams of server-sent events, all fed from one ring. */
export interface EventStreams {
  /** Streams open now. */
  readonly clients: number;
  /** A stream that goes on after `lastEventId`; undefined when there are too many already. */
  open(lastEventId: string | undefined): ReadableStream<Uint8Array> | undefined;
  /** Ends all streams. */
  close(): void;
}

const encoder = new TextEncoder();
const mostPerChunk = 200;

/** An event as JSON without secrets; URLs in it were redacted where they arose, texts of servers were not. */
export function eventJson(event: MonitorEvent): string {
  return JSON.stringify(event, (_key, value) => typeof value === "string" ? redactText(value) : value);
}

/**
 * Server-sent events (HTML standard, section 9.2) from an event bus. A stream holds no queue: it remembers the number of
 * the last event it sent and reads on from the bus's ring when its client takes more. A client too slow for the ring is
 * told so (`missed`), one that comes back with Last-Event-ID misses nothing the ring still holds, and one that comes
 * back to another process is told to start over (`reset`).
 */
export function eventStreams(
  bus: EventBus,
  clock: Clock,
  { maxClients = 1000, gatherMs = 250, heartbeatMs = 15_000 }: EventStreamsOptions = {},
): EventStreams {
  const epoch = crypto.randomUUID().slice(0, 8);
  const waiting = new Set<() => void>();
  const ends = new Set<() => void>();
  let clients = 0;
  let isClosed = false;
  let chunk = { after: -1, upTo: -1, bytes: new Uint8Array() };
  let cancelGather: (() => void) | undefined;
  let cancelBeat = () => {};

  function wake(): void {
    cancelGather = undefined;
    const now = [...waiting];
    waiting.clear();
    for (const resolve of now) resolve();
  }

  const unsubscribe = bus.subscribe(() => {
    if (waiting.size > 0) cancelGather ??= clock.after(gatherMs, wake, true);
  });

  function beat(): void {
    wake();
    cancelBeat = clock.after(heartbeatMs, beat, true);
  }
  cancelBeat = clock.after(heartbeatMs, beat, true);

  /** What comes after event `after`; most clients stand at the same place, so it is kept for the next one. */
  function next(after: number): { upTo: number; bytes: Uint8Array } {
    if (chunk.after === after && chunk.upTo === bus.lastId) return chunk;
    const { events, missed } = bus.since(after);
    const some = events.slice(0, mostPerChunk);
    const upTo = some.at(-1)?.id ?? bus.lastId;
    let text = missed ? `event: missed\ndata: {}\n\n` : "";
    for (const event of some) text += `id: ${epoch}-${event.id}\nevent: ${event.type}\ndata: ${eventJson(event)}\n\n`;
    chunk = { after, upTo, bytes: encoder.encode(text) as Uint8Array<ArrayBuffer> };
    return chunk;
  }

  function start(lastEventId: string | undefined): { at: number; greeting: string } {
    const [, known, number] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(lastEventId ?? "") ?? [];
    const position = (at: number) => `id: ${epoch}-${at}\n`;
    if (lastEventId === undefined || lastEventId === "") {
      return { at: bus.lastId, greeting: `retry: 2000\n${position(bus.lastId)}event: hello\ndata: {}\n\n` };
    }
    if (known === epoch && Number(number) <= bus.lastId) return { at: Number(number), greeting: "retry: 2000\n\n" };
    return { at: 0, greeting: `retry: 2000\n${position(0)}event: reset\ndata: {}\n\n` };
  }

  return {
    get clients() {
      return clients;
    },
    open(lastEventId) {
      if (isClosed || clients >= maxClients) return undefined;
      let { at, greeting } = start(lastEventId);
      let end = () => {};
      let isOver = false;
      clients++;
      return new ReadableStream({
        start(controller) {
          end = () => {
            if (isOver) return;
            isOver = true;
            clients--;
            ends.delete(end);
            controller.close();
          };
          ends.add(end);
        },
        async pull(controller) {
          if (greeting !== "") {
            controller.enqueue(encoder.encode(greeting));
            greeting = "";
            return;
          }
          if (bus.lastId === at) await new Promise<void>((resolve) => waiting.add(resolve));
          if (isOver) return;
          if (bus.lastId === at) return controller.enqueue(encoder.encode(":\n\n"));
          const { upTo, bytes } = next(at);
          at = upTo;
          controller.enqueue(bytes);
        },
        cancel() {
          if (isOver) return;
          isOver = true;
          clients--;
          ends.delete(end);
        },
      }, { highWaterMark: 0 });
    },
    close() {
      isClosed = true;
      unsubscribe();
      cancelBeat();
      cancelGather?.();
      for (const end of [...ends]) end();
      wake();
    },
  };
}
