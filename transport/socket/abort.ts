import { type Aborter, type Stop, Switch } from "./stop.ts";

/** What aborts with a signal, until it is ended. */
export interface Link {
  readonly signal: Stop | undefined;
  readonly abort: () => void;
  readonly finished: (() => void) | undefined;
}

const registry = new FinalizationRegistry<Link>(unlink);
/** Leads from a body to its response. A WeakMap would do the same, and keep both until the next great collection. */
const owner = Symbol("owner");
/** Leads from a body to what is garbage when the body is: were the body itself registered, it would be kept as long, too. */
const token = Symbol("token");
/** What is to be ended when the response has been read. */
const held = Symbol("held");

type Body = ReadableStream<Uint8Array<ArrayBuffer>> & { [owner]?: Response; [token]?: object };

/** Ends a link at once: nothing is left to abort. */
export function unlink({ signal, abort, finished }: Link): void {
  signal?.removeEventListener("abort", abort);
  finished?.();
}

/**
 * Makes `aborter` abort with `signal`. `AbortSignal.any` does that too, at many times the price: it is felt on every
 * request.
 */
export function follow(signal: Stop | undefined, aborter: Aborter, finished?: () => void): Link {
  return onAbort(signal, () => aborter.abort(signal!.reason), finished);
}

/** Calls `abort` when `signal` aborts, until the link is ended. */
export function onAbort(signal: Stop | undefined, abort: () => void, finished?: () => void): Link {
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  return { signal, abort, finished };
}

/**
 * Ends a link as soon as nobody can read the body any more: when its reader says so, where one promised to in `ends`. Else
 * when the response has been read whole; of a body that somebody took, the garbage collector sees the end, for a body is
 * not wrapped for this.
 */
export function unlinkAfterBody(response: Response, link: Link, ends: (() => void)[] | undefined): void {
  // a switch is its call's own, and goes when the call does
  if (link.finished === undefined && (link.signal === undefined || link.signal instanceof Switch)) return;
  if (ends !== undefined) return void ends.push(() => unlink(link));
  if (isReadable(response)) (response[held] ??= []).push(link);
  else watch(response.body, link);
}

/**
 * Keeps a response as long as its body. The platform lets go of the signal that aborts a body when the response itself is
 * collected, so a reader that only kept the stream could not be stopped any more (seen in Deno 2.9).
 */
export function keepAbortable(response: Response): Response {
  if (!isReadable(response)) own(response.body, response);
  // the platform may take it itself, as a server does that hands it on: then nobody asks for the body
  else if (!isShort(response)) own(bodyOf.call(response), response);
  return response;
}

/** Up to this size there is nothing left to abort by the time that anything is collected. */
const shortBytes = 64 * 1024;
const bodyOf = Object.getOwnPropertyDescriptor(Response.prototype, "body")!.get as (this: Response) => Body | null;

function isShort({ headers }: Response): boolean {
  const length = headers.get("content-length");
  return length !== null && Number(length) <= shortBytes;
}

function own(body: Body | null, response: Response): void {
  if (body !== null) body[owner] = response;
}

/** Ends a link when the body is garbage. */
function watch(body: Body | null, link: Link): void {
  if (body === null) unlink(link);
  else registry.register(body[token] ??= {}, link);
}

/**
 * A response that knows when it has been read whole, which is how most are: then nothing of it has to be watched by the
 * garbage collector, nor kept by its body. Both take longer than all layers together, for what is watched outlives the
 * collections it should have gone with. Whoever asks for the body gets it as it is, and these are made up for.
 */
class ReadableResponse extends Response {
  declare [held]: Link[] | undefined;

  override get body(): Body | null {
    const body: Body | null = super.body;
    own(body, this);
    const links = this[held];
    this[held] = undefined;
    for (const link of links ?? []) watch(body, link);
    return body;
  }

  override clone(): Response {
    // the other one reads the same body, and may be slower
    void this.body;
    return super.clone();
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return ended(this, super.arrayBuffer());
  }

  override blob(): Promise<Blob> {
    return ended(this, super.blob());
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return ended(this, super.bytes());
  }

  override formData(): Promise<FormData> {
    return ended(this, super.formData());
  }

  // deno-lint-ignore no-explicit-any -- as the platform has it
  override json(): Promise<any> {
    return ended(this, super.json());
  }

  override text(): Promise<string> {
    return ended(this, super.text());
  }
}

/** Ends what is held when the response has been read, or cannot be. */
function ended<T>(response: ReadableResponse, reading: Promise<T>): Promise<T> {
  const links = response[held];
  if (links === undefined) return reading;
  response[held] = undefined;
  return reading.then((value) => {
    links.forEach(unlink);
    return value;
  }, (error) => {
    links.forEach(unlink);
    throw error;
  });
}

/** Makes a response of the platform one that knows; others stay what they are. */
function isReadable(response: Response): response is ReadableResponse {
  const made = Object.getPrototypeOf(response);
  if (made === Response.prototype) Object.setPrototypeOf(response, ReadableResponse.prototype);
  return made === Response.prototype || made === ReadableResponse.prototype;
}
