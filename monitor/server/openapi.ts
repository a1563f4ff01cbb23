import { version } from "../../transport/mod.ts";

type Json = Readonly<Record<string, unknown>>;

const json = (description: string, schema: Json): Json => ({
  description,
  content: { "application/json": { schema } },
});
const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const text = (description: string, type: string): Json => ({
  description,
  content: { [type]: { schema: { type: "string" } } },
});
const array = (items: Json): Json => ({ type: "array", items });
const query = (name: string, values: readonly string[], description: string): Json => ({
  name,
  in: "query",
  description,
  required: false,
  schema: { type: "string", enum: values },
});

const span = query(
  "span",
  ["run", "day"],
  "This run, or the last 24 hours from the store. Default: run where it counted anything, else day.",
);
const lang = query("lang", ["en", "zh-TW"], "Language of hints and verdicts. Default: Accept-Language.");
const limit: Json = {
  name: "limit",
  in: "query",
  description: "How many at most.",
  required: false,
  schema: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
};
const transferId: Json = { name: "id", in: "path", required: true, schema: { type: "string", pattern: "^t?[0-9]+$" } };

const refused: Json = {
  "401": json("The token is missing or wrong.", ref("Problem")),
  "403": json("The request comes from another site, or from another machine while no token is set.", ref("Problem")),
  "421": json("The Host is not one this server is reached by.", ref("Problem")),
};

const get = (summary: string, answer: Json, parameters: readonly Json[] = [], more: Json = {}): Json => ({
  get: { summary, parameters, responses: { "200": answer, ...more, ...refused } },
});
const post = (summary: string, parameters: readonly Json[] = [], more: Json = {}): Json => ({
  post: { summary, parameters, responses: { "200": json("Done.", ref("Done")), ...more, ...refused } },
});

const actions = ["pause", "resume", "cancel"] as const;
const verbs = { pause: "Holds", resume: "Lets go on", cancel: "Stops" } as const;
const noTransfer: Json = {
  "404": json("No running transfer has that id.", ref("Problem")),
  "409": json("It cannot do that in the state it is in, such as pause while it is verified.", ref("Problem")),
};

const number: Json = { type: "number" };
const integer: Json = { type: "integer" };
const string: Json = { type: "string" };
const orNull = (type: string): Json => ({ type: [type, "null"] });
const object = (properties: Json, required: readonly string[] = Object.keys(properties)): Json => ({
  type: "object",
  properties,
  required,
});

const schemas: Json = {
  Problem: object({ error: string }),
  Done: object({ ok: { const: true } }),
  Report: {
    ...object({
      from: string,
      to: string,
      uptime_seconds: number,
      total_requests: integer,
      failed_requests: integer,
      aborted_requests: integer,
      error_rate_percent: number,
      success_rate_percent: number,
      avg_response_time_ms: number,
      p50_response_time_ms: number,
      p95_response_time_ms: number,
      p99_response_time_ms: number,
      max_response_time_ms: number,
      requests_per_minute: number,
      megabytes: number,
      mean_mbps: number,
      retries: integer,
      resumes: integer,
      hosts: array({ type: "object" }),
      routes: array({ type: "object" }),
      errors: array(ref("ErrorKind")),
      advice: array(string),
      verdicts: { type: "object" },
      statuses: { type: "object" },
    }),
    description: "Everything about a span of time; further members may come.",
  },
  ErrorKind: object({
    code: string,
    requests: integer,
    downloads: integer,
    healed: integer,
    hosts: array(string),
    title: string,
    cause: string,
    action: string,
  }),
  Failure: object({
    atMs: number,
    kind: { enum: ["request", "download"] },
    code: string,
    host: string,
    status: integer,
    target: string,
    durationMs: number,
  }),
  Transfer: object({
    id: string,
    process: object({ pid: integer, startedMs: number, command: string, isAlive: { type: "boolean" } }),
    path: string,
    reference: orNull("string"),
    state: { enum: ["waiting", "resolving", "downloading", "paused", "verifying", "done", "failed", "cancelled"] },
    bytes: integer,
    totalBytes: orNull("integer"),
    bytesPerSecond: number,
    why: orNull("string"),
    againMs: orNull("number"),
    retries: integer,
    startedMs: number,
    changedMs: number,
    endedMs: orNull("number"),
    verdict: { enum: ["verified", "unverified", "there", "failed", "cancelled", "died", null] },
  }),
  Point: object({
    atMs: number,
    requests: integer,
    failed: integer,
    bytes: number,
    p50Ms: number,
    p95Ms: number,
    p99Ms: number,
  }),
  Timeline: object({ stepMs: number, points: array(ref("Point")) }),
  Cache: object({
    entries: integer,
    bytes: integer,
    maxBytes: integer,
    hits: integer,
    stale: integer,
    revalidated: integer,
    misses: integer,
    bytesSaved: integer,
    failures: integer,
  }),
  Health: object({
    status: { enum: ["pass", "warn", "fail"] },
    level: { enum: ["ok", "warning", "error"] },
    version: string,
    releaseId: string,
    serviceId: string,
    checks: object({
      http_client: array({ type: "object" }),
      cache: array({ type: "object" }),
      disk_space: array({ type: "object" }),
      memory: array({ type: "object" }),
      watch: array({ type: "object" }),
    }, ["http_client", "cache", "disk_space", "memory"]),
  }),
};

