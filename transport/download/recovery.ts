import { errorIs } from "../errors/error_traits.ts";
import { CivikitError, ContentError, DiskError, HttpError, NetworkError } from "../errors/errors.ts";
import { redactUrl } from "../http/redact.ts";
import type { Persistence } from "../body/persistence.ts";
import type { DownloadPhase } from "../transport.ts";
import type { DownloadOptions } from "./download_options.ts";
import type { Expected } from "./expected.ts";
import type { FileSource } from "./file_source.ts";
import type { PartFile } from "./part_file.ts";
import type { Progress } from "./progress.ts";
import type { Target } from "./target.ts";

/** What the steps of one download have in common. */
export interface Download {
  readonly request: Request;
  readonly options: DownloadOptions;
  readonly expected: Expected;
  readonly target: Target;
  readonly part: PartFile;
  readonly progress: Progress;
  readonly source: FileSource;
  readonly persistence: Persistence;
}

const mostRestarts = 3;
/** Attempts in a row to go on with the bytes of a file that is said to have changed, its promised hash being the same. */
const mostKept = 2;
/** A server that wants a longer pause is better asked another day. */
const longestWaitMs = 120_000;

/** What a download makes of its failures. */
export class Recovery {
  readonly #download: Download;
  /** What was asked for, redacted. */
  readonly #url: string;
  #restarts = 0;

  /** Begins with no failure. */
  constructor(download: Download) {
    this.#download = download;
    this.#url = redactUrl(download.request.url);
  }

  /**
   * Tries once, and waits when that failed and may be tried again. An attempt that adds nothing to what is `there` has
   * failed too, unless it says that it is done.
   */
  async attempt(there: () => number, work: () => Promise<boolean>): Promise<void> {
    const { persistence } = this.#download;
    const before = there();
    persistence.begin();
    try {
      const isDone = await work();
      if (!isDone && there() <= before) throw this.#nothingNew();
      if (there() > before) persistence.reset();
    } catch (error) {
      if (there() > before) persistence.reset();
      await this.#survive(error);
    }
  }

  #nothingNew(): NetworkError {
    return new NetworkError(`downloading "${this.#url}": the answer brought no new byte`, {
      code: "body_incomplete",
      url: this.#url,
    });
  }

  /** Waits and returns when the download can go on after `error`; throws it otherwise. */
  async #survive(error: unknown): Promise<void> {
    const { part, persistence, progress, request: { signal }, source } = this.#download;
    signal.throwIfAborted();
    if (!(error instanceof CivikitError)) throw wrapUnknown(error, part.partPath);
    if (error === source.change?.error) return await this.#adopt(source.change.total);
    if (!this.#isSurvivable(error)) throw error;
    if (error.code === "protocol_violation") source.distrust();
    if (!persistence.mayGoOn(error)) throw error;
    const attempt = persistence.count;
    progress.context.report({
      type: "resume",
      url: this.#url,
      receivedBytes: part.covered,
      attempt,
      code: error.code,
    });
    part.flush();
    await persistence.pause(attempt - 1, signal, error instanceof HttpError ? error.retryAfterMs : undefined);
  }

  #isSurvivable(error: CivikitError): boolean {
    if (errorIs("final", error)) return false;
    const isUnderWay = this.#download.part.covered > 0;
    if (error instanceof HttpError) {
      if ((error.retryAfterMs ?? 0) > longestWaitMs) return false;
      // in mid-download a refusal may be an expired link: the original URL finds a new one
      if (isUnderWay && errorIs("expired", error)) return this.#download.persistence.count <= 1;
      return errorIs("passing", error) || errorIs("failing", error);
    }
    // a layer below that says the file has changed has looked at the head alone: this run asks and looks itself
    if (error instanceof ContentError) return errorIs("misleading", error);
    return error instanceof NetworkError && (isUnderWay || !errorIs("unreachable", error));
  }

  /**
   * The file has another name for its bytes at the source, or other bytes. Those that are there stay while the promised
   * hash is the same, for it will judge them. But each attempt has to bring some: where none does, it is what is known of
   * the file that is wrong. A file that has not the promised size is refused.
   */
  async #adopt(total: number | undefined): Promise<void> {
    const { expected, part, persistence } = this.#download;
    const isSame = await expected.refresh();
    expected.checkTotal(total, part.partPath);
    if (!isSame || ++persistence.count > mostKept) return this.restart();
    part.identify(part.total, undefined);
    part.suspect();
  }

  /** Begins again with what the source has now. */
  restart(isKept: boolean = this.#download.options.keepReplaced !== false): void {
    const { part, persistence } = this.#download;
    if (++this.#restarts > mostRestarts) {
      throw new ContentError(`downloading "${this.#url}": the file keeps changing`, {
        code: "content_changed",
        url: this.#url,
      });
    }
    persistence.reset();
    // only once: what came since is of a file that keeps changing
    if (isKept && this.#restarts === 1 && part.covered > 0) part.setAside();
    else part.restart();
    this.phase("restarted");
  }

  /** The download entered a phase. */
  phase(phase: DownloadPhase, note?: string): void {
    const { part, progress, target } = this.#download;
    progress.phase(phase, target.path, part.covered, part.total, note);
  }
}

function wrapUnknown(error: unknown, path: string): unknown {
  if (!(error instanceof RangeError) || !/allocation|memory/i.test(error.message)) return error;
  return new DiskError(`downloading to ${JSON.stringify(path)}: out of memory`, {
    code: "out_of_memory",
    path,
    cause: error,
  });
}
