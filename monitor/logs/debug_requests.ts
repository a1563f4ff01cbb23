import { redactUrl } from "../../transport/internal.ts";
import type { Middleware } from "../../transport/mod.ts";
import type { Logger } from "./log.ts";

/**
 * Writes each attempt as it goes out and as it comes back to a log, at the level DEBUG: method, URL and headers, without
 * their secrets. Belongs right around the socket, where what is sent is complete.
 */
export function debugRequests(log: Logger): Middleware {
  return async function debugRequests(request, next, { id: call }) {
    const { method, headers } = request;
    const url = redactUrl(request.url);
    log.debug(`asking ${method} ${url}`, { call, headers });
    const response = await next(request);
    log.debug(`answered ${response.status} ${url}`, { call, headers: response.headers });
    return response;
  };
}
