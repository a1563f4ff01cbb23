import type { Clock } from "../clock.ts";
import { type ContentError, HttpError } from "../errors/errors.ts";
import { codeOfStatus, httpError, mayRefuseRanges } from "../http/http_status.ts";
import type { Wanted } from "../body/part.ts";
import { type Answered, mostUntrusted, partError, PartSource } from "../body/part_source.ts";
import { type PlainHosts, plainHostsOf } from "../body/plain_hosts.ts";
import type { Context, Transport } from "../transport.ts";

/** Where the bytes of one download come from: by ranges, and plainly from a server that cannot be trusted with them. */
export class FileSource {
  readonly #parts: PartSource;
  readonly #url: string;
  readonly #plainHosts: PlainHosts;
  /** The server cannot be trusted with ranges: it is asked for the whole file. */
  #isPlain: boolean;
  #untrusted = 0;
  /** A range was served in this run: a refusal now means something else. */
  #hasRanges = false;
  /** Statuses of ranges that were refused, and the whole file asked for. */
  readonly #refusals = new Set<number>();
  /** What this run itself found out: the source has another file now. */
  change: { readonly error: ContentError; readonly total: number | undefined } | undefined;

  /** Asks for nothing yet. */
  constructor(transport: Transport, request: Request, context: Context, clock: Clock) {
    this.#parts = new PartSource({ transport, request, context });
    this.#url = request.url;
    this.#plainHosts = plainHostsOf(transport, clock);
    this.#isPlain = this.#plainHosts.has(request.url);
  }

  /**
   * Asks for bytes. Where the first range of a run is refused, one plain request tells whether it was for the range: then
   * the host is asked plainly for a while.
   */
  async ask(wanted: Wanted): Promise<Answered> {
    if (this.#isPlain) return await this.#parts.askWhole(wanted);
    try {
      // the whole file serves as well as its first bytes
      const answered = await this.#parts.ask(wanted, { mustProve: wanted.start === 0 });
      const { response, asked, answer } = answered;
      if (answer.kind === "beyond" && wanted.start === 0 && answer.total !== 0) throw await httpError(response, asked);
      if (answer.kind === "part") this.#hasRanges = true;
      return answered;
    } catch (error) {
      if (!(error instanceof HttpError) || !this.#mayMeanRange(error)) throw error;
      this.#refusals.add(error.status);
      const answered = await this.#parts.askWhole(wanted);
      this.#isPlain = true;
      return answered;
    }
  }

  /** Tells whether a refusal may be meant for the range: of the first one in a run, and without a reason of its own. */
  #mayMeanRange({ status, code, retryAfterMs }: HttpError): boolean {
    return !this.#hasRanges && !this.#refusals.has(status) && code === codeOfStatus(status) &&
      mayRefuseRanges(status, retryAfterMs !== undefined);
  }

  /** What is wrong with an answer whose head, and where there are any first bytes, this run itself looked at. */
  wrong(answered: Answered): ContentError {
    const { answer } = answered;
    const error = partError(answered);
    const total = answer.kind === "whole" ? answer.total : undefined;
    if (error.code === "content_changed") this.change = { error, total };
    return error;
  }

  /** A part came that cannot be what was asked for. */
  distrust(): void {
    if (++this.#untrusted >= mostUntrusted) this.#isPlain = true;
  }

  /** The whole file served where ranges were refused: other downloads need not find out again. */
  rememberPlain(): void {
    if (this.#refusals.size > 0 && !this.#plainHosts.has(this.#url)) this.#plainHosts.add(this.#url);
  }
}
