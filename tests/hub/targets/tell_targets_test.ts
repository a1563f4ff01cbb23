import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { join } from "node:path";
import { readTarget, type TargetKind, type TargetState, tellTargets } from "../../../hub/mod.ts";
import { type Failure, type FailureEvent, openOutbox, targetText } from "../../../hub/targets/mod.ts";
import {
  compose,
  DiskError,
  type ErrorCode,
  fetchTransport,
  hostHeaders,
  HttpError,
  status,
} from "../../../transport/mod.ts";
import type { PublishedFile } from "../../../hub/run/mod.ts";
import { type FakeClock, fakeClock } from "../../_support/clock.ts";
import { startStub, type Stub } from "./_stub.ts";

interface Told extends AsyncDisposable {
  readonly stub: Stub;
  readonly clock: FakeClock;
  readonly teller: ReturnType<typeof tellTargets>;
  publish(...files: readonly (readonly [path: string, role?: PublishedFile["role"]])[]): void;
  /** Moves the clock on, and resolves with what was said of the round that began. */
  after(ms: number): Promise<TargetState>;
}

/** A program, and what tells it on a clock of its own. */
function told(kind: TargetKind, login?: { wants?: string; has?: string }): Told {
  const stub = startStub(kind, login?.wants);
  const clock = fakeClock();
  const socket = fetchTransport();
  const headers = login?.has === undefined ? {} : { [new URL(stub.url).host]: { Authorization: login.has } };
  const transport = compose(socket, hostHeaders(headers), status());
  let said = Promise.withResolvers<TargetState>();
  const teller = tellTargets({
    targets: () => [{ kind, url: stub.url }],
    transport,
    clock,
    random: () => 0.5,
    onTold(state) {
      said.resolve(state);
      said = Promise.withResolvers();
    },
  });
  return {
    ...{ stub, clock, teller },
    publish(...files) {
      for (const [path, role] of files) teller.published({ path, role });
    },
    async after(ms) {
      const next = said.promise;
      await clock.advance(ms);
      return await next;
    },
    async [Symbol.asyncDispose]() {
      await teller.close();
      socket.close();
      await stub[Symbol.asyncDispose]();
    },
  };
}

const whole: readonly (readonly [string, PublishedFile["role"]])[] = [
  ["/m/a.safetensors", "checkpoint"],
  ["/m/b.safetensors", "lora"],
  ["/m/c.safetensors", "vae"],
  ["/m/d.pt", "embedding"],
  ["/m/e.safetensors", "diffusion"],
  ["/m/f.zip", "workflow"],
];

for (
  const [kind, asked] of [
    ["a1111", ["refresh-checkpoints", "refresh-loras", "refresh-vae", "refresh-embeddings"]],
    ["forge", ["refresh-checkpoints", "refresh-loras", "refresh-vae", "refresh-embeddings"]],
    ["sdnext", ["refresh-checkpoints", "refresh-loras", "refresh-vae", "refresh-unets"]],
  ] as const
) {
  Deno.test(`tellTargets() has ${kind} read anew what new files are, each list once`, async () => {
    await using one = told(kind);
    one.publish(...whole);
    const { state, files, why } = await one.after(2000);
    assertEquals([state, files, why], ["idle", 0, null]);
    assertEquals(one.stub.asked, asked.map((name) => `/sdapi/v1/${name}`));
    one.publish(["/m/g.safetensors", "lora"]);
    await one.after(2000);
    assertEquals(one.stub.asked.slice(asked.length), ["/sdapi/v1/refresh-loras"]);
  });
}

Deno.test("tellTargets() has every list read anew for a file nobody knows", async () => {
  await using one = told("a1111");
  one.publish(["/m/lantern.safetensors"]);
  await one.after(2000);
  assertEquals(one.stub.asked.length, 4);
});

Deno.test("tellTargets() has InvokeAI install model files in place; what is there already is fine", async () => {
  await using one = told("invokeai");
  one.publish(...whole, ["/m/b.safetensors", "lora"], ["/m/models 1+1.ckpt"]);
  assertEquals((await one.after(2000)).state, "failed");
  assertEquals(one.stub.asked, [
    ...["/m/a.safetensors", "/m/b.safetensors", "/m/c.safetensors", "/m/e.safetensors"],
    "/m/models 1+1.ckpt",
  ]);
  // the embedding is a .pt, which this one does not recognize: it is told, and not asked again
  assertEquals(one.teller.list()[0]!.why?.status, 415);
  assertEquals(one.teller.list()[0]!.files, 0);
  one.publish(["/m/a.safetensors", "checkpoint"]);
  assertEquals((await one.after(2000)).why, null);
});

