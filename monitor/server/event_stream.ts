import { Buffer } from "node:buffer";
import { type ServerSentEventMessage, ServerSentEventStream } from "@std/http/server-sent-event-stream";
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

const mostPerChunk = 200;
const retryMs = 2000;
/** A comment without words, which is no message. */
const heartbeat = new TextEncoder().encode(":\n\n");

/** An event as JSON without secrets; URLs in it were redacted where they arose, texts of servers were not. */
function eventJson(event: MonitorEvent): string {
  return JSON.stringify(event, (_key, value) => typeof value === "string" ? redactText(value) : value);
}

/** Events as they are sent. */
interface Chunk {
  /** The event before the first. */
  readonly after: number;
  /** The last event. */
  readonly upTo: number;
  readonly bytes: Promise<Uint8Array>;
}

/** What turns messages into what is sent; one pipe for all, as a stream for each batch costs more than the batch. */
function messageEncoder(): (messages: readonly ServerSentEventMessage[]) => Promise<Uint8Array> {
  const { readable, writable } = new ServerSentEventStream();
  const writer = writable.getWriter();
  const reader = readable.getReader();
  return async (messages) => {
    // writes and reads each keep their order, so that every message gets its own bytes back
    const pieces = await Promise.all(messages.map((message) => {
      writer.write(message);
      return reader.read();
    }));
    return Buffer.concat(pieces.map(({ value }) => value!));
  };
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
  const encode = messageEncoder();
  let chunk: Chunk = { after: -1, upTo: -1, bytes: encode([]) };
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
  function next(after: number): Chunk {
    if (chunk.after === after && chunk.upTo === bus.lastId) return chunk;
    const { events, missed } = bus.since(after);
    const some = events.slice(0, mostPerChunk);
    const messages = some.map((event): ServerSentEventMessage => ({
      id: idOf(event.id),
      event: event.type,
      data: eventJson(event),
    }));
    if (missed) messages.unshift({ event: "missed", data: "{}" });
    chunk = { after, upTo: some.at(-1)?.id ?? bus.lastId, bytes: encode(messages) };
    return chunk;
  }

  const idOf = (id: number) => `${epoch}-${id}`;

  function start(lastEventId: string | undefined): { at: number; greeting: ServerSentEventMessage } {
    const [, known, number] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(lastEventId ?? "") ?? [];
    const greet = (event: string, at: number) => ({
      at,
      greeting: { retry: retryMs, id: idOf(at), event, data: "{}" },
    });
    if (lastEventId === undefined || lastEventId === "") return greet("hello", bus.lastId);
    if (known !== epoch || Number(number) > bus.lastId) return greet("reset", 0);
    return { at: Number(number), greeting: { retry: retryMs } };
  }

  return {
    get clients() {
      return clients;
    },
    open(lastEventId) {
      if (isClosed || clients >= maxClients) return undefined;
      let { at, greeting }: { at: number; greeting: ServerSentEventMessage | undefined } = start(lastEventId);
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
          let bytes: Promise<Uint8Array> | Uint8Array = heartbeat;
          if (greeting !== undefined) {
            bytes = encode([greeting]);
            greeting = undefined;
          } else {
            if (bus.lastId === at) await new Promise<void>((resolve) => waiting.add(resolve));
            if (bus.lastId !== at) ({ upTo: at, bytes } = next(at));
          }
          const encoded = await bytes;
          if (!isOver) controller.enqueue(encoded);
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
