import { lstatSync, rmSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Persistence } from "../body/persistence.ts";
import { plainLength } from "../http/byte_range.ts";
import { type Clock, systemClock } from "../clock.ts";
import { newContext } from "../compose.ts";
import { errorIs } from "../errors/error_traits.ts";
import {
  CivikitError,
  ContentError,
  DiskError,
  HttpError,
  InputError,
  isCode,
  NetworkError,
  VerificationError,
} from "../errors/errors.ts";
import { codeOfStatus, discard, httpError, mayRefuseRanges, readText } from "../http/http_status.ts";
import { wholeWithin, within } from "../option.ts";
import { type PartAnswer, validatorOf, type Wanted } from "../body/part.ts";
import { type PlainHosts, plainHostsOf } from "../body/plain_hosts.ts";
import { checkPlain, isAbandonedClaim, isSameFile } from "./plain_file.ts";
import { redactUrl } from "../http/redact.ts";
import { type Answered, endedEarly, mostUntrusted, partError, PartSource } from "../body/part_source.ts";
import { save, saveInOrder } from "../body/save.ts";
import type { Context, DownloadPhase, Transport, TransportEvent } from "../transport.ts";
import { digestFile, type Digests, type HashName, hashNames } from "./digest.ts";
import { ensureFolder, freeBytes, wrapDiskError } from "./disk.ts";
import { formatBytes } from "./speed.ts";
import { guardHead, guardStart, holdStart, judgedBytes, refusal } from "./guard.ts";
import { PartFile } from "./part_file.ts";
import { contentDispositionName, resolveInside, safeFileName } from "./safe_name.ts";
import { type Span, SpanSet } from "../body/spans.ts";
import { type SpeedMeter, speedMeter } from "./speed.ts";
import type { Throttle } from "./throttle.ts";
import { compareDigests, mismatch, type Verdict, writeReport } from "./verify.ts";

/** What is promised about a file. */
export interface Promised {
  /** Hashes in hex, either case, as the API names them. */
  hashes?: Digests | undefined;
  /** Size in bytes. */
  sizeBytes?: number | undefined;
}

/** How far a download is. */
export interface DownloadProgress {
  /** Bytes on disk, those of earlier runs included. */
  readonly downloadedBytes: number;
  /** Size of the whole; undefined while unknown. */
  readonly totalBytes: number | undefined;
  /** Speed over the last seconds. */
  readonly bytesPerSecond: number;
}

/** Options of {@linkcode download}. */
export interface DownloadOptions extends Promised {
  /** Stops the download; what was written stays for the next run. */
  signal?: AbortSignal | undefined;
  /** Called at most ten times a second and at the end. */
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Called with every event of the download and of the transport beneath it. */
  report?: ((event: TransportEvent) => void) | undefined;
  /** Whether an existing target, or the part file of another download, gives way. Default false. */
  replace?: boolean | undefined;
  /** A folder the target must lie in: `path` is then relative to it and leads nowhere else; links below it are followed. */
  root?: string | undefined;
  /** Limits the rate; may be shared by several downloads. */
  throttle?: Throttle | undefined;
  /** Asked before each write: a promise holds the download until it settles. */
  gate?: (() => Promise<void> | undefined) | undefined;
  /** Hashes to compute besides the promised ones. Default `["SHA256"]`. */
  digests?: readonly HashName[] | undefined;
  /** Whether promised hashes and sizes have to agree. Default true. */
  verify?: boolean | undefined;
  /** Whether a file whose hash is wrong is fetched once more to mend it. Default true. */
  repair?: boolean | undefined;
  /**
   * Names the file once its first answer is there, within the folder of `path`: told the name that the answer suggests
   * (Content-Disposition), made safe, and made safe again. Until then, and for the part file, it has the name in `path`;
   * what an earlier run chose stays. Not asked if not given: the file is called as `path` says.
   */
  chooseName?: ((suggested: string | undefined) => string) | undefined;
  /** Asked when the file changed at the source in mid-download: what is promised now. */
  refresh?: (() => Promise<Promised>) | undefined;
  /** Keep the unfinished bytes of a file that changed at the source as `NAME.part.old`. Default true. */
  keepReplaced?: boolean | undefined;
  /** Attempts in a row that may bring no new byte. Default 5, 0 to 100. */
  maxAttempts?: number | undefined;
  /** Pause after the first fruitless attempt in milliseconds; doubles, with jitter, up to 30 s. Default 500. */
  delayMs?: number | undefined;
  /** What a killed process may lose at most, in bytes. Default 8 MiB, 64 KiB to 64 MiB. */
  flushBytes?: number | undefined;
  /** Time; tests hand in a fake one. */
  clock?: Clock | undefined;
  /** Source of jitter: a number in [0, 1). */
  random?: (() => number) | undefined;
}

