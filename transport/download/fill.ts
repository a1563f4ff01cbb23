import { dirname } from "node:path";
import { plainLength } from "../http/byte_range.ts";
import { ContentError, DiskError, NetworkError } from "../errors/errors.ts";
import { discard, readText } from "../http/http_status.ts";
import { redactUrl } from "../http/redact.ts";
import { validatorOf } from "../body/part.ts";
import { type Answered, endedEarly } from "../body/part_source.ts";
import { save, saveInOrder } from "../body/save.ts";
import type { Sink } from "../transport.ts";
import { freeBytes } from "./disk.ts";
import type { DownloadResult } from "./download_options.ts";
import { guardHead, holdStart, isText, judgedBytes, refusal } from "./guard.ts";
import type { Download, Recovery } from "./recovery.ts";
import { formatBytes } from "./speed.ts";

/** Room the journal and the file system need beside the file itself. */
const spareBytes = 1024 * 1024;

/** Fills the part file, whatever happens on the way. */
export class Fill {
  readonly #download: Download;
  readonly #recovery: Recovery;
  /** What was asked for, redacted. */
  readonly #url: string;

  /** Fetches nothing yet. */
  constructor(download: Download, recovery: Recovery) {
    this.#download = download;
    this.#recovery = recovery;
    this.#url = redactUrl(download.request.url);
  }

