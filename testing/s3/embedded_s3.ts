import { systemClock } from "../../transport/internal.ts";
import type { Clock, Transport } from "../../transport/mod.ts";
import { inProcess } from "../in_process.ts";
import { answerS3 } from "./answer_s3.ts";
import { errorAnswer, readAsk, refusal, type S3Abilities, type S3Ask } from "./s3_ask.ts";
import { faultTaker, type S3Fault, type S3Operation } from "./s3_faults.ts";
import type { S3Upload, Shelf, StoredObject } from "./shelf.ts";
import { checkSignature, type S3User } from "./signature.ts";

/** Options of {@linkcode embeddedS3}. */
export interface EmbeddedS3Options extends Partial<S3Abilities> {
  /** Names of its buckets, empty at first. Default `["models"]`. */
  buckets?: readonly string[];
  /** Who may do what, by access key id. Default: see {@linkcode EmbeddedS3.user}. */
  users?: Readonly<Record<string, S3User>>;
  /** The region a signature has to name. Default `us-east-1`. */
  region?: string;
  /** How far its clock is ahead, in milliseconds. Default 0. */
  skewMs?: number;
  /** Time. Default: the machine's; see {@linkcode fakeClock}. */
  clock?: Clock;
}

/** One request to an {@linkcode EmbeddedS3}. */
export interface S3LogEntry {
  /** What it wanted; undefined where this server knows no such thing. */
  readonly operation: S3Operation | undefined;
  /** What it was about. */
  readonly key: string;
  /** Bytes that came with it. */
  readonly sentBytes: number;
  /** Status of the answer. */
  readonly status: number;
}

/** A store for objects: a {@linkcode Transport} as it is, a server once it listens. */
export interface EmbeddedS3 extends Transport {
  /** `https://s3.example`; its address once it listens. Without a slash at the end. */
  readonly url: string;
  /** A user who may write. */
  readonly user: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** What is in a bucket, by key; what is changed there is changed. */
  objects(bucket?: string): Map<string, StoredObject>;
  /** Uploads under way in a bucket, by id. */
  uploads(bucket?: string): ReadonlyMap<string, S3Upload>;
  /** Requests, oldest first. */
  readonly log: readonly S3LogEntry[];
  /** Adds trouble. */
  add(...faults: S3Fault[]): void;
  /** All trouble off. */
  heal(): void;
  /** Serves the same on a port of this machine. */
  listen(options?: { readonly port?: number }): EmbeddedS3Server;
}

/** An {@linkcode EmbeddedS3} that listens on `http://127.0.0.1:port`. */
export interface EmbeddedS3Server extends EmbeddedS3, AsyncDisposable {
  /** Ends it and frees the port. */
  close(): Promise<void>;
}

/** An answer whose body ends after `bytes`, before the length it has told. */
async function cut(response: Response, bytes: number): Promise<Response> {
  const { status, headers } = response;
  return new Response(new Blob([(await response.bytes()).slice(0, bytes)]).stream(), { status, headers });
}

/**
 * Storage for objects as Amazon S3, Cloudflare R2 and MinIO have it: in memory, with signatures (Signature Version 4),
 * checksums, conditional writes and uploads in parts checked as the real ones check them, and faults on order. Addresses
 * have the bucket in the path.
 *
 * In one process it needs no permission; `listen()` needs `--allow-net=127.0.0.1`.
 *
 * @param options See {@linkcode EmbeddedS3Options}.
 * @example
 * ```ts
 * import { embeddedS3 } from "@civikit/civikit/testing";
 *
 * const s3 = embeddedS3({ buckets: ["models"] });
 * s3.add({ kind: "refuse", status: 503, code: "SlowDown", times: 2 });
 * const { status } = await s3.fetch(new Request(`${s3.url}/models/a`));
 * console.log(status, s3.objects().size); // 503 0
 * ```
 */