/** How a download ended well. */
export interface DownloadResult {
  /** Where the file is. */
  readonly path: string;
  /** Its size in bytes. */
  readonly bytes: number;
  /** Its hashes. */
  readonly digests: Digests;
  /** True when a promised hash was compared and agrees; false: only the size and the kind of content were checked. */
  readonly verified: boolean;
  /** True when the file was there already and nothing was fetched. */
  readonly skipped: boolean;
  /** Bytes taken over from an earlier, interrupted run. */
  readonly resumedBytes: number;
  /** Time taken in milliseconds. */
  readonly elapsedMs: number;
}

const progressMs = 100;
const mostRestarts = 3;
/** Attempts in a row to go on with the bytes of a file that is said to have changed, its promised hash being the same. */
const mostKept = 2;
/** A server that wants a longer pause is better asked another day. */
const longestWaitMs = 120_000;
/** Room the journal and the file system need beside the file itself. */
const spareBytes = 1024 * 1024;

/**
 * Fetches a URL to a verified file, whatever happens on the way: through any transport, resumed after a fault or a
 * killed process, never a wrong byte under the final name.
 *
 * Bytes go to `PATH.part`, the account of them to `PATH.part.json`; holes are asked for with Range and If-Range
 * (RFC 9110 sections 13.1.5 and 14) at the original URL; size and hashes are checked; only then the file gets its name.
 *
 * @param transport What fetches: plain, self-healing or parallel, with any middleware around it.
 * @param request A GET request, or its URL.
 * @param path The target file. Missing folders are made.
 * @param options See {@linkcode DownloadOptions}.
 * @throws {HttpError} When the server refuses.
 * @throws {NetworkError} When the network fails for longer than the attempts allow.
 * @throws {ContentError} When what comes is not the file: a login page, an error text, a file that keeps changing.
 * @throws {VerificationError} When the hash is wrong; the bytes are kept as `PATH.quarantine`.
 * @throws {DiskError} When the disk refuses: space, rights, a lock, a target that exists.
 * @throws {InputError} When the request is not a GET or the URL is not one.
 * @example
 * ```ts
 * import { download } from "@civikit/civikit/transport";
 *
 * const folder = await Deno.makeTempDir();
 * const transport = { fetch: () => Promise.resolve(new Response("tensors")) };
 * const result = await download(transport, "https://civitai.com/api/download/models/1", `${folder}/a.bin`);
 * console.log(result.bytes, result.digests.SHA256);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function download(
  transport: Transport,
  request: Request | string,
  path: string,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  const job = new DownloadJob(transport, toRequest(request, options.signal), path, options);
  return await job.run();
}

function toRequest(request: Request | string, signal: AbortSignal | undefined): Request {
  if (typeof request === "string" && !URL.canParse(request)) {
    const input = redactUrl(request);
    throw new InputError(`downloading "${input}": not a URL`, { code: "invalid_url", input });
  }
  const plain = typeof request === "string" ? new Request(request) : request;
  if (plain.method !== "GET") {
    const input = plain.method;
    throw new InputError(`downloading with "${input}": only GET can be resumed`, { code: "invalid_argument", input });
  }
  return signal === undefined ? plain : new Request(plain, { signal: AbortSignal.any([plain.signal, signal]) });
}

/** One download from its first look at the disk to the final name. */
class DownloadJob {
  readonly #source: PartSource;
  readonly #request: Request;
  /** Where the file goes: as asked for, until it has another name. */
  #path: string;
  readonly #partPath: string;
  #isNamed: boolean;
  #started = 0;
  readonly #options: DownloadOptions;
  readonly #clock: Clock;
  readonly #context: Context;
  readonly #url: string;
  readonly #speed: SpeedMeter;
  readonly #persistence: Persistence;
  readonly #flushBytes: number;
  #promised: Promised;
  #lastProgress = -Infinity;
  #untrusted = 0;
  #restarts = 0;
  /** The server cannot be trusted with ranges: it is asked for the whole file. */
  #isPlain: boolean;
  readonly #plainHosts: PlainHosts;
  /** A range was served in this run: a refusal now means something else. */
  #hasRanges = false;
  /** Statuses of ranges that were refused, and the whole file asked for. */
  readonly #refusals = new Set<number>();
  /** What this run itself found out: the source has another file now. */
  #change: { readonly error: ContentError; readonly total: number | undefined } | undefined;

