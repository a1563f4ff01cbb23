/**
 * Every error code, provoked as people meet it: through the public API or the command, by a real server, disk or process.
 * A code without a row does not compile, and fails the first test.
 */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { civitai, hashCache, openProject } from "../api/mod.ts";
import { createTransport, type CreateTransportOptions } from "../create_transport.ts";
import { runQueue, sqliteQueue } from "../hub/mod.ts";
import { metricsRegistry } from "../monitor/mod.ts";
import { registryFlags } from "../tools/registry.ts";
import {
  CivikitError,
  compose,
  digestFile,
  download,
  type DownloadOptions,
  type ErrorCode,
  errorCodes,
} from "../transport/mod.ts";
import { inWorld, type World } from "./cli/_world.ts";
import { type Fault, type Origin, refusals, startOrigin } from "./_origin/mod.ts";
import { rawServer, readHead, writeText } from "./_support/raw.ts";
import { freePort } from "./_support/free_port.ts";

const size = 300_000;
const seed = 31;
const root = fileURLToPath(new URL("../", import.meta.url));

/** What a row has to work with: a Civitai and the command beside it, and an origin with one file. */
interface Stage extends World {
  readonly origin: Origin;
  /** Of the file at the origin. */
  readonly url: string;
  /** Where the file goes. */
  readonly path: string;
}

/** Meets the error: throws it, or resolves with the code that a command told. */
type Provoke = (stage: Stage) => Promise<unknown>;

/** The stack as users get it, but without second attempts. */
function stack({ key, ...options }: CreateTransportOptions = {}) {
  return createTransport({
    ...(key !== undefined && { key, hosts: ["127.0.0.1"] }),
    retry: { max: 0 },
    resume: { maxAttempts: 0 },
    ...options,
  });
}

/** Asks the API for a model. */
async function ask(baseUrl: string, options: CreateTransportOptions = {}): Promise<unknown> {
  using transport = stack(options);
  return await civitai(transport, { baseUrl }).models.get(1001);
}

/** Downloads the file of the origin. */
async function get(
  { url, path }: Pick<Stage, "url" | "path">,
  options: DownloadOptions = {},
  transportOptions: CreateTransportOptions = {},
): Promise<unknown> {
  using transport = stack(transportOptions);
  return await download(transport, url, path, { maxAttempts: 0, delayMs: 0, ...options });
}

/** Reads a body that may be healed once. */
async function read(url: string): Promise<unknown> {
  using transport = stack({ resume: { maxAttempts: 1, delayMs: 0 } });
  return await (await transport.fetch(new Request(url))).bytes();
}

/** An API that answers so. */
const answer = (status: number, body = "{}"): Provoke => ({ origin }) => {
  origin.add({ kind: "status", status, body, headers: { "Content-Type": "application/json" } });
  return ask(origin.url);
};

/** A download from an origin that does so. */
const fault = (deed: Fault): Provoke => (stage) => {
  stage.origin.add(deed);
  return get(stage);
};

/** The code in the last error event of `civikit download`. */
const command = (...args: string[]): Provoke => async ({ run, folder }) => {
  const { io } = await run(["download", "--json", "--dir", folder, ...args]);
  return codeIn(io.out);
};

function codeIn(lines: string): unknown {
  const events = lines.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return events.findLast(({ event }) => event === "error")?.code;
}

/** What a process without some right or means says on its standard output, run by `deno` with `args`. */
async function process(args: readonly string[], env: Record<string, string>, limit = "true"): Promise<string> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `${limit} && exec "$@"`, "sh", Deno.execPath(), ...args],
    env,
  }).output();
  return new TextDecoder().decode(stdout);
}

