const loopbackUrl = /^https?:\/\/(?:localhost|[^/@:]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?(?:[/?#]|$)/;

/**
 * Tells whether a URL, as `Request.url` or `URL.href` writes it, stays on this machine: localhost and names under it
 * (RFC 6761 section 6.3), 127.0.0.0/8 or [::1]. One with user info is never taken for it.
 *
 * @example
 * ```ts
 * console.log(isLoopback("http://127.0.0.1:8080/a"), isLoopback("http://127.0.0.1.evil.example/")); // true false
 * ```
 */
export function isLoopback(url: string): boolean {
  return loopbackUrl.test(url);
}
