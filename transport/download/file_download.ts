import { dirname } from "node:path";
import { Persistence } from "../body/persistence.ts";
import { systemClock } from "../clock.ts";
import { CivikitError, isCode } from "../errors/errors.ts";
import { wholeWithin, within } from "../errors/option.ts";
import type { Transport } from "../transport.ts";
import { ensureFolder } from "./disk.ts";
import type { DownloadOptions, DownloadResult } from "./download_options.ts";
import { Expected } from "./expected.ts";
import { FileSource } from "./file_source.ts";
import { Fill } from "./fill.ts";
import { Mend } from "./mend.ts";
import { PartFile } from "./part_file.ts";
import { Progress } from "./progress.ts";
import { type Download, Recovery } from "./recovery.ts";
import { Target } from "./target.ts";
import { redactUrl } from "../http/redact.ts";

/** One download from its first look at the disk to the final name. */
export class FileDownload {
  readonly #download: Omit<Download, "part">;
  readonly #openPart: () => Promise<PartFile>;

  /** Checks what was asked for; touches nothing yet. */
  constructor(transport: Transport, request: Request, path: string, options: DownloadOptions) {
    const { maxAttempts = 5, delayMs = 500, flushBytes = 8 * 1024 * 1024, replace = false, resume = true } = options;
    const { clock = systemClock, random = Math.random } = options;
    wholeWithin("maxAttempts", maxAttempts, 0, 100);
    within("delayMs", delayMs, 0, 600_000);
    wholeWithin("flushBytes", flushBytes, 64 * 1024, 64 * 1024 * 1024);
    const { signal, url } = request;
    const expected = new Expected(redactUrl(url), options);
    const target = new Target(path, request, options, expected, clock);
    const progress = new Progress(options, clock);
    const source = new FileSource(transport, request, progress.context, clock);
    const persistence = new Persistence({ maxAttempts, delayMs, clock, random });
    this.#download = { request, options, expected, target, progress, source, persistence };
    this.#openPart = () => {
      const { hashes, names } = expected;
      return PartFile.open({ path: target.path, url, hashes, names, replace, resume, flushBytes, clock, signal });
    };
  }

  /** See `download`. */
  async run(): Promise<DownloadResult> {
    const { request: { signal }, target } = this.#download;
    signal.throwIfAborted();
    ensureFolder(dirname(target.path));
    const existing = await target.existing().catch((error) => {
      // it may be called otherwise
      if (target.isNamed || !isCode(error, "target_exists")) throw error;
    });
    return existing ?? await this.#runWith(await this.#openPart());
  }

  /** All bytes; or, once the file has its name, what is there under it already. */
  async #fetch(part: PartFile, fill: Fill, recovery: Recovery): Promise<DownloadResult | undefined> {
    if (part.resumedBytes > 0) recovery.phase("resuming", part.proof);
    else recovery.phase("started");
    return await fill.run();
  }

  async #runWith(part: PartFile): Promise<DownloadResult> {
    const { options: { replace = false }, progress, request: { signal }, target } = this.#download;
    const download = { ...this.#download, part };
    const recovery = new Recovery(download);
    try {
      const fill = new Fill(download, recovery);
      const existing = await target.take(part.name, part) ?? await this.#fetch(part, fill, recovery);
      if (existing !== undefined) {
        await part.close();
        return existing;
      }
      recovery.phase("verifying");
      const { digests, verified } = await new Mend(download, recovery, fill).run();
      if (!verified) fill.checkStart();
      await part.seal();
      signal.throwIfAborted();
      await part.publish(target.path, replace);
      const { covered: bytes, resumedBytes } = part;
      progress.tell(bytes, bytes, true);
      recovery.phase("finished");
      const { elapsedMs, path } = target;
      return { path, bytes, digests, verified, skipped: false, resumedBytes, elapsedMs };
    } catch (error) {
      recovery.phase("failed", error instanceof CivikitError ? error.code : undefined);
      try {
        await part.close();
      } catch {
        // the first failure says more; the journal before it still stands
        part.abandon();
      }
      throw error;
    }
  }
}
