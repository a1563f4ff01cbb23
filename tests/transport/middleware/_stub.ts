import { compose } from "../../../transport/compose.ts";
import { observe } from "../../../transport/observe.ts";
import type { Middleware, Transport, TransportEvent } from "../../../transport/transport.ts";

/** Answers in turn; the last one stands for all that follow. A function is called, an error is thrown. */
export type Answer = Response | Error | ((request: Request) => Response | Promise<Response>);

/** A transport that answers from a list, and keeps what it was asked. */
export function script(...answers: Answer[]): Transport & { readonly requests: Request[] } {
  const requests: Request[] = [];
  return {
    requests,
    fetch(request) {
      const answer = answers[Math.min(requests.length, answers.length - 1)]!;
      requests.push(request);
      if (answer instanceof Error) return Promise.reject(answer);
      if (answer instanceof Response) return Promise.resolve(answer);
      return Promise.resolve(answer(request));
    },
  };
}

/** `layers` around `transport`, and the events of all calls. */
export function watched(
  transport: Transport,
  ...layers: Middleware[]
): Transport & { readonly events: TransportEvent[] } {
  const events: TransportEvent[] = [];
  const { fetch } = observe(compose(transport, ...layers), (event) => events.push(event));
  return { fetch, events };
}

/** A body that never says anything, and tells when it is cancelled. */
export function silentBody(start?: Uint8Array): { stream: ReadableStream<Uint8Array>; readonly cancelled: boolean } {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      if (start !== undefined) controller.enqueue(start);
    },
    cancel() {
      cancelled = true;
    },
  });
  return {
    stream,
    get cancelled() {
      return cancelled;
    },
  };
}

/** What became of a promise so far. */
export function fate<T>(promise: Promise<T>): { value?: T; error?: unknown; readonly done: boolean } {
  const seen: { value?: T; error?: unknown; done: boolean } = { done: false };
  promise.then(
    (value) => Object.assign(seen, { value, done: true }),
    (error) => Object.assign(seen, { error, done: true }),
  );
  return seen;
}