Deno.test("tellTargets() asks nothing of ComfyUI, which looks itself", async () => {
  await using one = told("comfyui");
  one.publish(...whole);
  assertEquals([one.clock.timers, one.teller.list()[0]!.state], [0, "idle"]);
});

Deno.test("tellTargets() tells a webhook what came, in one request, and shows its address without what opens it", async () => {
  await using stub = startStub("webhook");
  const clock = fakeClock();
  using socket = fetchTransport();
  const { promise, resolve } = Promise.withResolvers<TargetState>();
  const url = `${stub.url}/hooks/T0123456789abcdef`;
  const targets = () => [readTarget(`webhook=${url}`)];
  const teller = tellTargets({ targets, transport: compose(socket, status()), clock, onTold: resolve });
  const sha256 = "AB".repeat(32);
  teller.published({ path: "/m/a.safetensors", role: "lora", bytes: 2_097_152, sha256, reference: "2002" });
  teller.published({ path: "/m/b.zip" });
  await clock.advance(2000);
  const state = await promise;
  assertEquals([state.state, state.url], ["idle", `${stub.url}/hooks/[redacted]`]);
  assertEquals(stub.asked.map((body) => JSON.parse(body)), [{
    event: "published",
    text: "2 files have come: a.safetensors (2.0 MB), b.zip",
    files: [
      { path: "/m/a.safetensors", role: "lora", bytes: 2_097_152, sha256, reference: "2002" },
      { path: "/m/b.zip", role: null, bytes: null, sha256: null, reference: null },
    ],
  }]);
  await teller.close();
});

Deno.test("tellTargets() follows no redirect: what it says is for the address that was named, and not told until it is", async () => {
  await using stub = startStub("webhook");
  const elsewhere: string[] = [];
  await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    elsewhere.push(await request.text());
    return new Response();
  });
  const clock = fakeClock();
  using socket = fetchTransport();
  const targets = () => [readTarget(`webhook=${stub.url}/hooks/T0123456789abcdef`)];
  for (const redirected of [301, 302, 307, 308]) {
    const { promise, resolve } = Promise.withResolvers<TargetState>();
    const teller = tellTargets({ targets, transport: compose(socket, status()), clock, onTold: resolve });
    const location = `http://127.0.0.1:${other.addr.port}/`;
    stub.fault = () => new Response(null, { status: redirected, headers: { location } });
    teller.published({ path: "/m/a.safetensors" });
    await clock.advance(2000);
    const state = await promise;
    assertEquals([state.state, state.files, state.why?.code, elsewhere], ["waiting", 1, "redirect_invalid", []]);
    assertMatch(targetText(state, "en"), /leads elsewhere/);
    stub.fault = undefined;
    await teller.close();
    assertEquals(stub.asked.splice(0).length, 1);
  }
});

Deno.test("tellTargets() tells a hundred files that end one after the other in few requests", async () => {
  await using one = told("forge");
  let rounds = 0;
  for (let n = 0; n < 100; n++) {
    one.publish([`/m/${n}.safetensors`, "lora"]);
    const next = one.stub.next();
    await one.clock.advance(500);
    // the round that began is waited for before time goes on
    if (one.teller.list()[0]!.state !== "telling") continue;
    await next;
    while (one.teller.list()[0]!.state === "telling") await new Promise((resolve) => setTimeout(resolve, 1));
    rounds++;
  }
  if (one.teller.list()[0]!.files > 0) await one.after(2000);
  assert(rounds >= 2 && one.stub.asked.length <= 5, `${rounds} rounds, ${one.stub.asked.length} requests`);
});

