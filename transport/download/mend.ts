import { SpanSet } from "../body/spans.ts";
import type { Span } from "../body/spans.ts";
import type { Wanted } from "../body/part.ts";
import { partError } from "../body/part_source.ts";
import { save } from "../body/save.ts";
import { type CivikitError, DiskError, isCode, type VerificationError } from "../errors/errors.ts";
import { discard } from "../http/http_status.ts";
import { redactUrl } from "../http/redact.ts";
import type { Digests } from "./digest_engine.ts";
import { wrapDiskError } from "./disk.ts";
import type { Fill } from "./fill.ts";
import { guardHead, holdStart } from "./guard.ts";
import type { Download, Recovery } from "./recovery.ts";
import { compareDigests, mismatch, type Verdict, writeReport } from "./verify.ts";

const mostMends = 3;

/** Compares a full part file with its hashes, and mends what can be mended. */
export class Mend {
  readonly #download: Download;
  readonly #recovery: Recovery;
  readonly #fill: Fill;

  /** Reads nothing yet. */
  constructor(download: Download, recovery: Recovery, fill: Fill) {
    this.#download = download;
    this.#recovery = recovery;
    this.#fill = fill;
  }

  /**
   * The hashes, and whether a promised one agrees.
   *
   * @throws {VerificationError} When the file is wrong for good; it is put into quarantine.
   */
  async run(): Promise<{ digests: Digests; verified: boolean }> {
    const { expected, options, part } = this.#download;
    let digests = await this.#digests();
    const judge = () => compareDigests(expected.hashes, digests);
    let verdict = judge();
    if (options.verify === false) return { digests, verified: false };
    for (const mend of options.repair === false ? [] : [this.#mendSuspects, this.#mendAll]) {
      if (verdict.differing.length === 0) break;
      if (!await this.#mends(mend)) continue;
      part.rehash();
      digests = await this.#digests();
      verdict = judge();
    }
    if (verdict.differing.length > 0) throw await this.#quarantine(verdict, digests);
    return { digests, verified: verdict.agreed.some((name) => name !== "AutoV1") };
  }

  /**
   * The hashes of bytes that lie on the disk just as they came. Another program may have damaged them after they were
   * hashed: so each span is read once more, beside the last of the hashing, and fetched again where it is another one.
   */
  async #digests(): Promise<Digests> {
    const { options, part } = this.#download;
    for (let mends = 0;; mends++) {
      const digests = this.#race(part.digests());
      // nobody waits for those of damaged bytes
      digests.catch(() => {});
      if (await part.dropDamaged() === 0) return await digests;
      if (options.repair === false || mends === mostMends) {
        throw new DiskError(`verifying ${JSON.stringify(part.partPath)}: its bytes are not those that were written`, {
          code: "disk_error",
          path: part.partPath,
        });
      }
      this.#recovery.phase("repairing", "disk");
      await this.#fill.run();
      part.rehash();
    }
  }

  async #race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#download.request;
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([work, promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async #mends(mend: () => Promise<boolean>): Promise<boolean> {
    try {
      return await mend.call(this);
    } catch (error) {
      if (!isCode(error, "content_changed")) throw error;
      // wrong bytes, and of another file than the one to be had now
      this.#recovery.restart(false);
      await this.#fill.run();
      return true;
    }
  }

  /** Damage on the way: what an earlier run left is suspected first. */
  async #mendSuspects(): Promise<boolean> {
    const { restored, resumedBytes, covered } = this.#download.part;
    if (restored.length === 0 || resumedBytes >= covered) return false;
    this.#recovery.phase("repairing", "earlier run");
    return await this.#compare(restored);
  }

  async #mendAll(): Promise<boolean> {
    this.#recovery.phase("repairing", "all");
    return await this.#compare([{ start: 0, end: this.#download.part.covered }]);
  }

  /** Fetches spans a second time and puts right what differs; tells whether anything did. */
  async #compare(spans: readonly Span[]): Promise<boolean> {
    const { part, persistence } = this.#download;
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
      for (let [hole] = checked.holes(end, start); hole !== undefined; [hole] = checked.holes(end, start)) {
        const wanted = { ...hole, total: part.total };
        await this.#recovery.attempt(() => checked.covered, async () => {
          try {
            await this.#fetchAgain(wanted, check);
            return false;
          } catch (error) {
            if (!isCode(error, "content_changed") || !persistence.mayGoOn(error as CivikitError)) throw error;
            return true;
          }
        });
      }
    }
    return differs;
  }

  /** Gives the bytes of a span, as they come now, to `check`. */
  async #fetchAgain(wanted: Wanted, check: (bytes: Uint8Array, at: number) => void): Promise<void> {
    const { expected, request: { url }, source, target } = this.#download;
    const answered = await source.ask(wanted);
    const { response, answer } = answered;
    try {
      if (answer.kind === "whole") guardHead(response.headers, target.path, url);
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
    const guard = (bytes: Uint8Array, size = answer.total) => expected.guard(bytes, target.path, url, size);
    const held = base > 0 ? undefined : holdStart(check, guard);
    const length = await save(response, this.#fill.paced(held?.write ?? check, base));
    held?.end(length);
  }

  /** Keeps a file that is wrong for good out of the way, with a report beside it. */
  async #quarantine(verdict: Verdict, digests: Digests): Promise<VerificationError> {
    const { expected: { hashes }, part, request, target } = this.#download;
    const name = `${target.path}.quarantine`;
    await part.seal();
    await part.publish(name, true);
    const failure = mismatch(verdict, hashes, digests, name);
    try {
      writeReport(`${name}.json`, redactUrl(request.url), hashes, digests, verdict);
    } catch (error) {
      // that the bytes are wrong matters more than where it is written down
      failure.cause = wrapDiskError(error, `${name}.json`, "writing the report");
    }
    return failure;
  }
}
