/**
 * One TCP connection as the origin uses it: whole request heads in, bytes out, and an end of choice. It sits on
 * `node:net` because that is Deno's only way to send a reset on purpose.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Ending } from "./faults.ts";

/** The head of a request. */
export interface Head {
  /** Method, in upper case. */
  readonly method: string;
  /** The target as sent: path and query. */
  readonly target: string;
  /** Header fields as sent, joined where repeated. */
  readonly headers: Headers;
}

/** One connection. */
export interface Wire {
  /** The next request; undefined once the client is gone or talks nonsense. Bodies of requests are read and dropped. */
  next(): Promise<Head | undefined>;
  /** Hands bytes to the kernel; false once the connection is gone. */
  write(bytes: Uint8Array): Promise<boolean>;
  /** Ends the connection; resolves when it is gone. */
  end(how: Ending): Promise<void>;
  /** Tells whether the connection is gone. */
  isGone(): boolean;
  /** Resolves when the connection is gone. */
  readonly gone: Promise<void>;
  /** Waits, but not longer than the connection lives. */
  pause(ms: number): Promise<void>;
}

const maxHeadBytes = 64 * 1024;

function parseHead(text: string): Head | undefined {
  const [first = "", ...lines] = text.split("\r\n");
  const [method, target] = first.split(" ");
  if (!method || !target) return undefined;
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  // the absolute form is what proxies are sent
  return { method: method.toUpperCase(), target: target.replace(/^https?:\/\/[^/]+/i, "") || "/", headers };
}

/** Wraps `socket`, which must be fresh. */
export function wire(socket: Socket): Wire {
  let buffered = Buffer.alloc(0);
  let wake = () => {};
  let isClosed = false;
  const gone = new Promise<void>((resolve) => {
    socket.once("close", () => {
      isClosed = true;
      wake();
      resolve();
    });
  });
  socket.setNoDelay(true);
  socket.on("error", () => {}); // a client that resets is nothing special; "close" follows
  socket.on("data", (chunk: Uint8Array) => {
    buffered = Buffer.concat([buffered, chunk]);
    wake();
  });
  socket.on("end", () => wake());

  async function more(): Promise<boolean> {
    if (isClosed || socket.readableEnded) return false;
    await new Promise<void>((resolve) => wake = resolve);
    return !isClosed;
  }

  async function next(): Promise<Head | undefined> {
    let end: number;
    while ((end = buffered.indexOf("\r\n\r\n")) < 0) {
      if (buffered.length > maxHeadBytes || !await more()) return undefined;
    }
    const head = parseHead(buffered.toString("latin1", 0, end));
    buffered = buffered.subarray(end + 4);
    let body = Number(head?.headers.get("content-length") ?? 0);
    while (body > 0) {
      const taken = Math.min(body, buffered.length);
      buffered = buffered.subarray(taken);
      body -= taken;
      if (body > 0 && !await more()) return undefined;
    }
    return head;
  }

  function write(bytes: Uint8Array): Promise<boolean> {
    if (isClosed || socket.destroyed) return Promise.resolve(false);
    const flushed = new Promise<boolean>((resolve) => socket.write(bytes, (error) => resolve(!error)));
    return Promise.race([flushed, gone.then(() => false)]);
  }

  async function end(how: Ending): Promise<void> {
    if (how === "rst") socket.resetAndDestroy();
    else socket.destroySoon();
    await gone;
  }

  async function pause(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([new Promise((resolve) => timer = setTimeout(resolve, ms)), gone]);
    clearTimeout(timer);
  }

  return { next, write, end, isGone: () => isClosed, gone, pause };
}
