/**
 * A small download in a process of its own, made to be killed: URL, path, SHA-256, connections. Prints one line of JSON
 * when it is done or has failed.
 *
 * @module
 */
import {
  CivikitError,
  download,
  fetchTransport,
  rangeTransport,
  resumeTransport,
  type Transport,
} from "../../transport/mod.ts";

const [url, path, hash, connections, more = "{}"] = Deno.args;
using socket = fetchTransport();
const resume = resumeTransport(socket);
const transport: Transport = connections === "1"
  ? resume
  : rangeTransport(resume, { parallel: Number(connections), pieceBytes: 1024 * 1024, enoughBytesPerSecond: 1e12 });
const hashes = hash ? { SHA256: hash } : {};
try {
  const result = await download(transport, url!, path!, { hashes, delayMs: 10, ...JSON.parse(more) });
  console.log(JSON.stringify({ ...result, peakBytes: peakBytes() }));
} catch (error) {
  const { code, message } = error instanceof CivikitError ? error : { code: "untyped", message: String(error) };
  console.log(JSON.stringify({ code, message }));
}

/** The most memory this process ever had, where the system tells. */
function peakBytes(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return Number(/VmHWM:\s*(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))?.[1]) * 1024;
}
