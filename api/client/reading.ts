const readingPost = /\/api\/v1\/model-versions\/by-hash(?:\/ids)?$/;

/** Tells whether a request whose method changes things by its nature only reads: the site takes long lists by POST. */
export function isReading({ method, url }: Pick<Request, "method" | "url">): boolean {
  return method === "POST" && readingPost.test(url);
}
