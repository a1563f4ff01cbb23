import { statusIs } from "../errors/error_traits.ts";
import { ContentError, HttpError, NetworkError } from "../errors/errors.ts";
import { type Classify, httpError } from "../http/http_status.ts";
import { redactUrl } from "../http/redact.ts";
import type { Context, Transport } from "../transport.ts";
import {
  type Address,
  addressOf,
  hostOf,
  markSelfHealing,
  type PartAnswer,
  partRequest,
  readPart,
  type Wanted,
} from "./part.ts";

/** Ranges that came back wrong before the server is believed to be unable to count. */
export const mostUntrusted = 2;
const mostResolves = 3;

/** What a {@linkcode PartSource} is told. */
export interface PartSourceOptions {
  readonly transport: Transport;
  /** Whose bytes are wanted. */
  readonly request: Request;
  readonly context: Context;
  /** Knows the server's own reasons for a refusal. */
  readonly classify?: Classify | undefined;
  /**
   * An earlier answer, by someone who reads several parts and heals them himself: they are asked for where it came from
   * until that link expires. Default: each is asked for at the original URL.
   */
  readonly first?: Response;
}

/** Settings of one question. */
export interface AskOptions {
  /** Ends it. Default: the request's own. */
  readonly signal?: AbortSignal;
  /** Whether bytes of another storage host, which nothing proves, are of no use. Default false. */
  readonly mustProve?: boolean;
}

/** An answer, and what was asked in the end. */
export interface Answered {
  readonly response: Response;
  readonly asked: Request;
  /** Without the validator, where another storage host answered. */
  readonly wanted: Wanted;
  readonly answer: Exclude<PartAnswer, { kind: "refused" }>;
}

interface Sent extends Omit<Answered, "answer"> {
  readonly answer: PartAnswer;
  /** Where further parts are asked for. */
  readonly address: Address;
}

/** Where the parts of one file come from. */
export class PartSource {
  readonly #options: PartSourceOptions;
  readonly #original: Address;
  /** Where the original URL last led to. */
  #address: Address;
  #resolving: Promise<void> | undefined;

  /** Asks for nothing yet. */
  constructor(options: PartSourceOptions) {
    this.#options = options;
    this.#original = { url: options.request.url, withheld: [] };
    this.#address = options.first === undefined ? this.#original : addressOf(options.first, this.#original);
  }

  /**
   * Asks for a span. The body of the answer is the caller's.
   *
   * @throws {HttpError} When the server refuses.
   */
  async ask(wanted: Wanted, options: AskOptions = {}): Promise<Answered> {
    let sent = await this.#send(wanted, this.#address, options);
    for (let resolves = 0; resolves < mostResolves && this.#isExpired(sent); resolves++) {
      await sent.response.body?.cancel();
      sent = await this.#sendAgain(wanted, sent.asked.url, options);
    }
    return await this.#accepted(sent);
  }

  /** Asks for the whole file, at the original URL. @throws {HttpError} When the server refuses. */
  async askWhole(wanted: Wanted, { signal = this.#options.request.signal }: AskOptions = {}): Promise<Answered> {
    const { request } = this.#options;
    const headers = new Headers(request.headers);
    headers.delete("range");
    headers.delete("if-range");
    const asked = new Request(request.url, { headers, signal });
    return await this.#accepted(await this.#fetch(asked, wanted, this.#original));
  }

  async #fetch(asked: Request, wanted: Wanted, to: Address): Promise<Sent> {
    const { transport, context, first } = this.#options;
    const response = await transport.fetch(asked, context).catch(unsatisfied);
    const address = first === undefined ? to : addressOf(response, to);
    return { response, asked, wanted, address, answer: readPart(response, asked, wanted) };
  }

  async #accepted(sent: Sent): Promise<Answered> {
    const { response, asked, answer } = sent;
    const { classify, context } = this.#options;
    if (answer.kind === "refused") throw await httpError(response, asked, { classify, context });
    return { ...sent, answer };
  }

  async #send(wanted: Wanted, address: Address, options: AskOptions): Promise<Sent> {
    const { request, first } = this.#options;
    const asked = partRequest(request, wanted, { address, ...options });
    const sent = await this.#fetch(first === undefined ? asked : markSelfHealing(asked), wanted, address);
    if (options.mustProve || !isForeign(sent)) return sent;
    // another storage host cannot know our validator: ask it for the bytes alone; the size must still agree
    await sent.response.body?.cancel();
    return await this.#send({ ...wanted, validator: undefined }, sent.address, options);
  }

  #isExpired({ answer, response, asked }: Sent): boolean {
    return answer.kind === "refused" && statusIs("expired", response.status) && asked.url !== this.#original.url;
  }

  /** After `stale` was refused: one goes back to the original URL, the others wait for what it finds. */
  async #sendAgain(wanted: Wanted, stale: string, options: AskOptions): Promise<Sent> {
    if (this.#resolving !== undefined) await this.#resolving;
    if (this.#address.url !== stale) return await this.#send(wanted, this.#address, options);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resolving = promise;
    try {
      this.#options.context.report({ type: "resolve", url: redactUrl(this.#original.url) });
      const sent = await this.#send(wanted, this.#original, options);
      if (sent.answer.kind === "part") this.#address = sent.address;
      return sent;
    } finally {
      this.#resolving = undefined;
      resolve();
    }
  }
}

/** Tells whether the whole file came because a host was shown a validator of another one. */
function isForeign({ answer, response, asked, wanted }: Sent): boolean {
  return answer.kind === "whole" && !answer.unchanged && wanted.validator !== undefined &&
    hostOf(response, asked) !== wanted.validator.host;
}

/** The head of a 416 that a transport turned into an error: what the server said is judged as it was. */
function unsatisfied(error: unknown): Response {
  if (!(error instanceof HttpError && error.status === 416)) throw error;
  const headers = error.totalBytes === undefined ? {} : { "content-range": `bytes */${error.totalBytes}` };
  return new Response(null, { status: 416, headers: new Headers(headers as HeadersInit) });
}

/** The error for an answer that whoever asked cannot use. */
export function partError({ asked, wanted, answer }: Answered): ContentError {
  const url = redactUrl(asked.url);
  const isMisplaced = answer.kind === "untrusted" || answer.kind === "part";
  const state = "reason" in answer
    ? answer.reason
    : { part: "a part came", whole: "it is another file now", beyond: "nothing is there any more" }[answer.kind];
  return new ContentError(`reading "${url}" from byte ${wanted.start}: ${state}`, {
    code: isMisplaced ? "protocol_violation" : "content_changed",
    url,
  });
}

/** The same; the answer's body is dropped. */
export async function unusable(answered: Answered): Promise<ContentError> {
  await answered.response.body?.cancel();
  return partError(answered);
}

/** The error for a body of `url`, redacted, that came to its end before all bytes were there. */
export function endedEarly(url: string, missingBytes: number): NetworkError {
  return new NetworkError(`reading "${url}": the body ended ${missingBytes} bytes early`, {
    code: "body_incomplete",
    url,
  });
}
