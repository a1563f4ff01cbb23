import { type Civitai, civitai, type CivitaiOptions } from "@civikit/civikit/api";
import { fetchTransport } from "@civikit/civikit/transport";

/** What the server answers to a path with its query: JSON with status 200, or a whole response. */
export type Routes = Record<string, unknown>;

/** A running API and what it was asked, in order. */
export interface Running {
  api: Civitai;
  asked: string[];
  headers: Headers[];
}

/** Runs `work` against a real server on port 0 that knows `routes` (below its origin) and 404 for the rest. */
export async function withApi(
  routes: Routes,
  work: (running: Running) => Promise<void>,
  options: CivitaiOptions = {},
): Promise<void> {
  const asked: string[] = [];
  const headers: Headers[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(pathname + search);
    headers.push(new Headers(request.headers));
    const answer = routes[pathname + search];
    if (answer === undefined) return Response.json({ error: "Model not found" }, { status: 404 });
    return typeof answer === "function" ? answer(request) : Response.json(answer);
  });
  const transport = fetchTransport();
  try {
    const api = civitai(transport, { baseUrl: `http://127.0.0.1:${server.addr.port}`, ...options });
    await work({ api, asked, headers });
  } finally {
    transport.close();
    await server.shutdown();
  }
}
