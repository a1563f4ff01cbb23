// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * A small download in a process of its own, made to be killed: URL, path, SHA-256, connections, options. Prints one line
 * of JSON when it is done or has failed.
 *
 * @module
 */
import { createHash } from "node:crypto";
import {
  CivikitError,
  download,
  fetchTransport,
  rangeTransport,
  resumeTransport,
  throttle,
  type Transport,
} from "../../transport/mod.ts";

const [url, path, hash, connections, more = "{}"] = Deno.args;
const { limit, slowReader = false, ...options } = JSON.parse(more);
using socket = fetchTransport();
const resume = resumeTransport(socket);
const transport: Transport = connections === "1"
  ? resume
  : rangeTransport(resume, { parallel: Number(connections), pieceBytes: 1024 * 1024, enoughBytesPerSecond: 1e12 });
const hashes = hash ? { SHA256: hash } : {};
try {
  const result = slowReader ? await read() : await download(transport, url!, path!, {
    hashes,
    delayMs: 10,
    throttle: limit === undefined ? undefined : throttle(limit),
    ...options,
  });
  console.log(JSON.stringify({ ...result, peakBytes: peakBytes() }));
} catch (error) {
  const { code, message } = error instanceof CivikitError ? error : { code: "untyped", message: String(error) };
  console.log(JSON.stringify({ code, message }));
}

/** Reads the body as an ordinary stream, with a pause after every 4 MiB. */
async function read(): Promise<{ bytes: number; verified: boolean }> {
  const digest = createHash("sha256");
  const { body } = await transport.fetch(new Request(url!));
  let bytes = 0;
  let rested = 0;
  for await (const chunk of body!) {
    digest.update(chunk);
    bytes += chunk.byteLength;
    if (bytes - rested < 4 * 1024 * 1024) continue;
    rested = bytes;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { bytes, verified: digest.digest("hex") === hash };
}

/** The most memory this process ever had, where the system tells. */
function peakBytes(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return Number(/VmHWM:\s*(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))?.[1]) * 1024;
}