  constructor(transport: Transport, request: Request, path: string, options: DownloadOptions) {
    const { maxAttempts = 5, delayMs = 500, flushBytes = 8 * 1024 * 1024, root, report } = options;
    const { clock = systemClock, random = Math.random } = options;
    wholeWithin("maxAttempts", maxAttempts, 0, 100);
    within("delayMs", delayMs, 0, 600_000);
    wholeWithin("flushBytes", flushBytes, 64 * 1024, 64 * 1024 * 1024);
    if (basename(path) === "" || /[\\/]$/.test(path)) {
      throw new DiskError(`downloading to ${JSON.stringify(path)}: it names no file`, { code: "invalid_path", path });
    }
    this.#request = request;
    this.#path = root === undefined ? resolve(path) : resolveInside(root, path);
    this.#partPath = `${this.#path}.part`;
    this.#isNamed = options.chooseName === undefined;
    this.#options = options;
    this.#promised = { hashes: options.hashes ?? {}, sizeBytes: options.sizeBytes };
    this.#persistence = new Persistence({ maxAttempts, delayMs, clock, random });
    this.#flushBytes = flushBytes;
    this.#clock = clock;
    this.#url = redactUrl(request.url);
    this.#speed = speedMeter({ clock });
    this.#plainHosts = plainHostsOf(transport, clock);
    this.#isPlain = this.#plainHosts.has(request.url);
    const { id } = newContext();
    this.#context = {
      id,
      report(event) {
        try {
          report?.(event);
        } catch {
          // observers cannot break the observed
        }
      },
    };
    this.#source = new PartSource({ transport, request, context: this.#context });
  }

  async run(): Promise<DownloadResult> {
    this.#started = this.#clock.now();
    const { signal } = this.#request;
    signal.throwIfAborted();
    ensureFolder(dirname(this.#path));
    const existing = await this.#existing().catch((error) => {
      // it may be called otherwise
      if (this.#isNamed || !isCode(error, "target_exists")) throw error;
    });
    if (existing !== undefined) return existing;

    const part = await PartFile.open({
      path: this.#path,
      url: this.#request.url,
      hashes: this.#promised.hashes ?? {},
      names: this.#names(),
      replace: this.#options.replace ?? false,
      flushBytes: this.#flushBytes,
      clock: this.#clock,
      signal,
    });
    try {
      const { resumedBytes } = part;
      const existing = await this.#takeName(part, part.name) ?? await this.#fetch(part);
      if (existing !== undefined) {
        await part.close();
        return existing;
      }
      this.#phase("verifying", part);
      const { digests, verified } = await this.#verify(part);
      if (!verified) this.#checkStart(part);
      await part.seal();
      signal.throwIfAborted();
      part.publish(this.#path, this.#options.replace ?? false);
      const bytes = part.covered;
      this.#progress(bytes, bytes, true);
      this.#phase("finished", part);
      const elapsedMs = this.#clock.now() - this.#started;
      return { path: this.#path, bytes, digests, verified, skipped: false, resumedBytes, elapsedMs };
    } catch (error) {
      this.#phase("failed", part, error instanceof CivikitError ? error.code : undefined);
      try {
        await part.close();
      } catch {
        // the first failure says more; the journal before it still stands
        part.abandon();
      }
      throw error;
    }
  }

  /** All bytes; or, once the file has its name, what is there under it already. */
  async #fetch(part: PartFile): Promise<DownloadResult | undefined> {
    this.#phase(part.resumedBytes > 0 ? "resuming" : "started", part);
    return await this.#fill(part);
  }

  /** Gives the file the name that was found for it, unless it has one; what is there already under that name comes back. */
  async #takeName(part: PartFile, name: string | undefined): Promise<DownloadResult | undefined> {
    if (this.#isNamed || name === undefined) return undefined;
    this.#isNamed = true;
    part.keepName(name);
    this.#path = join(dirname(this.#path), name);
    return await this.#existing();
  }

  /** Names the file by the first answer that may be one. */
  async #nameBy(part: PartFile, response: Response): Promise<DownloadResult | undefined> {
    const { chooseName } = this.#options;
    if (this.#isNamed || chooseName === undefined) return undefined;
    try {
      const name = safeFileName(chooseName(contentDispositionName(response.headers.get("content-disposition"))));
      guardHead(response.headers, name, this.#request.url);
      const existing = await this.#takeName(part, name);
      if (existing !== undefined) discard(response);
      return existing;
    } catch (error) {
      discard(response);
      throw error;
    }
  }

  #names(): HashName[] {
    const wanted = new Set<HashName>(this.#options.digests ?? ["SHA256"]);
    const { hashes = {} } = this.#promised;
    for (const name of hashNames) if (hashes[name] !== undefined) wanted.add(name);
    return [...wanted];
  }

  #phase(phase: DownloadPhase, part: PartFile, note?: string): void {
    this.#context.report({
      type: "download",
      path: this.#path,
      phase,
      bytes: part.covered,
      ...(part.total === undefined ? {} : { totalBytes: part.total }),
      ...(note === undefined ? {} : { note }),
    });
  }

  /** What to do about a target that exists: nothing when it is the promised file, refuse otherwise. */
  async #existing(): Promise<DownloadResult | undefined> {
    const found = this.#look();
    if (found === undefined) this.#refuseLinkToNowhere();
    if (found === undefined || this.#options.replace && found.isFile()) return undefined;
    const path = this.#path;
    checkPlain(path);
    if (isAbandonedClaim(path, this.#partPath)) {
      rmSync(path, { force: true });
      return undefined;
    }
    const { hashes = {}, sizeBytes } = this.#promised;
    const isPossible = sizeBytes === undefined || !isOtherSize(found.size, sizeBytes);
    const isPromised = Object.keys(hashes).length > 0;
    // two names for one file: a run died between its last two steps, after all its checks
    const isJustPublished = isSameFile(found, lstatSync(this.#partPath, { throwIfNoEntry: false }));
    if (isPossible && (isPromised || isJustPublished)) {
      const digests = await digestFile(path, this.#names(), { signal: this.#request.signal });
      const { agreed, differing } = compareDigests(hashes, digests);
      if ((agreed.length > 0 || !isPromised) && differing.length === 0) {
        if (isJustPublished) rmSync(this.#partPath, { force: true });
        rmSync(`${this.#partPath}.json`, { force: true });
        const elapsedMs = this.#clock.now() - this.#started;
        const verified = agreed.length > 0;
        return { path, bytes: found.size, digests, verified, skipped: true, resumedBytes: 0, elapsedMs };
      }
    }
    const state = isPromised ? "another file has that name" : "a file has that name";
    throw new DiskError(`downloading to ${JSON.stringify(path)}: ${state}`, { code: "target_exists", path });
  }

  #look(): Stats | undefined {
    try {
      return statSync(this.#path, { throwIfNoEntry: false });
    } catch (error) {
      throw wrapDiskError(error, this.#path, "looking at");
    }
  }

  /** Before a byte is fetched that could not have the name. */
  #refuseLinkToNowhere(): void {
    const path = this.#path;
    if (this.#options.replace || lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
    throw new DiskError(`downloading to ${JSON.stringify(path)}: a link to nowhere has that name`, {
      code: "target_exists",
      path,
    });
  }

  /** Asks for hole after hole until there is none; survives what can be survived. */
  async #fill(part: PartFile): Promise<DownloadResult | undefined> {
    while (part.total === undefined || part.covered < part.total) {
      const before = part.covered;
      this.#persistence.begin();
      try {
        const existing = await this.#fillHole(part);
        if (existing !== undefined) return existing;
        if (part.covered <= before && part.covered < (part.total ?? Infinity)) throw this.#nothingNew();
      } catch (error) {
        if (part.covered > before) this.#persistence.reset();
        await this.#survive(error, part);
        continue;
      }
      if (part.covered > before) this.#persistence.reset();
    }
  }

  #nothingNew(): NetworkError {
    return new NetworkError(`downloading "${this.#url}": the answer brought no new byte`, {
      code: "body_incomplete",
      url: this.#url,
    });
  }

  async #fillHole(part: PartFile): Promise<DownloadResult | undefined> {
    const { total, validator } = part;
    const [hole] = part.holes();
    if (hole === undefined) return undefined;
    const end = hole.end === (total ?? Infinity) ? undefined : hole.end;
    const answered = await this.#ask({ start: hole.start, end, total, validator });
    const { response, answer } = answered;
    if (answer.kind === "part" || answer.kind === "whole") {
      const existing = await this.#nameBy(part, response);
      if (existing !== undefined) return existing;
      if (answer.kind === "whole") await this.#takeWhole(part, answered, answer);
      else await this.#take(part, answered, answer.total, answer.start, answer.end);
      return undefined;
    }
    await response.body?.cancel();
    if (answer.kind !== "beyond") throw this.#partError(answered);
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

  /** What is wrong with an answer whose head, and where there are any first bytes, this run itself looked at. */
  #partError(answered: Answered): ContentError {
    const { answer } = answered;
    const error = partError(answered);
    const total = answer.kind === "whole" ? answer.total : undefined;
    if (error.code === "content_changed") this.#change = { error, total };
    return error;
  }

  /**
   * Asks for bytes. Where the first range of a run is refused, one plain request tells whether it was for the range: then
   * the host is asked plainly for a while.
   */
  async #ask(wanted: Wanted): Promise<Answered> {
    if (this.#isPlain) return await this.#source.askWhole(wanted);
    try {
      // the whole file serves as well as its first bytes
      const answered = await this.#source.ask(wanted, { mustProve: wanted.start === 0 });
      const { response, asked, answer } = answered;
      if (answer.kind === "beyond" && wanted.start === 0 && answer.total !== 0) throw await httpError(response, asked);
      if (answer.kind === "part") this.#hasRanges = true;
      return answered;
    } catch (error) {
      if (!(error instanceof HttpError) || !this.#mayMeanRange(error)) throw error;
      this.#refusals.add(error.status);
      const answered = await this.#source.askWhole(wanted);
      this.#isPlain = true;
      return answered;
    }
  }

  /** Tells whether a refusal may be meant for the range: of the first one in a run, and without a reason of its own. */
  #mayMeanRange({ status, code, retryAfterMs }: HttpError): boolean {
    return !this.#hasRanges && !this.#refusals.has(status) && code === codeOfStatus(status) &&
      mayRefuseRanges(status, retryAfterMs !== undefined);
  }

  /** A 200: the file from its first byte. What is there gives way only to what was looked at and may be the file. */
  async #takeWhole(part: PartFile, answered: Answered, whole: PartAnswer & { kind: "whole" }): Promise<void> {
    const { total, unchanged } = whole;
    const isOther = part.validator !== undefined || part.total !== undefined && part.total !== total;
    await this.#take(part, answered, total, 0, total, () => {
      if (unchanged) return;
      if (isOther) throw this.#partError(answered);
      // nothing proves these bytes to belong to those that are there
      part.restart();
    });
    const { url } = this.#request;
    if (this.#refusals.size > 0 && part.covered > 0 && !this.#plainHosts.has(url)) this.#plainHosts.add(url);
  }

  /** Begins again with what the source has now. */
  #restart(part: PartFile, isKept = this.#options.keepReplaced !== false): void {
    if (++this.#restarts > mostRestarts) {
      throw new ContentError(`downloading "${this.#url}": the file keeps changing`, {
        code: "content_changed",
        url: this.#url,
      });
    }
    this.#persistence.reset();
    // only once: what came since is of a file that keeps changing
    if (isKept && this.#restarts === 1 && part.covered > 0) part.setAside();
    else part.restart();
    this.#phase("restarted", part);
  }

  /**
   * Lets the bytes of an answer, which begin at `start` of the file, go to the part file. `accept` is asked, once the
   * first of them were looked at, whether they may take the place of what is there.
   */
  async #take(
    part: PartFile,
    { response, asked }: Answered,
    total: number | undefined,
    start: number,
    end: number | undefined,
    accept?: () => void,
  ): Promise<void> {
    const { url, signal } = this.#request;
    const isAtStake = accept !== undefined && part.covered > 0;
    const known = part.total ?? part.covered;
    try {
      if (start === 0) guardHead(response.headers, this.#path, url);
      if (total === 0 && known > 0) throw refusal(url, "an empty answer");
      if (!isAtStake) {
        await this.#checkSize(part, response, total);
        this.#checkBeforeWriting(part, response, asked, total);
      }
    } catch (error) {
      discard(response);
      throw error;
    }
    const write = (bytes: Uint8Array, at: number) => {
      const useful = end === undefined ? bytes : bytes.subarray(0, Math.max(0, end - at));
      part.write(useful, at);
      this.#speed.add(useful.byteLength);
      this.#progress(part.covered, part.total);
    };
    const held = start > 0 ? undefined : holdStart(write, (bytes, size = total) => {
      if (size === 0 && known > 0) throw refusal(url, "an empty answer");
      this.#guard(bytes, size);
      if (!isAtStake) return;
      accept();
      this.#checkTotal(part, total);
      this.#checkBeforeWriting(part, response, asked, total);
    });
    const put = held?.write ?? write;
    let length: number;
    try {
      // over several connections the first bytes may come last: too late to be asked
      length = await (isAtStake ? saveInOrder : save)(response, {
        write: (bytes, offset) => {
          const waiting = this.#pace(bytes);
          if (waiting === undefined) return put(bytes, start + offset);
          return waiting.then(() => {
            signal.throwIfAborted();
            put(bytes, start + offset);
          });
        },
      });
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

  /** Refuses the first bytes of what is no file; `size` is that of the whole, where known. */
  #guard(bytes: Uint8Array, size: number | undefined): void {
    const { hashes = {} } = this.#promised;
    const isHashed = this.#options.verify === false || Object.keys(hashes).some((name) => name !== "AutoV1");
    guardStart(bytes, { path: this.#path, url: this.#request.url, size, isHashed });
  }

  /** Looks once more, at the file as it is, where no hash has proved it. */
  #checkStart(part: PartFile): void {
    try {
      this.#guard(part.start(judgedBytes), part.covered);
    } catch (error) {
      part.restart();
      throw error;
    }
  }

  /** What a write has to wait for: a pause, or the bandwidth limit. */
  #pace(bytes: Uint8Array): Promise<void> | undefined {
    const { gate, throttle } = this.#options;
    return gate?.() ?? throttle?.take(bytes.byteLength, this.#request.signal);
  }

  /** Refuses a file whose size is not the promised one, or says what came in its place. */
  async #checkSize(part: PartFile, response: Response, total: number | undefined): Promise<void> {
    try {
      this.#checkTotal(part, total);
    } catch (error) {
      if (total! < 65_536) this.#guard(new TextEncoder().encode(await readText(response)), undefined);
      throw error;
    }
  }

  #checkTotal(part: PartFile, total: number | undefined): void {
    const { sizeBytes } = this.#promised;
    if (total === undefined || sizeBytes === undefined || this.#options.verify === false) return;
    if (!isOtherSize(total, sizeBytes)) return;
    throw new VerificationError(`downloading "${this.#url}": it has ${total} bytes and should have ${sizeBytes}`, {
      code: "size_mismatch",
      algorithm: "size",
      expected: String(sizeBytes),
      actual: String(total),
      path: part.partPath,
    });
  }

  /** Takes note of what an answer's head says of the file, and looks for room on the disk. */
  #checkBeforeWriting(part: PartFile, response: Response, asked: Request, total: number | undefined): void {
    const isFirst = part.covered === 0;
    const validator = validatorOf(response, asked);
    if (isFirst || part.total === undefined || part.validator === undefined) {
      part.identify(total ?? plainLength(response.headers), validator ?? part.validator);
    }
    if (!isFirst || total === undefined) return;
    const free = freeBytes(dirname(this.#path));
    const needed = total - part.allocatedBytes + spareBytes;
    if (free !== undefined && free < needed) {
      throw new DiskError(
        `downloading to ${JSON.stringify(this.#path)}: ${formatBytes(needed)} are needed and ${
          formatBytes(free)
        } are free`,
        { code: "no_space", path: this.#path },
      );
    }
  }

  #progress(downloadedBytes: number, totalBytes: number | undefined, isLast = false): void {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return;
    const now = this.#clock.now();
    if (!isLast && now - this.#lastProgress < progressMs) return;
    this.#lastProgress = now;
    try {
      onProgress({ downloadedBytes, totalBytes, bytesPerSecond: this.#speed.bytesPerSecond() });
    } catch {
      // observers cannot break the observed
    }
  }

  /** Waits and returns when the download can go on after `error`; throws it otherwise. */
  async #survive(error: unknown, part: PartFile): Promise<void> {
    const { signal } = this.#request;
    signal.throwIfAborted();
    if (!(error instanceof CivikitError)) throw wrapUnknown(error, part.partPath);
    let waitMs: number | undefined;
    if (error === this.#change?.error) return await this.#adopt(part, this.#change.total);
    if (error instanceof HttpError) {
      // in mid-download a refusal may be an expired link: the original URL finds a new one
      const isExpired = part.covered > 0 && errorIs("expired", error);
      const isPassing = errorIs("passing", error) || errorIs("failing", error);
      if (!isExpired && !isPassing || errorIs("final", error)) throw error;
      if (isExpired && this.#persistence.count > 1) throw error;
      waitMs = error.retryAfterMs;
      if (waitMs !== undefined && waitMs > longestWaitMs) throw error;
    } else if (error instanceof ContentError) {
      // a layer below that says the file has changed has looked at the head alone: this run asks and looks itself
      if (!errorIs("misleading", error)) throw error;
      if (error.code === "protocol_violation" && ++this.#untrusted >= mostUntrusted) this.#isPlain = true;
    } else if (!(error instanceof NetworkError)) {
      throw error;
    } else if (errorIs("final", error) || part.covered === 0 && errorIs("unreachable", error)) {
      throw error;
    }
    if (!this.#persistence.mayGoOn(error)) throw error;
    const attempt = this.#persistence.count;
    this.#context.report({
      type: "resume",
      url: this.#url,
      receivedBytes: part.covered,
      attempt,
      code: error.code,
    });
    part.flush();
    await this.#persistence.pause(attempt - 1, signal, waitMs);
  }

  /**
   * The file has another name for its bytes at the source, or other bytes. Those that are there stay while the promised
   * hash is the same, for it will judge them. But each attempt has to bring some: where none does, it is what is known of
   * the file that is wrong. A file that has not the promised size is refused.
   */
  async #adopt(part: PartFile, total: number | undefined): Promise<void> {
    const before = this.#promised.hashes?.SHA256?.toLowerCase();
    if (this.#options.refresh !== undefined) this.#promised = await this.#options.refresh();
    this.#checkTotal(part, total);
    const isKept = before !== undefined && before === this.#promised.hashes?.SHA256?.toLowerCase();
    if (!isKept || ++this.#persistence.count > mostKept) return this.#restart(part);
    part.identify(part.total, undefined);
    part.suspect();
  }

  /** Compares hashes; mends what can be mended; throws, and puts the file into quarantine, when it is wrong for good. */
  async #verify(part: PartFile): Promise<{ digests: Digests; verified: boolean }> {
    let digests = await this.#digests(part);
    const judge = () => compareDigests(this.#promised.hashes ?? {}, digests);
    let verdict = judge();
    if (this.#options.verify === false) return { digests, verified: false };
    for (const mend of this.#options.repair === false ? [] : [this.#mendSuspects, this.#mendAll]) {
      if (verdict.differing.length === 0) break;
      if (!await this.#mends(part, mend)) continue;
      part.rehash();
      digests = await this.#digests(part);
      verdict = judge();
    }
    if (verdict.differing.length > 0) throw await this.#quarantine(part, verdict, digests);
    return { digests, verified: verdict.agreed.some((name) => name !== "AutoV1") };
  }

  /**
   * The hashes of bytes that lie on the disk just as they came. Another program may have damaged them after they were
   * hashed: so each span is read once more, beside the last of the hashing, and fetched again where it is another one.
   */
  async #digests(part: PartFile): Promise<Digests> {
    for (let mends = 0;; mends++) {
      const digests = this.#race(part.digests());
      // nobody waits for those of damaged bytes
      digests.catch(() => {});
      if (await part.dropDamaged() === 0) return await digests;
      if (this.#options.repair === false || mends === mostRestarts) {
        throw new DiskError(`verifying ${JSON.stringify(part.partPath)}: its bytes are not those that were written`, {
          code: "disk_error",
          path: part.partPath,
        });
      }
      this.#phase("repairing", part, "disk");
      await this.#fill(part);
      part.rehash();
    }
  }

  async #mends(part: PartFile, mend: (part: PartFile) => Promise<boolean>): Promise<boolean> {
    try {
      return await mend.call(this, part);
    } catch (error) {
      if (!isCode(error, "content_changed")) throw error;
      // wrong bytes, and of another file than the one to be had now
      this.#restart(part, false);
      await this.#fill(part);
      return true;
    }
  }

  async #race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#request;
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([work, promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Damage on the way: what an earlier run left is suspected first. */
  async #mendSuspects(part: PartFile): Promise<boolean> {
    const { restored } = part;
    if (restored.length === 0 || part.resumedBytes >= part.covered) return false;
    this.#phase("repairing", part, "earlier run");
    return await this.#compare(part, restored);
  }

  async #mendAll(part: PartFile): Promise<boolean> {
    this.#phase("repairing", part, "all");
    return await this.#compare(part, [{ start: 0, end: part.covered }]);
  }

  /** Fetches spans a second time and puts right what differs; tells whether anything did. */
  async #compare(part: PartFile, spans: readonly Span[]): Promise<boolean> {
    const size = part.covered;
    const checked = new SpanSet();
    let differs = false;
    const check = (bytes: Uint8Array, at: number) => {
      const useful = bytes.subarray(0, Math.max(0, size - at));
      checked.add(at, at + useful.byteLength);
      if (part.isSame(useful, at)) return;
      differs = true;
      part.overwrite(useful, at);
    };
    for (const { start, end } of spans) {
      for (;;) {
        const [hole] = checked.holes(end, start);
        if (hole === undefined) break;
        const before = checked.covered;
        this.#persistence.begin();
        try {
          await this.#fetchAgain({ ...hole, total: part.total }, check);
          if (checked.covered <= before) throw this.#nothingNew();
        } catch (error) {
          if (checked.covered > before) this.#persistence.reset();
          if (!isCode(error, "content_changed")) await this.#survive(error, part);
          else if (!this.#persistence.mayGoOn(error as CivikitError)) throw error;
        }
      }
    }
    return differs;
  }

  /** Gives the bytes of a span, as they come now, to `check`. */
  async #fetchAgain(wanted: Wanted, check: (bytes: Uint8Array, at: number) => void): Promise<void> {
    const answered = await this.#ask(wanted);
    const { response, answer } = answered;
    try {
      if (answer.kind === "whole") guardHead(response.headers, this.#path, this.#request.url);
    } catch (error) {
      discard(response);
      throw error;
    }
    const isOther = answer.kind === "whole" && (answer.total ?? wanted.total) !== wanted.total;
    if (isOther || answer.kind !== "part" && answer.kind !== "whole") {
      await response.body?.cancel();
      throw partError(answered);
    }
    const base = answer.kind === "part" ? answer.start : 0;
    const held = base > 0 ? undefined : holdStart(check, (bytes, size = answer.total) => this.#guard(bytes, size));
    const put = held?.write ?? check;
    const length = await save(response, {
      write: async (bytes, offset) => {
        await this.#pace(bytes);
        put(bytes, base + offset);
      },
    });
    held?.end(length);
  }

  /** Keeps a file that is wrong for good out of the way, with a report beside it. */
  async #quarantine(part: PartFile, verdict: Verdict, digests: Digests): Promise<VerificationError> {
    const name = `${this.#path}.quarantine`;
    const wanted = this.#promised.hashes ?? {};
    await part.seal();
    part.publish(name, true);
    const failure = mismatch(verdict, wanted, digests, name);
    try {
      writeReport(`${name}.json`, this.#url, wanted, digests, verdict);
    } catch (error) {
      // that the bytes are wrong matters more than where it is written down
      failure.cause = wrapDiskError(error, `${name}.json`, "writing the report");
    }
    return failure;
  }
}

/** The API rounds some sizes to whole KiB; beyond that a size is exact. */
function isOtherSize(actual: number, promised: number): boolean {
  return actual !== promised && !(promised % 1024 === 0 && Math.abs(actual - promised) < 1024);
}

function wrapUnknown(error: unknown, path: string): unknown {
  if (error instanceof RangeError && /allocation|memory/i.test(error.message)) {
    return new DiskError(`downloading to ${JSON.stringify(path)}: out of memory`, {
      code: "out_of_memory",
      path,
      cause: error,
    });
  }
  return error;
}
