import {
  type Diagnostics,
  diagnostics,
  type DiagnosticsOptions,
  type MetricsRegistry,
  metricsRegistry,
} from "../../../monitor/mod.ts";

/** A diagnostic server that listens on a port of its own. */
export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly app: Diagnostics;
  readonly registry: MetricsRegistry;
  /** Asks for a path; the body has to be read. */
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Sends a POST; the body has to be read. */
  post(path: string, headers?: Record<string, string>, body?: BodyInit): Promise<Response>;
}

/** Starts a server with `options`; a registry is made where none is given. */
export function serve(options: Partial<DiagnosticsOptions> = {}): Served {
  const registry = options.registry ?? metricsRegistry();
  const app = diagnostics({ memoryLimitBytes: 8 * 1024 ** 3, ...options, registry });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
  const { port } = server.addr;
  const url = `http://127.0.0.1:${port}`;
  return {
    ...{ url, port, app, registry },
    get: (path, headers = {}) => fetch(url + path, { headers, redirect: "manual" }),
    post: (path, headers = {}, body) =>
      fetch(url + path, { method: "POST", headers, redirect: "manual", ...(body !== undefined && { body }) }),
    async [Symbol.asyncDispose]() {
      app.close();
      await server.shutdown();
    },
  };
}
