/**
 * The platform's own `fetch`, taken when the socket is loaded: whoever puts a stack of ours in the place of the global
 * one afterwards must not make it call itself.
 */
export const platformFetch: typeof fetch = globalThis.fetch;
