/**
 * `@std/http/server-sent-event-stream` for networks that reach npm but not JSR.
 *
 * @module
 */

/** One message (HTML standard, section 9.2); an empty field says nothing. */
export interface ServerSentEventMessage {
  /** Nothing but noise, to keep a connection busy. */
  comment?: string;
  /** What kind of message it is. */
  event?: string;
  /** What it says, of one line or several. */
  data?: string;
  /** What a client gives back as Last-Event-ID. */
  id?: string | number;
  /** When a client comes back, in milliseconds. */
  retry?: number;
}

const lineEnd = /\r\n|\r|\n/;

/** The lines of a message. */
function linesOf({ comment, event, data, id, retry }: ServerSentEventMessage): string[] {
  const lines: string[] = [];
  const put = (name: string, value: string | number | undefined) => {
    if (!value) return;
    if (lineEnd.test(String(value))) {
      throw new SyntaxError(`Cannot serialize message: "${name}" cannot contain a newline`);
    }
    lines.push(`${name}:${value}`);
  };
  put("", comment);
  put("event", event);
  for (const line of data ? data.split(lineEnd) : []) lines.push(`data:${line}`);
  put("id", id);
  put("retry", retry);
  return lines;
}

/** Turns messages into what is sent. */
export class ServerSentEventStream extends TransformStream<ServerSentEventMessage, Uint8Array> {
  /** Makes one. */
  constructor() {
    const encoder = new TextEncoder();
    super({ transform: (message, out) => out.enqueue(encoder.encode(`${linesOf(message).join("\n")}\n\n`)) });
  }
}
