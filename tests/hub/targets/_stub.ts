import type { TargetKind } from "../../../hub/mod.ts";

/** The addresses of each program, as its source has them, with the status of success. */
const routes: Readonly<Record<TargetKind, Readonly<Record<string, number>>>> = {
  a1111: {
    "/sdapi/v1/refresh-checkpoints": 200,
    "/sdapi/v1/refresh-vae": 200,
    "/sdapi/v1/refresh-embeddings": 200,
    "/sdapi/v1/refresh-loras": 200,
  },
  forge: {
    "/sdapi/v1/refresh-checkpoints": 200,
    "/sdapi/v1/refresh-vae": 200,
    "/sdapi/v1/refresh-embeddings": 200,
    "/sdapi/v1/refresh-loras": 200,
  },
  sdnext: {
    "/sdapi/v1/refresh-checkpoints": 204,
    "/sdapi/v1/refresh-vae": 204,
    "/sdapi/v1/refresh-unets": 204,
    "/sdapi/v1/refresh-loras": 200,
  },
  comfyui: {},
  invokeai: { "/api/v2/models/install": 201 },
  webhook: { "/hooks/T0123456789abcdef": 200 },
};

/** An imitation of a program, on a port of its own. */
export interface Stub extends AsyncDisposable {
  readonly url: string;
  /** What it was asked that it knows, in order: path and query, decoded. */
  readonly asked: string[];
  /** How it answers next, instead of as it should; undefined: as it should. */
  fault: ((request: Request) => Response | Promise<Response> | undefined) | undefined;
  /** Resolves at the next request. */
  next(): Promise<void>;
}

/** Starts one; `login` is the Authorization it wants. */
export function startStub(kind: TargetKind, login?: string): Stub {
  const asked: string[] = [];
  const installed = new Set<string>();
  let waiting = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const body = await request.text();
    waiting.resolve();
    waiting = Promise.withResolvers();
    const wrong = stub.fault?.(request);
    if (wrong !== undefined) return await wrong;
    const status = routes[kind][pathname];
    if (status === undefined) return Response.json({ detail: "Not Found" }, { status: 404 });
    if (request.method !== "POST") return Response.json({ detail: "Method Not Allowed" }, { status: 405 });
    if (login !== undefined && request.headers.get("authorization") !== login) {
      return Response.json({ detail: "Not authenticated" }, { status: 401 });
    }
    if (kind === "webhook") {
      asked.push(body);
      return new Response("ok");
    }
    if (kind !== "invokeai") {
      asked.push(pathname);
      return status === 204 ? new Response(null, { status }) : Response.json(null, { status });
    }
    const source = searchParams.get("source") ?? "";
    // FastAPI refuses a body that is no object
    if (body !== "{}" || searchParams.get("inplace") !== "true") return Response.json({ detail: [] }, { status: 422 });
    if (!/\.(?:safetensors|ckpt)$/.test(source)) return Response.json({ detail: "Unrecognized" }, { status: 415 });
    if (installed.has(source)) return Response.json({ detail: "There is already a model" }, { status: 409 });
    installed.add(source);
    asked.push(source);
    return Response.json({ id: installed.size, status: "waiting" }, { status });
  });
  const stub: Stub = {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    fault: undefined,
    next: () => waiting.promise,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return stub;
}
