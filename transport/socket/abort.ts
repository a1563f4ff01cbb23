import type { Hold } from "./stop.ts";

const registry = new FinalizationRegistry<readonly Hold[][]>((all) => all.forEach(releaseAll));
/** Leads from a body to its response. A WeakMap would do the same, and keep both until the next great collection. */
const owner = Symbol("owner");
/** Leads from a body to what is garbage when the body is: were the body itself registered, it would be kept as long, too. */
const token = Symbol("token");
/** Leads from a response to what is to be let go of when it has been read. */
const held = Symbol("held");

type Body = ReadableStream<Uint8Array<ArrayBuffer>> & { [owner]?: Response; [token]?: object };

/** Lets go of everything in `ends`, which is empty then. */
export function releaseAll(ends: Hold[]): void {
  while (ends.length > 0) ends.pop()!.release();
}

/**
 * Lets go of what is in `ends` as soon as nobody can read the body any more: when the response has been read whole; of a
 * body that somebody took, the garbage collector sees the end, for a body is not wrapped for this.
 */
function releaseAfterBody(response: Response, ends: Hold[]): void {
  const isOurs = isReadable(response);
  const body = isOurs ? bodyOf.call(response) : response.body;
  if (body === null) releaseAll(ends);
  else if (!isOurs) watch(body, ends);
  else if (response[held] === undefined) response[held] = batch.add(ends);
  else response[held].ends.push(...ends);
}

/** What is held for a response that nobody has begun to read. It leads to its batch. */
interface Unread {
  readonly ends: Hold[];
  readonly batch: Batch;
  readonly at: number;
}

/**
 * Responses nobody has begun to read, which the garbage collector watches together: each by itself would take longer than
 * all layers, and unwatched, those that nobody ever reads would leave something with a signal that is there for years.
 * A batch is garbage when all of its responses have been read or are garbage.
 */
class Batch {
  /** What is held for each; it does not lead to the batch. */
  readonly #all: Hold[][] = [];

  constructor() {
    registry.register(this, this.#all);
  }

  add(ends: Hold[]): Unread {
    const unread = { ends, batch: this, at: this.#all.push(ends) - 1 };
    if (this.#all.length === batchSize) batch = new Batch();
    return unread;
  }

  remove({ at }: Unread): void {
    this.#all[at] = nothing;
  }
}

const batchSize = 64;
const nothing: Hold[] = [];
let batch = new Batch();

/** What is held for a response until it has been read; from now on whoever reads it sees to that. */
function takeHeld(response: ReadableResponse): Hold[] | undefined {
  const unread = response[held];
  if (unread === undefined) return undefined;
  response[held] = undefined;
  // the end of the response is not the end of its body
  unread.batch.remove(unread);
  return unread.ends;
}

/**
 * What every layer that holds something does with an answer: it adds itself to `ends`, and where nobody above promised to
 * let go of those (see {@linkcode Ask}), the body does.
 */
export function holdWhileRead(response: Response, hold: Hold, ends: Hold[], isPromised: boolean): Response {
  if (hold.isHeld) ends.push(hold);
  if (isPromised) return response;
  if (ends.length > 0) releaseAfterBody(response, ends);
  return keepAbortable(response);
}

/**
 * Keeps a response as long as its body. The platform lets go of the signal that aborts a body when the response itself is
 * collected, so a reader that only kept the stream could not be stopped any more (seen in Deno 2.9).
 */
export function keepAbortable(response: Response): Response {
  // the platform may take the body itself, as a server does that hands it on: then nobody asks for it, and what ends it is
  // that its own client goes, no signal any more (Deno 2.9, after its own fetch too)
  own(isReadable(response) ? bodyOf.call(response) : response.body, response);
  return response;
}

const bodyOf = Object.getOwnPropertyDescriptor(Response.prototype, "body")!.get as (this: Response) => Body | null;

function own(body: Body | null, response: Response): void {
  if (body !== null) body[owner] = response;
}

/** Lets go when the body is garbage. */
function watch(body: Body | null, ends: Hold[]): void {
  if (body === null) releaseAll(ends);
  else registry.register(body[token] ??= {}, [ends]);
}

/**
 * A response that knows when it has been read whole, which is how most are: then nothing of it has to be watched by the
 * garbage collector, nor kept by its body. Both take longer than all layers together, for what is watched outlives the
 * collections it should have gone with. Whoever asks for the body gets it as it is, and these are made up for.
 */
class ReadableResponse extends Response {
  declare [held]: Unread | undefined;

  override get body(): Body | null {
    const body: Body | null = super.body;
    own(body, this);
    const ends = takeHeld(this);
    if (ends !== undefined) watch(body, ends);
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

/** Lets go of what is held when the response has been read, or cannot be. */
function ended<T>(response: ReadableResponse, reading: Promise<T>): Promise<T> {
  const ends = takeHeld(response);
  if (ends === undefined) return reading;
  return reading.then((value) => {
    releaseAll(ends);
    return value;
  }, (error) => {
    releaseAll(ends);
    throw error;
  });
}

/** Makes a response of the platform one that knows; others stay what they are, and so does one that is frozen. */
function isReadable(response: Response): response is ReadableResponse {
  const made = Object.getPrototypeOf(response);
  if (made === ReadableResponse.prototype) return true;
  return made === Response.prototype && Reflect.setPrototypeOf(response, ReadableResponse.prototype);
}