Deno.test("tellTargets() asks a program that is off again, after pauses that grow", async () => {
  await using one = told("forge");
  one.stub.fault = () => Response.json({}, { status: 503 });
  one.publish(["/m/a.safetensors", "lora"]);
  const first = await one.after(2000);
  assertEquals([first.state, first.files, first.attempts, first.why?.status], ["waiting", 1, 1, 503]);
  const pauses = [first.againMs! - one.clock.date()];
  for (let n = 0; n < 6; n++) {
    const { againMs } = await one.after(pauses.at(-1)!);
    pauses.push(againMs! - one.clock.date());
  }
  assertEquals(pauses, [5000, 15_000, 45_000, 135_000, 405_000, 600_000, 600_000]);
  // what comes meanwhile does not make it be asked sooner
  one.publish(["/m/b.safetensors", "vae"]);
  await one.clock.advance(20_000);
  assertEquals(one.teller.list()[0]!.state, "waiting");
  one.stub.fault = undefined;
  const { state, files, attempts, toldMs } = await one.after(600_000);
  assertEquals([state, files, attempts, toldMs], ["idle", 0, 0, one.clock.date()]);
  assertEquals(one.stub.asked, ["/sdapi/v1/refresh-loras", "/sdapi/v1/refresh-vae"]);
});

Deno.test("tellTargets() says that nobody listens, and waits", async () => {
  const clock = fakeClock();
  await using off = startStub("forge");
  await off[Symbol.asyncDispose]();
  using transport = fetchTransport();
  const said = Promise.withResolvers<TargetState>();
  const targets = () => [{ kind: "forge", url: off.url } as const];
  const teller = tellTargets({ targets, transport, clock, onTold: said.resolve });
  teller.published({ path: "/m/a.safetensors", role: "lora" });
  await clock.advance(2000);
  const { state, why } = await said.promise;
  assertEquals([state, why?.code], ["waiting", "connect_failed"]);
  await teller.close();
});

Deno.test("tellTargets() does not hammer where a login is wanted, and gives up what is not known", async () => {
  await using one = told("forge", { wants: "Basic a:b" });
  one.publish(["/m/a.safetensors", "lora"]);
  const { state, againMs, why } = await one.after(2000);
  assertEquals([state, why?.status, againMs! - one.clock.date()], ["waiting", 401, 600_000]);

  await using other = told("forge");
  other.stub.fault = ({ url }) => url.endsWith("refresh-vae") ? new Response("", { status: 404 }) : undefined;
  other.publish(["/m/a.safetensors", "vae"], ["/m/b.safetensors", "lora"]);
  const failed = await other.after(2000);
  assertEquals([failed.state, failed.files, failed.why?.status], ["failed", 0, 404]);
  assertEquals(other.stub.asked, ["/sdapi/v1/refresh-loras"]);
});

Deno.test("tellTargets() gives the login of the transport", async () => {
  await using one = told("invokeai", { wants: "Bearer of-a-test-0123456789", has: "Bearer of-a-test-0123456789" });
  one.publish(["/m/a.safetensors", "lora"]);
  assertEquals((await one.after(2000)).why, null);
});

Deno.test("tellTargets() tells what came while a slow program was told, once it has answered", async () => {
  await using one = told("forge");
  const slow = Promise.withResolvers<Response>();
  one.stub.fault = () => slow.promise;
  one.publish(["/m/a.safetensors", "lora"]);
  const asked = one.stub.next();
  await one.clock.advance(2000);
  await asked;
  one.publish(["/m/b.safetensors", "checkpoint"]);
  assertEquals(one.teller.list()[0]!.state, "telling");
  one.stub.fault = undefined;
  const first = one.after(0);
  slow.resolve(Response.json(null));
  assertEquals((await first).state, "gathering");
  await one.after(2000);
  assertEquals(one.stub.asked, ["/sdapi/v1/refresh-checkpoints"]);
});

Deno.test("tellTargets() tells what is left when it is closed, and does not wait for who never answers", async () => {
  await using one = told("forge");
  one.publish(["/m/a.safetensors", "lora"]);
  await one.teller.close();
  assertEquals(one.stub.asked, ["/sdapi/v1/refresh-loras"]);

  await using silent = told("forge");
  const never = Promise.withResolvers<Response>();
  silent.stub.fault = () => never.promise;
  silent.publish(["/m/a.safetensors", "lora"]);
  const asked = silent.stub.next();
  const closed = silent.teller.close(2000);
  await asked;
  await silent.clock.advance(2000);
  await closed;
  never.resolve(new Response());
});