const rows: Readonly<Record<ErrorCode, Provoke>> = {
  // the server's answer
  bad_request: answer(400),
  async unauthorized({ civitai: { url } }) {
    using transport = stack({ key: "no-such-key" });
    return await civitai(transport, { baseUrl: url }).me();
  },
  login_required: command("2080"),
  downloads_disabled(stage) {
    stage.civitai.faults.refuseDownloads(1, refusals.downloadsDisabled);
    return command("2002")(stage);
  },
  early_access: command("2070"),
  forbidden: answer(403),
  not_found: command("99999"),
  method_not_allowed: answer(405),
  gone: command("2090"),
  precondition_failed: answer(412),
  range_not_satisfiable: answer(416),
  rate_limited(stage) {
    stage.civitai.faults.refuseDownloads(1, { ...refusals.unusualDownloads, retryAfter: 3600 });
    return command("2002")(stage);
  },
  too_many_pages: answer(429, '{"error":"You requested too many pages"}'),
  region_blocked: answer(451),
  client_error: answer(402),
  internal_server_error: answer(500),
  bad_gateway: answer(502),
  service_unavailable: ({ civitai }) => {
    civitai.faults.maintenance(true);
    return ask(civitai.url);
  },
  gateway_timeout: answer(504),
  cloudflare_error: answer(522),
  cloudflare_timeout: answer(524),
  server_error: answer(501),
  // the network
  dns_failed: () => ask("https://no-such-host.invalid"),
  connect_failed: () => ask(closedUrl()),
  // it speaks plain HTTP to whoever begins with TLS
  async tls_failed() {
    await using server = rawServer(async (connection) => {
      await connection.read(new Uint8Array(4096));
      await writeText(connection, "HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    return await ask(`https://127.0.0.1:${server.port}`);
  },
  connection_reset: fault({ kind: "no_answer", how: "rst" }),
  // called gzip, and is not
  async network_error() {
    await using server = rawServer(async (connection) => {
      await readHead(connection);
      const head = "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 20";
      await writeText(connection, `HTTP/1.1 200 OK\r\n${head}\r\n\r\n${"x".repeat(20)}`);
    });
    return await ask(`http://127.0.0.1:${server.port}`);
  },
  header_timeout({ origin }) {
    origin.add({ kind: "hang" });
    return ask(origin.url, { headersMs: 20 });
  },
  idle_timeout(stage) {
    stage.origin.add({ kind: "stall", after: 10_000 });
    return get(stage, {}, { idleMs: 20 });
  },
  total_timeout({ origin }) {
    origin.add({ kind: "hang" });
    return ask(origin.url, { apiMs: 20 });
  },
  async circuit_open() {
    using transport = stack();
    const { models } = civitai(transport, { baseUrl: closedUrl() });
    for (let calls = 0; calls < 5; calls++) await models.get(1001).catch(() => {});
    return await models.get(1001);
  },
  // redirects
  redirect_invalid: fault({ kind: "redirect", to: "ftp://127.0.0.1/a.bin" }),
  redirect_insecure: fault({ kind: "redirect", to: "http://files.example/a.bin" }),
  redirect_loop: fault({ kind: "redirect_loop" }),
  too_many_redirects: fault({ kind: "redirect_chain", hops: 100 }),
  // content
  unexpected_content: fault({ kind: "error_json" }),
  protocol_violation: fault({ kind: "no_content_range" }),
  // another file lies there when the rest is asked for
  content_changed({ origin, url }) {
    origin.add({ kind: "cut", after: 100_000, how: "fin", nth: 1 }, { kind: "replace", seed: 32, nth: 2 });
    return read(url);
  },
  // without a Content-Length the end of the connection is the end of the body
  body_incomplete: fault({ kind: "cut", after: 100_000, how: "fin", framing: "close" }),
  no_progress({ origin, url }) {
    origin.add({ kind: "cut", after: 100_000, how: "fin", nth: 1 }, { kind: "no_answer", how: "rst", since: 2 });
    return read(url);
  },
  async page_loop({ civitai: { faults, url } }) {
    faults.breakPages({ circleAfter: 2 });
    using transport = stack();
    return await Array.fromAsync(civitai(transport, { baseUrl: url }).models.list({ limit: 1 }));
  },
  // verification
  hash_mismatch: (stage) => get(stage, { hashes: { SHA256: "0".repeat(64) } }),
  size_mismatch: (stage) => get(stage, { sizeBytes: size + 5000 }),
  // the disk and the machine
  no_space(stage) {
    stage.origin.put("/a.bin", { size: 2 ** 52, seed });
    return get(stage);
  },
  async permission_denied({ civitai, folder }) {
    const rights = ["--no-prompt", "--allow-read", "--allow-net", "--allow-env", "--allow-sys"];
    const program = [join(root, "cli/main.ts"), "download", "2002", "--dir", folder, "--json"];
    const args = ["run", "--quiet", "--no-check", ...rights, ...await registryFlags(root), ...program];
    return codeIn(await process(args, { CIVIKIT_BASE_URL: civitai.url, HOME: folder }));
  },
  folder_missing: ({ path }) => digestFile(path, ["SHA256"]),
  invalid_path(stage) {
    Deno.writeTextFileSync(stage.path, "a file where a folder is due");
    return get({ ...stage, path: join(stage.path, "a.bin") });
  },
  async target_locked(stage) {
    stage.origin.add({ kind: "stall", after: 100_000, times: 1 });
    const stop = new AbortController();
    const isOnDisk = Promise.withResolvers<void>();
    const first = get(stage, {
      signal: stop.signal,
      onProgress: ({ downloadedBytes }) => downloadedBytes > 0 && isOnDisk.resolve(),
    });
    await isOnDisk.promise;
    try {
      return await get(stage);
    } finally {
      stop.abort();
      await first.catch(() => {});
    }
  },
  target_exists(stage) {
    Deno.writeTextFileSync(stage.path, "mine");
    return get(stage);
  },
  async part_mismatch(stage) {
    stage.origin.add({ kind: "cut", after: 200_000, how: "fin", times: 1 });
    stage.origin.put("/b.bin", { size, seed: 32 });
    await get(stage, { flushBytes: 65_536 }).catch(() => {});
    return await get({ ...stage, url: `${stage.origin.url}/b.bin` });
  },
  // a folder takes the file's name while it comes
  rename_failed: (stage) => get(stage, { replace: true, gate: () => Deno.mkdir(stage.path, { recursive: true }) }),
  // another program writes over what lies on the disk
  disk_error(stage) {
    return get(stage, {
      repair: false,
      report(event) {
        if (event.type === "download" && event.phase === "verifying") overwrite(`${stage.path}.part`);
      },
    });
  },
  async too_many_files({ url, path }) {
    const [module, from, to] = [join(root, "transport/mod.ts"), url, path].map((text) => JSON.stringify(text));
    const program = `import { download, fetchTransport } from ${module};
      using transport = fetchTransport();
      const files = [];
      try {
        for (;;) files.push(Deno.openSync("/dev/null"));
      } catch {
        await download(transport, ${from}, ${to}).catch(({ code }) => console.log(code));
      }
      Deno.exit();`;
    return (await process(["eval", ...await registryFlags(root), program], {}, "ulimit -n 64")).trim();
  },
  // a layer of one's own that takes a file of 4 PiB into memory
  async out_of_memory({ origin, url, path }) {
    origin.put("/a.bin", { size: 2 ** 52, seed });
    using transport = stack();
    const inMemory = compose(transport, async (request, next) => {
      const { headers, body } = await next(request);
      await body?.cancel();
      return new Response(new ArrayBuffer(Number(headers.get("content-length"))));
    });
    return await download(inMemory, url, path);
  },
  // what the caller asked for
  async invalid_argument({ civitai: { url } }) {
    using transport = stack();
    return await civitai(transport, { baseUrl: url }).models.get(-1);
  },
  invalid_url: command("ftp://127.0.0.1/a.bin"),
  insecure_url: (stage) => get({ ...stage, url: "http://files.example/a.bin" }),
  invalid_air: command("urn:air:nonsense"),
  invalid_config: ({ civitai }) => ask(civitai.url, { key: "two\nlines" }),
  invalid_response: answer(200, '{"id":"seven"}'),
  no_such_file: command("2002", "--file", "nonsense"),
  // files of ours or of other tools on the disk
  async invalid_file({ folder }) {
    await Deno.writeTextFile(join(folder, "civikit.models.json"), "{cut");
    return openProject(folder);
  },
  async newer_format({ folder }) {
    const path = join(folder, "hashes.db");
    hashCache(path).close();
    {
      using database = new DatabaseSync(path);
      database.exec("PRAGMA user_version = 99");
    }
    return await Promise.resolve(hashCache(path));
  },
  // as the dashboard's button does it
  async aborted(stage) {
    stage.origin.add({ kind: "stall", after: 100_000 });
    const { transfers } = metricsRegistry();
    const { id, options } = transfers.track("a.bin", {
      onProgress: ({ downloadedBytes }) => void (downloadedBytes > 0 && transfers.cancel(id)),
    });
    return await get(stage, options);
  },
  // what is no error of ours is not called one of the network
  async internal_error({ folder, url }) {
    await using queue = sqliteQueue(":memory:");
    await queue.add([{ reference: url.replace("http:", "https:") }]);
    const transport = { fetch: () => Promise.reject(new TypeError("a slip of ours")) };
    await runQueue({ queue, transport, settings: () => ({ root: folder }), signal: new AbortController().signal });
    return (await queue.list()).jobs[0]?.code;
  },
};

/** Rows that need a shell. */
const posixOnly: ReadonlySet<string> = new Set(["permission_denied", "too_many_files"]);

/** The code of what was thrown; what was resolved with otherwise. */
async function codeOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CivikitError)) throw error;
    return error.code;
  }
}

Deno.test("every error code has a row that provokes it, and no row another code", () =>
  assertEquals(Object.keys(rows).sort(), errorCodes.toSorted()));

for (const [code, provoke] of Object.entries(rows)) {
  Deno.test({
    name: `${code} is what people get`,
    ignore: posixOnly.has(code) && Deno.build.os === "windows",
    fn: () =>
      inWorld(async (world) => {
        await using origin = await startOrigin({ files: { "/a.bin": { size, seed } } });
        const stage = { ...world, origin, url: `${origin.url}/a.bin`, path: join(world.folder, "a.bin") };
        assertEquals(await codeOf(() => provoke(stage)), code);
      }),
  });
}

/** A URL at which nobody listens. */
function closedUrl(): string {
  return `http://127.0.0.1:${freePort()}`;
}

/** Changes the first bytes of a file, as another program would. */
function overwrite(path: string): void {
  using file = Deno.openSync(path, { write: true });
  file.writeSync(new Uint8Array(1000));
}