const health = (description: string): Json => ({
  description,
  content: { "application/health+json": { schema: ref("Health") } },
});

/** What the server answers under which path, as OpenAPI 3.1. */
export const openapi: Json = {
  openapi: "3.1.0",
  info: {
    title: "civikit diagnostics",
    version,
    license: { name: "MIT", identifier: "MIT" },
    description: "Numbers of a civikit process. Answers hold no keys, no tokens and no signed query strings.",
  },
  components: { schemas, securitySchemes: { token: { type: "http", scheme: "bearer" } } },
  security: [{}, { token: [] }],
  paths: {
    "/healthz": get(
      "Health of the HTTP client, the cache, the disk, memory, and rules that watch the site.",
      health("Well enough to go on."),
      [],
      {
        "503": health("At least one part is in error."),
      },
    ),
    "/readyz": get("Whether the server takes requests.", text("It does.", "text/plain"), [], {
      "503": text("It is being closed.", "text/plain"),
    }),
    "/metrics": get("All numbers, for Prometheus.", text("Text format 0.0.4.", "text/plain")),
    "/events": get("What happens, as it happens.", text("Server-sent events.", "text/event-stream"), [{
      name: "Last-Event-ID",
      in: "header",
      required: false,
      schema: string,
      description: "The id of the last event that arrived; those after it come first.",
    }], { "503": json("Too many streams are open.", ref("Problem")) }),
    "/api/openapi.json": get("This description.", json("OpenAPI 3.1.", { type: "object" })),
    "/api/report": get("The report.", {
      description: "In the form asked for.",
      content: {
        "application/json": { schema: ref("Report") },
        "text/plain": { schema: string },
        "text/markdown": { schema: string },
      },
    }, [span, lang, query("format", ["json", "text", "markdown"], "Default: json.")]),
    "/api/stats": get("The bare numbers of this run.", json("A snapshot.", { type: "object" })),
    "/api/timeline": get("Numbers by steps of time.", json("The steps, oldest first.", ref("Timeline")), [span]),
    "/api/errors": get("Kinds of failure, with what to do.", json("Most frequent first.", array(ref("ErrorKind"))), [
      span,
      lang,
    ]),
    "/api/failures": get("Single failures.", json("Newest first.", array(ref("Failure"))), [span, limit]),
    "/api/transfers": get(
      "Transfers: those that run, then the latest that ended.",
      json("Of all processes, where they are known.", array(ref("Transfer"))),
    ),
    ...Object.fromEntries(
      actions.map((action) => [`/api/transfers/${action}`, post(`${verbs[action]} all running transfers.`)]),
    ),
    ...Object.fromEntries(
      actions.map((action) => [
        `/api/transfers/{id}/${action}`,
        post(`${verbs[action]} one running transfer.`, [transferId], noTransfer),
      ]),
    ),
    "/api/cache": get("Numbers of the cache.", json("The numbers.", ref("Cache")), [], {
      "404": json("No cache is in use.", ref("Problem")),
      "503": json("The cache does not answer.", ref("Problem")),
    }),
    "/api/health": get("The same as /healthz, always with status 200.", json("The health.", ref("Health"))),
    "/api/export": get(
      "Minutes of the last 24 hours from the store.",
      {
        description: "One line a minute.",
        content: { "application/x-ndjson": { schema: string }, "text/csv": { schema: string } },
      },
      [query("format", ["json", "csv"], "Default: json.")],
      { "404": json("There is no store.", ref("Problem")) },
    ),
    "/api/stats/clear": post("Sets all numbers to zero, in the store too."),
  },
};