Deno.test("readTarget() takes programs on this machine, and others only where they are named", () => {
  assertEquals(readTarget("FORGE=http://localhost:7860/sd/"), { kind: "forge", url: "http://localhost:7860/sd" });
  assertEquals(readTarget("invokeai=http://gpu.lan:9090", ["gpu.lan:9090"]).url, "http://gpu.lan:9090");
  for (
    const [text, message] of [
      ["forge", "not of the form"],
      ["webui=http://127.0.0.1", "the programs are a1111"],
      ["forge=ftp://127.0.0.1", "not of the form"],
      ["forge=http://u:hush@127.0.0.1", "without user"],
      ["forge=http://127.0.0.1?token=hush", "without user"],
      ["forge=http://gpu.lan:7860", '"gpu.lan" lies beyond this machine'],
      ["forge=http://127.0.0.1.evil.example", "beyond this machine"],
    ] as const
  ) {
    const error = assertThrows(() => readTarget(text, ["other.lan"]), TypeError, message);
    assert(!error.message.includes("hush"));
  }
});

const failure = (event: FailureEvent, id: string, code: ErrorCode): Failure => ({
  ...{ event, id, name: `lantern ${id}`, reference: id, why: { code, message: "no such thing" }, atMs: 1000 },
});

Deno.test("tellTargets() tells a webhook of failures, a request for each kind, and nobody else of any", async () => {
  await using forge = told("forge");
  forge.teller.failed(failure("job_failed", "1", "not_found"));
  assertEquals([forge.clock.timers, forge.teller.list()[0]!.failures], [0, 0]);

  await using stub = startStub("webhook");
  const clock = fakeClock();
  using socket = fetchTransport();
  const { promise, resolve } = Promise.withResolvers<TargetState>();
  const targets = () => [readTarget(`webhook=${stub.url}/hooks/T0123456789abcdef`)];
  const teller = tellTargets({ targets, transport: compose(socket, status()), clock, onTold: resolve });
  teller.failed(failure("rule_failed", "7", "unauthorized"));
  teller.failed(failure("job_failed", "1", "not_found"));
  teller.published({ path: "/m/a.safetensors" });
  teller.failed(failure("job_failed", "2", "no_space"));
  const { files, failures } = teller.list()[0]!;
  assertEquals([files, failures], [1, 3]);
  assertMatch(targetText(teller.list()[0]!, "en"), /will be told of 4$/);
  await clock.advance(2000);
  await promise;
  const bodies = stub.asked.map((body) => JSON.parse(body) as Record<string, unknown>);
  assertEquals(bodies.map(({ event, text }) => [event, text]), [
    ["published", "1 file has come: a.safetensors"],
    ["job_failed", "2 jobs have failed: lantern 1 (not_found), lantern 2 (no_space)"],
    ["rule_failed", "1 rule has failed: lantern 7 (unauthorized)"],
  ]);
  assertEquals(bodies[2]!["failures"], [{
    ...{ id: "7", name: "lantern 7", reference: "7", code: "unauthorized", status: null, reason: null },
    ...{ message: "no such thing", untilMs: null, atMs: 1000 },
  }]);
  await teller.close();
});

