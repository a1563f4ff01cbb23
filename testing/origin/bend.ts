/**
 * How each fault bends an honest answer.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { type Content, fixed, flipped, joined } from "./content.ts";
import type { Deed, Ending, Framing, OriginFile, Scene } from "./faults.ts";

/** An answer about to be sent; faults bend it. */
export interface Plan {
  /** The status line's number. */
  status: number;
  /** Headers, without Content-Length and Transfer-Encoding, which follow from the rest. */
  headers: Record<string, string>;
  /** What the body is cut from. */
  content: Content;
  /** First byte of the body in `content`. */
  start: number;
  /** Bytes of the body. */
  length: number;
  /** Content-Length, where it is not `length`. */
  declared?: number;
  /** How the end is marked. */
  framing: Framing;
  /** Wrong bytes sent after the body. */
  junk: number;
  /** Where the body ends early, and how. */
  cut?: { after: number; how: Ending };
  /** Where the body stops for ever. */
  stallAfter?: number;
  /** The speed limit. */
  rate?: { bytesPerSecond: number; after: number };
  /** How long the headers take. */
  delayMs: number;
  /** Given instead of any answer. */
  instead?: "hang" | "garbage" | Ending;
}

/** Makes `plan` a short text answer. */
export function sayInstead(plan: Plan, status: number, text: string, headers: Record<string, string> = {}): void {
  const content = fixed(new TextEncoder().encode(text));
  plan.status = status;
  plan.headers = { "Content-Type": "application/json; charset=utf-8", ...headers };
  plan.content = content;
  plan.start = 0;
  plan.length = content.size;
  delete plan.declared;
}

function setSpan(plan: Plan, start: number, length: number): void {
  plan.start = start;
  plan.length = length;
  plan.headers["Content-Range"] = `bytes ${start}-${start + length - 1}/${plan.content.size}`;
}

type Act<K extends Deed["kind"]> = (plan: Plan, fault: Extract<Deed, { kind: K }>, scene: Scene) => boolean;
type ReplyKind = Exclude<Deed["kind"], "replace" | "validators">;

