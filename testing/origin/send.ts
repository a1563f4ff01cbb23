/**
 * Puts a plan on the wire, byte by byte where a fault wants it so.
 *
 * @module
 */
import type { Plan } from "./bend.ts";
import type { Link } from "./links.ts";
import type { Wire } from "./wire.ts";

/** Counts what was sent. */
export interface Tally {
  /** Body bytes handed to the kernel. */
  bytes: number;
}

const pieceBytes = 256 * 1024;
/** Text to bytes. */
export const ascii: TextEncoder = new TextEncoder();

/** The headers of an answer, `dateMs` since the epoch. */
export function fieldsOf({ headers, framing, declared, length }: Plan, dateMs: number): Record<string, string> {
  const fields: Record<string, string> = { Date: new Date(dateMs).toUTCString(), ...headers };
  if (framing === "length") fields["Content-Length"] = String(declared ?? length);
  return fields;
}

/** Status line and headers. */
export function headOf(plan: Plan, isLast: boolean): Uint8Array {
  const { status, framing } = plan;
  const fields = fieldsOf(plan, Date.now());
  if (framing === "chunked") fields["Transfer-Encoding"] = "chunked";
  if (framing === "close" || isLast) fields["Connection"] = "close";
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return ascii.encode(`HTTP/1.1 ${status} ${status < 400 ? "OK" : "No"}\r\n${lines.join("")}\r\n`);
}

/**
 * Sends the body as planned; true when the connection may carry another request.
 *
 * @param onLast Called when the last bytes of an honest body are about to go: whoever has them is answered.
 */
export async function sendBody(
  connection: Wire,
  plan: Plan,
  tally: Tally,
  link: Link | undefined,
  onLast: () => void,
): Promise<boolean> {
  const { content, start, length, framing, cut, stallAfter, rate, junk } = plan;
  const chunked = framing === "chunked";
  async function send(bytes: Uint8Array): Promise<boolean> {
    if (chunked) await connection.write(ascii.encode(`${bytes.length.toString(16)}\r\n`));
    if (!await connection.write(bytes)) return false;
    tally.bytes += bytes.length;
    return !chunked || await connection.write(ascii.encode("\r\n"));
  }
  const scratch = new ArrayBuffer(Math.min(pieceBytes, length) + 8);
  let sent = 0;
  let slowFrom = 0;
  for (;;) {
    if (sent === cut?.after) {
      await connection.end(cut.how);
      return false;
    }
    if (sent === stallAfter) {
      await connection.gone;
      return false;
    }
    if (sent === length) break;
    let size = Math.min(pieceBytes, length - sent);
    if (cut && cut.after > sent) size = Math.min(size, cut.after - sent);
    if (stallAfter !== undefined && stallAfter > sent) size = Math.min(size, stallAfter - sent);
    if (rate && sent < rate.after) size = Math.min(size, rate.after - sent);
    else if (rate) size = Math.max(1, Math.min(size, Math.round(rate.bytesPerSecond / 50)));
    if (link) size = link.take(size);
    if (size === 0) { // the link ran out of bytes in mid-body
      await connection.end("fin");
      return false;
    }
    if (rate && sent >= rate.after) {
      slowFrom ||= performance.now();
      const due = slowFrom + (sent - rate.after + size) / rate.bytesPerSecond * 1000;
      const early = due - performance.now();
      if (early > 1) await connection.pause(early);
    }
    if (sent + size === length && junk === 0 && !chunked) onLast();
    if (!await send(content.read(start + sent, size, scratch))) return false;
    sent += size;
  }
  for (let left = junk; left > 0; left -= pieceBytes) {
    if (!await send(new Uint8Array(Math.min(left, pieceBytes)).fill(0xee))) return false;
  }
  if (chunked && !await connection.write(ascii.encode("0\r\n\r\n"))) return false;
  return framing !== "close" && junk === 0;
}
