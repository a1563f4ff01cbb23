/**
 * The body, as long as it is no larger than `mostBytes`, counted as its bytes come: Content-Length counts them before
 * they are decoded, and a coded kilobyte can become a megabyte. Of a larger one the connection is given up.
 *
 * @returns Undefined when it is larger.
 * @throws Whatever reading the body throws.
 */
export async function readAtMost(
  { body, headers }: Response,
  mostBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (body === null) return new Uint8Array();
  const isCoded = headers.has("content-encoding");
  if (!isCoded && Number(headers.get("content-length")) > mostBytes) {
    await body.cancel().catch(() => {});
    return undefined;
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.byteLength;
    if (size > mostBytes) return undefined;
  }
  return parts.length === 1 ? parts[0]! : await new Blob(parts).bytes();
}
