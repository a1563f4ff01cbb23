/**
 * Layers to put around a transport with `compose`.
 *
 * @module
 */
export * from "./auth.ts";
export * from "./breaker.ts";
export * from "./dedupe.ts";
export * from "./rate_limit.ts";
export * from "./retry.ts";
export * from "./retry_budget.ts";
export * from "./status.ts";
export * from "./timeout.ts";
