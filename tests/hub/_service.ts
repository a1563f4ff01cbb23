import { join } from "node:path";
import { civitai } from "../../api/mod.ts";
import { createTransport } from "../../create_transport.ts";
import { type Pairing, service, type ServiceOptions } from "../../hub/mod.ts";
import { type JobQueue, sqliteQueue } from "../../hub/queue/mod.ts";
import { metricsRegistry } from "../../monitor/mod.ts";
import { type Civitai, startCivitai } from "../_civitai/mod.ts";

/** A service that listens, with a queue that nobody works on, and an embedded Civitai behind it. */
export interface ServedHub extends AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  readonly queue: JobQueue;
  readonly civitai: Civitai;
  /** Asks for a path; the body has to be read. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Sends a form as a browser without scripts does, and follows where it leads. */
  send(path: string, fields: Record<string, string>): Promise<Response>;
}

/** A pairing whose token is in memory alone. */
export function pairingOf(token: string, ...origins: string[]): Pairing {
  let known = token;
  return {
    origins,
    token: () => known,
    renew: () => known = crypto.randomUUID(),
    isToken: (given) => given === known,
  };
}

/** Starts one. */
export async function serveHub(options: Partial<ServiceOptions> = {}): Promise<ServedHub> {
  const folder = await Deno.makeTempDir();
  const civitai_ = await startCivitai({ bigBytes: 4 * 1024 ** 2, loraBytes: 64 * 1024 });
  const queue = options.queue ?? sqliteQueue(join(folder, "queue.sqlite"));
  const transport = createTransport();
  const app = service({
    registry: metricsRegistry(),
    queue,
    api: civitai(transport, { baseUrl: civitai_.url }),
    transport,
    where: () => ({ root: folder }),
    roots: () => [folder],
    memoryLimitBytes: 8 * 1024 ** 3,
    ...options,
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    ...{ url, folder, queue, civitai: civitai_ },
    ask: (method, path, body, headers = {}) =>
      fetch(url + path, {
        method,
        headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: "manual",
      }),
    send: (path, fields) =>
      fetch(url + path, {
        method: "POST",
        headers: { accept: "text/html", "accept-language": "en", origin: url },
        body: new URLSearchParams(fields),
      }),
    async [Symbol.asyncDispose]() {
      await app.close();
      await server.shutdown();
      if (options.queue === undefined) await queue.close();
      transport.close();
      await civitai_.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