export function embeddedS3({
  buckets: names = ["models"],
  users,
  region = "us-east-1",
  skewMs = 0,
  clock = systemClock,
  conditionalWrites = true,
  checksums = true,
  fullChecksums = true,
  listUploads = true,
  minPartBytes = 5 * 1024 * 1024,
}: EmbeddedS3Options = {}): EmbeddedS3 {
  const user = { accessKeyId: "EMBEDDEDACCESSKEY", secretAccessKey: "embedded/secret+access/key0123456789abcd" };
  const buckets = new Map<string, Shelf>(names.map((name) => [name, { objects: new Map(), uploads: new Map() }]));
  const abilities = { conditionalWrites, checksums, fullChecksums, listUploads, minPartBytes };
  const known = new Map(Object.entries(users ?? { [user.accessKeyId]: user }));
  const nowMs = () => clock.date() + skewMs;
  const waiting: { fault: S3Fault; left: number; skip: number }[] = [];
  const takeFault = faultTaker(waiting);
  const log: S3LogEntry[] = [];

  async function handled(request: Request): Promise<Response> {
    const ask = readAsk(request);
    const isHead = request.method === "HEAD";
    // whoever sends it may be gone
    const body = request.body === null ? new Uint8Array() : await request.bytes().catch(() => undefined);
    if (body === undefined) return errorAnswer(refusal(400, "IncompleteBody"), isHead);
    const answered = ask === undefined ? undefined : await done(request, ask, body, isHead);
    const response = answered ??
      errorAnswer({ status: 501, code: "NotImplemented", message: "this server does not know that" }, isHead);
    log.push({ operation: ask?.operation, key: ask?.key ?? "", sentBytes: body.length, status: response.status });
    response.headers.set("date", new Date(nowMs()).toUTCString());
    return response;
  }

  async function done(
    request: Request,
    ask: S3Ask,
    body: Uint8Array<ArrayBuffer>,
    isHead: boolean,
  ): Promise<Response> {
    const signed = checkSignature(request, { users: known, region, nowMs: nowMs() });
    if ("code" in signed) return errorAnswer(signed, isHead);
    const fault = takeFault(ask.operation, ask.key);
    if (fault?.kind === "refuse") {
      const answer = errorAnswer({ status: fault.status, code: fault.code, message: fault.code }, isHead);
      if (fault.retryAfter !== undefined) answer.headers.set("retry-after", String(fault.retryAfter));
      return answer;
    }
    if (fault?.kind === "error_in_200") {
      const { body: text } = errorAnswer({ status: 200, code: "InternalError", message: "Please try again." }, isHead);
      return new Response(text, { headers: { "content-type": "application/xml" } });
    }
    const answer = answerS3(ask, body, signed, { buckets, abilities, nowMs }, fault);
    if ("code" in answer) return errorAnswer(answer, isHead);
    if (fault?.kind === "lose_answer") {
      await answer.body?.cancel();
      return errorAnswer({ status: 500, code: "InternalError", message: "We encountered an internal error." }, isHead);
    }
    return fault?.kind === "cut" ? await cut(answer, fault.after) : answer;
  }

  function shelf(bucket = names[0] ?? ""): Shelf {
    const found = buckets.get(bucket);
    if (found === undefined) throw new RangeError(`looking into bucket "${bucket}": there is none of that name`);
    return found;
  }

  function listen({ port = 0 }: { readonly port?: number } = {}): EmbeddedS3Server {
    const server = Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, handled);
    let closed: Promise<void> | undefined;
    const close = () => closed ??= server.shutdown();
    return { ...s3, url: `http://127.0.0.1:${server.addr.port}`, close, [Symbol.asyncDispose]: close };
  }

  const s3: EmbeddedS3 = {
    url: "https://s3.example",
    ...{ user, log, listen },
    objects: (bucket) => shelf(bucket).objects,
    uploads: (bucket) => shelf(bucket).uploads,
    add(...faults) {
      for (const fault of faults) waiting.push({ fault, left: fault.times ?? 1, skip: fault.skip ?? 0 });
    },
    heal: () => void waiting.splice(0),
    fetch: (request) => inProcess(request, handled),
  };
  return s3;
}
