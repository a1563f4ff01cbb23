const headers = { accept: "image/*, video/*;q=0.9, */*;q=0.8" };

/** Asks for a picture, and says so: a stack gives pictures a time limit of their own. */
export function pictureRequest(url: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Request {
  return new Request(url, { headers, ...(signal && { signal }) });
}
