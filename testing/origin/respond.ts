/**
 * Makes a plan a `Response`, for an origin in one process.
 *
 * @module
 */
import { sleep } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import type { Answering } from "./answering.ts";
import { fieldsOf } from "./send.ts";

const pieceBytes = 64 * 1024;
const withoutBody = new Set([101, 204, 205, 304]);

/** Waits until `signal` aborts, with no timer that anyone could see; rejects with its reason. */
function gone(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** The body as planned, read as it is asked for. */
function bodyOf(
  { plan, entry, link }: Answering,
  signal: AbortSignal,
  clock: Clock,
  end: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { content, start, length, stallAfter, rate, junk } = plan;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let sent = 0;
  let slowFrom: number | undefined;
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      // a body that nobody reads at the moment ends with its request as well
      signal.addEventListener("abort", () => {
        end();
        controller.error(signal.reason);
      }, { once: true, signal: stop.signal });
    },
    async pull(controller) {
      try {
        if (sent === stallAfter) await gone(either);
        either.throwIfAborted();
        const total = length + junk;
        let size = Math.min(pieceBytes, total - sent);
        if (stallAfter !== undefined) size = Math.min(size, stallAfter - sent);
        if (rate && sent < rate.after) size = Math.min(size, rate.after - sent);
        else if (rate) {
          size = Math.max(1, Math.min(size, Math.round(rate.bytesPerSecond / 50)));
          slowFrom ??= clock.now();
          const due = slowFrom + (sent - rate.after + size) / rate.bytesPerSecond * 1000;
          if (due > clock.now()) await sleep(clock, due - clock.now(), either);
        }
        if (size > 0) {
          const piece = new Uint8Array(size);
          const own = Math.max(0, Math.min(size, length - sent));
          if (own > 0) piece.set(content.read(start + sent, own));
          piece.fill(0xee, own);
          link?.take(own);
          sent += size;
          entry.bytes += size;
          controller.enqueue(piece);
        }
        if (sent < total || (stallAfter !== undefined && sent === stallAfter)) return;
        end();
        stop.abort();
        controller.close();
        controller.byobRequest?.respond(0);
      } catch (error) {
        end();
        controller.error(error);
      }
    },
    cancel(reason) {
      end();
      stop.abort(reason);
    },
  });
}

/** The answer that was planned; `end` is called once nothing more comes. */
export async function respond(
  answering: Answering,
  { method, signal }: Request,
  clock: Clock,
  end: () => void,
): Promise<Response> {
  const { plan, entry } = answering;
  try {
    if (plan.delayMs > 0) await sleep(clock, plan.delayMs, signal);
    if (plan.instead === "hang") await gone(signal);
    signal.throwIfAborted();
  } catch (error) {
    end();
    throw error;
  }
  entry.status = plan.status;
  entry.answer = plan.headers;
  const init = { status: plan.status, headers: fieldsOf(plan, clock.date()) };
  if (method === "HEAD" || withoutBody.has(plan.status)) {
    end();
    return new Response(null, init);
  }
  return new Response(bodyOf(answering, signal, clock, end), init);
}
