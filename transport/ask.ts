import { type FieldRecord, PlainFields } from "./fields.ts";
import { hostOf } from "./http/host.ts";
import { type Hold, signalOf, type Stop } from "./socket/stop.ts";

/** What an {@linkcode Ask} without a Request is made of. */
export interface AskParts {
  /** Where it goes, as `URL.href` writes it. */
  readonly url: string;
  /** Its fields, names in lower case. */
  readonly headers: PlainFields;
  /** Gives it up; undefined where nobody may. */
  readonly signal?: Stop | undefined;
  /** Whoever reads the body promises to let go of what is put in here, once it has been read or given up. */
  readonly ends?: Hold[] | undefined;
}

/**
 * A request as our own layers hand it on: what it says, without the object. A Request costs as much as all layers
 * together, and every layer that changes a signal or a field would have to derive another one. It is made when somebody
 * outside asks for it, and is the caller's own as long as nothing was changed.
 */
export class Ask {
  /** The method, in capitals. */
  readonly method: string;
  /** The URL, as `Request.url` has it. */
  readonly url: string;
  /** See {@linkcode AskParts.ends}. */
  readonly ends: Hold[] | undefined;
  readonly #base: Request | undefined;
  #headers: PlainFields | undefined;
  #signal: Stop | undefined;
  readonly #isChanged: boolean;
  #request: Request | undefined;
  #host: string | undefined;

  private constructor(
    { method, url }: { readonly method: string; readonly url: string },
    base: Request | undefined,
    headers: PlainFields | undefined,
    signal: Stop | undefined,
    ends: Hold[] | undefined,
  ) {
    this.method = method;
    this.url = url;
    this.ends = ends;
    this.#base = base;
    this.#headers = headers;
    this.#signal = signal;
    this.#isChanged = headers !== undefined || signal !== undefined;
    if (!this.#isChanged) this.#request = base;
  }

  /** What `request` asks. */
  static of(request: Request): Ask {
    return new Ask(request, request, undefined, undefined, undefined);
  }

  /** A GET for which nobody made a Request. */
  static get({ url, headers, signal, ends }: AskParts): Ask {
    return new Ask({ method: "GET", url }, undefined, headers, signal, ends);
  }

  /** The fields. */
  get headers(): PlainFields {
    return this.#headers ??= PlainFields.of(this.#base!.headers);
  }

  /** What gives it up; undefined where nobody may. */
  get signal(): Stop | undefined {
    return this.#signal ??= this.#base?.signal;
  }

  /** Host and port. */
  get host(): string {
    return this.#host ??= hostOf(this.url);
  }

  /** What to do with a redirect. */
  get redirect(): RequestRedirect {
    return this.#base?.redirect ?? "follow";
  }

  /** What the caller wants of a cache. */
  get cache(): RequestCache {
    return this.#base?.cache ?? "default";
  }

  /** Whether something is sent along. */
  get hasBody(): boolean {
    return this.method !== "GET" && this.#base?.body != null;
  }

  /** The same as the platform has it. With a body it takes the place of the one it is derived from. */
  get request(): Request {
    return this.#request ??= this.#make();
  }

  #make(): Request {
    const init: RequestInit = {};
    if (this.#headers !== undefined) init.headers = this.#headers.record;
    if (this.#signal !== undefined) init.signal = signalOf(this.#signal);
    return new Request(this.#base ?? this.url, init);
  }

  /** The same with another signal, and with where to put what is held until after the body. */
  withSignal(signal: Stop, ends: Ask["ends"] = this.ends): Ask {
    return new Ask(this, this.#base, this.#headers, signal, ends);
  }

  /** The same with further fields, which go before those of the same name. */
  withHeaders(more: FieldRecord): Ask {
    return new Ask(this, this.#base, this.headers.with(more), this.#signal, this.ends);
  }

  /** The same with a body of its own, to be sent once more. */
  clone(): Ask {
    return new Ask(this, this.request.clone(), undefined, undefined, this.ends);
  }
}