  /** Asks for hole after hole until there is none, and survives what can be survived; what is there already comes back. */
  async run(): Promise<DownloadResult | undefined> {
    const { part } = this.#download;
    while (part.total === undefined || part.covered < part.total) {
      let existing: DownloadResult | undefined;
      await this.#recovery.attempt(
        () => part.covered,
        async () => {
          existing = await this.#fillHole();
          return existing !== undefined || part.covered >= (part.total ?? Infinity);
        },
      );
      if (existing !== undefined) return existing;
    }
  }

  async #fillHole(): Promise<DownloadResult | undefined> {
    const { part, request, source, target } = this.#download;
    const { total, validator } = part;
    const [hole] = part.holes();
    if (hole === undefined) return undefined;
    const end = hole.end === (total ?? Infinity) ? undefined : hole.end;
    const answered = await source.ask({ start: hole.start, end, total, validator });
    const { response, answer } = answered;
    if (answer.kind === "part" || answer.kind === "whole") {
      const existing = await target.nameBy(response, part);
      if (existing !== undefined) return existing;
      if (answer.kind === "part") await this.#take(answered, answer);
      else await this.#takeWhole(answered, answer);
      return undefined;
    }
    await response.body?.cancel();
    if (answer.kind === "changed") guardHead(response.headers, target.path, request.url);
    if (answer.kind !== "beyond") throw source.wrong(answered);
    // nothing lies there: the end where no size was known, else a whim that a plain answer will clear up
    if (total !== undefined || answer.total !== hole.start) {
      throw new ContentError(`downloading "${this.#url}": nothing lies at byte ${hole.start}`, {
        code: "protocol_violation",
        url: this.#url,
      });
    }
    part.identify(answer.total, validator);
    return undefined;
  }

  /** A 200: the file from its first byte. What is there gives way only to what was looked at and may be the file. */
  async #takeWhole(answered: Answered, whole: { total: number | undefined; unchanged: boolean }): Promise<void> {
    const { part, request: { url }, source } = this.#download;
    const { total, unchanged } = whole;
    const isOther = part.validator !== undefined || part.total !== undefined && part.total !== total;
    await this.#take(answered, { start: 0, end: total, total }, () => {
      if (unchanged) return;
      // where what is there fits into it, it may be the size that was wrong before
      if ((total ?? Infinity) < part.covered && this.#hasSameTag(answered)) {
        throw refusal(url, "other bytes under the same ETag");
      }
      if (isOther) throw source.wrong(answered);
      // nothing proves these bytes to belong to those that are there
      part.restart();
    });
    if (part.covered > 0) source.rememberPlain();
  }

  /** Tells whether an answer names the very bytes that are there: then it cannot have others. Dates are not so exact. */
  #hasSameTag({ response, asked }: Answered): boolean {
    const known = this.#download.part.validator;
    const { value, host } = validatorOf(response, asked) ?? {};
    return value !== undefined && value.startsWith('"') && value === known?.value && host === known.host;
  }

  /**
   * Lets the bytes of an answer, which begin at `start` of the file, go to the part file. `accept` is asked, once the
   * first of them were looked at, whether they may take the place of what is there.
   */
  async #take(
    { response, asked }: Answered,
    { start, end, total }: { start: number; end: number | undefined; total: number | undefined },
    accept?: () => void,
  ): Promise<void> {
    const { expected, part, progress, request: { url, signal }, target } = this.#download;
    const isAtStake = accept !== undefined && part.covered > 0;
    const known = part.total ?? part.covered;
    try {
      if (start === 0) guardHead(response.headers, target.path, url);
      if (total === 0 && known > 0) throw refusal(url, "an empty answer");
      if (!isAtStake) {
        await this.#checkSize(response, total);
        this.#checkBeforeWriting(response, asked, total);
      }
    } catch (error) {
      discard(response);
      throw error;
    }
    const write = (bytes: Uint8Array, at: number) => {
      const useful = end === undefined ? bytes : bytes.subarray(0, Math.max(0, end - at));
      part.write(useful, at);
      progress.count(useful.byteLength);
      progress.tell(part.covered, part.total);
    };
    const held = start > 0 ? undefined : holdStart(write, (bytes, size = total) => {
      if (size === 0 && known > 0) throw refusal(url, "an empty answer");
      expected.guard(bytes, target.path, url, size);
      if (!isAtStake) return;
      if (isText(bytes) && !isText(part.start(judgedBytes))) throw refusal(url, "a text");
      accept();
      expected.checkTotal(total, part.partPath);
      this.#checkBeforeWriting(response, asked, total);
    });
    let length: number;
    try {
      // over several connections the first bytes may come last: too late to be asked
      length = await (isAtStake ? saveInOrder : save)(response, this.paced(held?.write ?? write, start));
    } catch (error) {
      // what came of a body that broke off counts, however little it was, unless it would cost more than it is
      if (error instanceof NetworkError && !isAtStake) held?.end();
      throw error;
    }
    signal.throwIfAborted();
    const got = start + length;
    if (end !== undefined && got < end) {
      if (!isAtStake) held?.end();
      throw endedEarly(this.#url, end - got);
    }
    // a part may end long before the file does
    held?.end(total ?? (accept === undefined ? undefined : got));
    if (part.total === undefined) part.identify(got, part.validator);
  }

  /** A sink for the bytes of an answer that begins at `start` of the file; waits for a pause, or the bandwidth limit. */
  paced(put: (bytes: Uint8Array, at: number) => void, start: number): Sink {
    const { options: { gate, throttle }, request: { signal } } = this.#download;
    return {
      write(bytes, offset) {
        const waiting = gate?.() ?? throttle?.take(bytes.byteLength, signal);
        if (waiting === undefined) return put(bytes, start + offset);
        return waiting.then(() => {
          signal.throwIfAborted();
          put(bytes, start + offset);
        });
      },
    };
  }

  /** Looks once more, at the file as it is, where no hash has proved it. */
  checkStart(): void {
    const { expected, part, request, target } = this.#download;
    try {
      expected.guard(part.start(judgedBytes), target.path, request.url, part.covered);
    } catch (error) {
      part.restart();
      throw error;
    }
  }

  /** Refuses a file whose size is not the promised one, or says what came in its place. */
  async #checkSize(response: Response, total: number | undefined): Promise<void> {
    const { expected, part, request, target } = this.#download;
    try {
      expected.checkTotal(total, part.partPath);
    } catch (error) {
      if (total! < 65_536) {
        expected.guard(new TextEncoder().encode(await readText(response)), target.path, request.url, undefined);
      }
      throw error;
    }
  }

  /** Takes note of what an answer's head says of the file, and looks for room on the disk. */
  #checkBeforeWriting(response: Response, asked: Request, total: number | undefined): void {
    const { part, target: { path } } = this.#download;
    const isFirst = part.covered === 0;
    const validator = validatorOf(response, asked);
    if (isFirst || part.total === undefined || part.validator === undefined) {
      part.identify(total ?? plainLength(response.headers), validator ?? part.validator);
    }
    if (!isFirst || total === undefined) return;
    const free = freeBytes(dirname(path));
    const needed = total - part.allocatedBytes + spareBytes;
    if (free === undefined || free >= needed) return;
    const state = `${formatBytes(needed)} are needed and ${formatBytes(free)} are free`;
    throw new DiskError(`downloading to ${JSON.stringify(path)}: ${state}`, { code: "no_space", path });
  }
}
