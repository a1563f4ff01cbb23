const safe = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** Tells whether a method changes nothing at the origin (RFC 9110 section 9.2.1); an unknown one may. */
export function isSafe(method: string): boolean {
  return safe.has(method);
}

/**
 * What an unsafe request that worked makes invalid (RFC 9111 section 4.4): its own URL, and those that Location and
 * Content-Location name, if they are of the same origin.
 *
 * @returns URLs without fragments; none when the answer is an error.
 */
export function urlsToInvalidate(url: string, { status, headers }: Response): string[] {
  if (status < 200 || status > 399) return [];
  const urls = new Set([url]);
  for (const name of ["location", "content-location"]) {
    const value = headers.get(name);
    if (value === null || !URL.canParse(value, url)) continue;
    const target = new URL(value, url);
    target.hash = "";
    if (target.origin === new URL(url).origin) urls.add(target.href);
  }
  return [...urls];
}