Deno.test("tellTargets() keeps what it could not tell, and the next process tells it once, with what is new", async () => {
  const folder = await Deno.makeTempDir();
  const outbox = () => openOutbox(join(folder, "outbox.sqlite"));
  await using stub = startStub("webhook");
  const url = `${stub.url}/hooks/T0123456789abcdef`;
  const targets = () => [readTarget(`webhook=${url}`)];
  using socket = fetchTransport();
  const options = { targets, transport: compose(socket, status()), outbox };
  try {
    stub.fault = () => new Response(null, { status: 503 });
    const first = tellTargets(options);
    first.published({ path: "/m/a.safetensors" });
    first.failed(failure("job_failed", "1", "not_found"));
    await first.close(600_000);
    stub.fault = undefined;
    assertEquals(stub.asked, []);
    for (const file of Deno.readDirSync(folder)) {
      const bytes = file.isFile ? await Deno.readFile(join(folder, file.name)) : new Uint8Array();
      assertEquals(new TextDecoder("latin1").decode(bytes).includes("T0123456789abcdef"), false, file.name);
    }

    const next = tellTargets(options);
    assertEquals(next.list()[0]!.state, "idle");
    next.resume();
    assertEquals([next.list()[0]!.files, next.list()[0]!.failures], [1, 1]);
    next.published({ path: "/m/b.safetensors" });
    await next.close(600_000);
    const told = stub.asked.map((body) => JSON.parse(body) as Record<string, string>);
    assertEquals(told.map(({ text }) => text), [
      "2 files have come: a.safetensors, b.safetensors",
      "1 job has failed: lantern 1 (not_found)",
    ]);

    const last = tellTargets(options);
    last.resume();
    assertEquals(last.list()[0]!.files, 0);
    await last.close(600_000);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("tellTargets() tells all the same where the outbox cannot be written, and says so", async () => {
  await using stub = startStub("forge");
  using socket = fetchTransport();
  const trouble: unknown[] = [];
  const teller = tellTargets({
    targets: () => [{ kind: "forge", url: stub.url }],
    transport: compose(socket, status()),
    outbox: () => openOutbox("/dev/null/outbox.sqlite"),
    onTrouble: (error) => trouble.push(error),
  });
  teller.published({ path: "/m/a.safetensors", role: "lora" });
  await teller.close(600_000);
  assertEquals(stub.asked, ["/sdapi/v1/refresh-loras"]);
  assert(trouble.length > 0 && trouble.every((error) => error instanceof DiskError));
});

Deno.test("tellTargets() tells nobody who is no longer among the targets, and all of it once they are again", async () => {
  const clock = fakeClock();
  const hook = readTarget("webhook=http://127.0.0.1:9/hooks/T0123456789abcdef");
  let targets = [hook];
  const bodies: Promise<string>[] = [];
  let said = Promise.withResolvers<TargetState>();
  const teller = tellTargets({
    ...{ targets: () => targets, clock, random: () => 0.5, onTold: (state) => said.resolve(state) },
    transport: {
      fetch(request) {
        bodies.push(request.text());
        if (bodies.length > 1) return Promise.resolve(new Response());
        return Promise.reject(new HttpError("busy", { code: "service_unavailable", status: 503, url: "", body: "" }));
      },
    },
  });
  teller.published({ path: "/m/a.safetensors" });
  await clock.advance(2000);
  assertEquals((await said.promise).state, "waiting");
  targets = [];
  await clock.advance(600_000);
  assertEquals(bodies.length, 1);
  said = Promise.withResolvers();
  targets = [hook];
  teller.published({ path: "/m/b.safetensors" });
  await clock.advance(2000);
  assertEquals((await said.promise).state, "idle");
  assertMatch(await bodies[1]!, /^\{"event":"published","text":"2 files have come: a.safetensors, b.safetensors"/);
  await teller.close();
});

Deno.test("tellTargets() tells a webhook of no more than 500 things at once", async () => {
  await using stub = startStub("webhook");
  using socket = fetchTransport();
  const targets = () => [readTarget(`webhook=${stub.url}/hooks/T0123456789abcdef`)];
  const teller = tellTargets({ targets, transport: compose(socket, status()), clock: fakeClock() });
  const paths = Array.from({ length: 1201 }, (_, index) => `/m/${index}.safetensors`);
  for (const path of paths) teller.published({ path });
  await teller.close();
  const told = stub.asked.map((body) => (JSON.parse(body) as { files: PublishedFile[] }).files.map(({ path }) => path));
  assertEquals([told.map(({ length }) => length), told.flat()], [[500, 500, 201], paths]);
});

Deno.test("tellTargets() waits as long as it is asked to, and no longer than a day", async () => {
  for (const [retryAfterMs, waitedMs] of [[3_600_000, 3_600_000], [Number.MAX_SAFE_INTEGER, 86_400_000]] as const) {
    const clock = fakeClock();
    const { promise, resolve } = Promise.withResolvers<TargetState>();
    const busy = new HttpError("busy", { code: "rate_limited", status: 429, url: "", body: "", retryAfterMs });
    const targets = () => [readTarget("webhook=http://127.0.0.1:9/hook")];
    const teller = tellTargets({ targets, transport: { fetch: () => Promise.reject(busy) }, clock, onTold: resolve });
    teller.published({ path: "/m/a.safetensors" });
    await clock.advance(2000);
    assertEquals((await promise).againMs! - clock.date(), waitedMs);
    await teller.close();
  }
});