/** How each fault bends the honest answer; false when it would change nothing here. */
const acts: { readonly [K in ReplyKind]: Act<K> } = {
  ignore_range(plan) {
    if (plan.status !== 206) return false;
    plan.status = 200;
    delete plan.headers["Content-Range"];
    plan.start = 0;
    plan.length = plan.content.size;
    return true;
  },
  shift_range(plan, { by }) {
    const start = Math.max(0, plan.start + by);
    const end = plan.start + plan.length;
    if (plan.status !== 206 || start >= end || start === plan.start) return false;
    setSpan(plan, start, end - start);
    return true;
  },
  no_content_range(plan) {
    if (plan.status !== 206) return false;
    delete plan.headers["Content-Range"];
    return true;
  },
  multipart(plan) {
    if (plan.status !== 206) return false;
    const part = `--gap\r\nContent-Type: ${plan.headers["Content-Type"]}\r\nContent-Range: ${
      plan.headers["Content-Range"]
    }\r\n\r\n`;
    const { content, start, length } = plan;
    plan.content = joined(
      fixed(new TextEncoder().encode(part)),
      { size: length, read: (at, size) => content.read(start + at, size) },
      fixed(new TextEncoder().encode("\r\n--gap--\r\n")),
    );
    plan.start = 0;
    plan.length = plan.content.size;
    plan.headers["Content-Type"] = "multipart/byteranges; boundary=gap";
    delete plan.headers["Content-Range"];
    return true;
  },
  wrong_total(plan, { by }) {
    if (plan.status !== 206) return false;
    const total = Math.max(plan.start + plan.length, plan.content.size + by);
    if (total === plan.content.size) return false;
    plan.headers["Content-Range"] = `bytes ${plan.start}-${plan.start + plan.length - 1}/${total}`;
    return true;
  },
  short_range(plan, { bytes, claim }) {
    if (plan.status !== 206 || bytes < 1 || bytes >= plan.length) return false;
    if (claim === "full") plan.cut = { after: bytes, how: "fin" };
    if (claim === "honest") setSpan(plan, plan.start, bytes);
    if (claim === "range") plan.length = bytes;
    return true;
  },
  overlong(plan, { bytes, claim }) {
    if (plan.status !== 200 && plan.status !== 206) return false;
    if (claim === "honest") {
      const more = Math.min(bytes, plan.content.size - plan.start - plan.length);
      if (plan.status !== 206 || more <= 0) return false;
      setSpan(plan, plan.start, plan.length + more);
      return true;
    }
    if (claim === "range") plan.declared = plan.length + bytes;
    plan.junk = bytes;
    return true;
  },
  status(plan, { status, body, headers, retryAfter }) {
    sayInstead(plan, status, body ?? `{"error":"status ${status}"}`, {
      ...(retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) }),
      ...headers,
    });
    return true;
  },
  redirect(plan, { to, status = 307 }) {
    sayInstead(plan, status, "", { Location: to });
    return true;
  },
  redirect_chain(plan, { hops }, { path, query }) {
    const hop = Number(query.get("hop") ?? 0);
    if (hop >= hops) return false;
    sayInstead(plan, 307, "", { Location: `${path}?hop=${hop + 1}` });
    return true;
  },
  redirect_loop(plan, _fault, { path, query }) {
    sayInstead(plan, 307, "", { Location: query.has("again") ? path : `${path}?again` });
    return true;
  },
  login_page(plan) {
    sayInstead(plan, 200, "<!doctype html><html><head><title>Sign in</title></head><body>Sign in</body></html>", {
      "Content-Type": "text/html; charset=utf-8",
    });
    return true;
  },
  error_json(plan, { disguised }) {
    const type = disguised ? "application/octet-stream" : "application/json; charset=utf-8";
    sayInstead(plan, 200, `{"error":"File not found"}`, { "Content-Type": type });
    return true;
  },
  cut(plan, { after, how, framing = "length" }) {
    if (after >= plan.length) return false;
    plan.framing = framing;
    plan.cut = { after, how };
    return true;
  },
  framing(plan, { framing }) {
    plan.framing = framing;
    return true;
  },
  stall(plan, { after }) {
    if (after >= plan.length) return false;
    plan.stallAfter = after;
    return true;
  },
  rate(plan, { bytesPerSecond, after = 0 }) {
    if (after >= plan.length) return false;
    plan.rate = { bytesPerSecond, after };
    return true;
  },
  hang(plan) {
    plan.instead = "hang";
    return true;
  },
  delay(plan, { ms }) {
    plan.delayMs = ms;
    return true;
  },
  unsatisfiable(plan, { total }, { range, size }) {
    if (range === null) return false;
    sayInstead(plan, 416, `<html><body><h1>416 Range Not Satisfiable</h1></body></html>`, {
      "Content-Type": "text/html",
      "Content-Range": `bytes */${total ?? size}`,
    });
    return true;
  },
  max_connections(plan, { connections, status = 403, retryAfter }, scene) {
    if (scene.active <= connections) return false;
    return acts.status(plan, {
      kind: "status",
      status,
      body: `{"error":"too many connections"}`,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    }, scene);
  },
  corrupt(plan, { at, length = 1 }) {
    if (plan.status !== 200 && plan.status !== 206) return false;
    if (at + length <= plan.start || at >= plan.start + plan.length) return false;
    plan.content = flipped(plan.content, at, length);
    return true;
  },
  gzip(plan) {
    if (plan.status !== 200 && plan.status !== 206) return false;
    plan.content = fixed(new Uint8Array(gzipSync(plan.content.read(plan.start, plan.length))));
    plan.start = 0;
    plan.length = plan.content.size;
    plan.headers["Content-Encoding"] = "gzip";
    return true;
  },
  no_answer(plan, { how }) {
    plan.instead = how;
    return true;
  },
  garbage(plan) {
    plan.instead = "garbage";
    return true;
  },
};

/** Bends `plan` by `fault`; false when that would change nothing. `replace` and `validators` bend files instead. */
export function bend(plan: Plan, fault: Deed, scene: Scene): boolean {
  if (fault.kind === "replace" || fault.kind === "validators") return false;
  const act = acts[fault.kind] as (plan: Plan, fault: Deed, scene: Scene) => boolean;
  return act(plan, fault, scene);
}

/** The file as it looks through a `validators` fault. */
export function disguise(
  file: OriginFile,
  { etag, lastModified }: Extract<Deed, { kind: "validators" }>,
  { connection, request }: Scene,
): OriginFile {
  const bare = (file.etag ?? `"${file.content.size}"`).replace(/^W\//, "");
  const tags = {
    weak: `W/${bare}`,
    none: undefined,
    per_connection: bare.replace(/"$/, `-c${connection}"`),
    per_request: bare.replace(/"$/, `-r${request}"`),
  };
  return {
    ...file,
    etag: etag === undefined ? file.etag : tags[etag],
    lastModified: lastModified === undefined ? file.lastModified : lastModified === "now" ? Date.now() : undefined,
  };
}
