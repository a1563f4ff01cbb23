import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as v from "valibot";
import type { LiveTransfer, TransferSource } from "../../../monitor/mod.ts";
import { rowId } from "../../../hub/library/library_row.ts";
import { endpoints } from "../../../hub/routes/api.ts";
import { type WatchPort, watchStore } from "../../../hub/watch/mod.ts";
import type { SettingsPort } from "../../../hub/mod.ts";
import { identity, sha256, testLibrary } from "../library/_library.ts";
import { testTidy } from "../library/_tidy.ts";
import { projectOf } from "../pages/_project.ts";
import { type ServedHub, serveHub } from "../_service.ts";

const process = { pid: 1, startedMs: 1, command: "download", isAlive: true };
const transfer: LiveTransfer = {
  ...{ id: "1", process, path: "/models/a.safetensors", reference: null, state: "downloading", bytes: 5 },
  ...{ totalBytes: 10, bytesPerSecond: 1, why: null, againMs: null, retries: 0, startedMs: 1, changedMs: 2 },
  ...{ endedMs: null, verdict: null },
};
const target = {
  ...{
    kind: "forge",
    url: "http://127.0.0.1:7860",
    state: "waiting",
    files: 2,
    failures: 0,
    toldMs: null,
    againMs: 5,
  } as const,
  ...{ attempts: 1, why: { code: "connect_failed", message: "asking: refused" } } as const,
};
const live: TransferSource = {
  list: () => [transfer],
  history: () => [],
  wish: (_wish, id = "1") => id === "1" ? [transfer] : [],
};

/** Settings kept in memory. */
function settingsPort(): SettingsPort & { readonly values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    list: () =>
      Promise.resolve([{
        ...{ key: "download.parallel", kind: "whole", unit: null, value: values.get("download.parallel") ?? "4" },
        ...{ source: "default", default: "4", range: "1 to 32", help: "connections for each file" } as const,
      }]),
    check: () => Promise.resolve(undefined),
    set: (key, text) => Promise.resolve(void values.set(key, text)),
    unset: (key) => Promise.resolve(void values.delete(key)),
    apiKey: {
      isSet: () => Promise.resolve(values.has("apiKey")),
      set: (key) => Promise.resolve(void values.set("apiKey", key)),
    },
  };
}

/** Rules kept in memory, with one that has found something. */
function watchPort(): WatchPort {
  const store = watchStore(":memory:");
  const { rule: { id } } = store.add({ target: "tag:style" });
  store.claim("test", 60_000, 1);
  const thing = {
    ...{ versionId: 5, id: 4, name: "Model", version: "v1", type: "LORA", base: null, creator: "lamplighter" },
    ...{ publishedMs: 1, file: null, url: "https://civitai.com/models/4" },
  };
  const { cursor, floorMs, nextFloorMs, count } = store.get(id)!;
  store.keep("test", id, {
    nextMs: 5,
    judged: {
      ...{ seen: ["version:5"], finds: [{ key: "version:5", isHeld: false, dueMs: null, thing }], released: [] },
      ...{ skipped: 0, isMore: false, rule: { name: "style", cursor, floorMs, nextFloorMs, count, isReady: true } },
    },
  });
  const settings = { isEnabled: true, schedule: "daily", jitterMs: 0, pages: 1 };
  return { store, settings: () => settings, runNow() {}, changed() {} };
}

async function json(answer: Promise<Response>): Promise<[number, Record<string, unknown>]> {
  const response = await answer;
  return [response.status, await response.json()];
}

async function add(hub: ServedHub, ...references: string[]): Promise<string[]> {
  const [status, { items }] = await json(hub.ask("POST", "/api/v1/queue", { references }));
  assertEquals(status, 202);
  return (items as { id: string }[]).map(({ id }) => id);
}

Deno.test("the API answers every address of its OpenAPI description, as described", async () => {
  await using files = await testTidy();
  const thrown = await files.tidy.trash().put(await files.write("thrown.safetensors", "thrown", null));
  const file = await files.write("a.safetensors", "a", identity(7));
  // what a sidecar tells of the file is not asked for
  const info = { id: 7, files: [{ hashes: { SHA256: await sha256("a") } }], allowNoCredit: true };
  await Deno.writeTextFile(file.replace(/safetensors$/, "civitai.info"), JSON.stringify(info));
  await files.library.look();
  const targets = { list: () => [target] };
  await using hub = await serveHub({
    live,
    settings: settingsPort(),
    library: files.library,
    tidy: files.tidy,
    targets,
    project: projectOf(),
    watch: watchPort(),
  });
  const { paths } = (await (await hub.ask("GET", "/api/v1/openapi.json")).json()) as {
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  };
  assertEquals(
    Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
      .sort(),
    endpoints.map(({ method, path }) => `${method} ${path}`).sort(),
  );
  const [first, second] = await add(hub, "2514310", "model:5");
  const bodies: Record<string, unknown> = {
    "post /queue": { references: ["827184"] },
    "post /needs": { text: "a lantern\nSteps: 20, Sampler: Euler, Model hash: 0011223344, Model: base" },
    "patch /queue/{id}": { paused: true, position: { after: second } },
    "put /settings/{key}": { value: "8" },
    "post /library/verify": { ids: [rowId(file)] },
    "post /organize": { layout: "flat" },
    "post /duplicates": { how: "trash" },
    "post /trash/restore": { ids: [thrown.id] },
    "post /trash/empty": {},
    "post /library/rules": { ignore: ["model:7"] },
    "post /library/update": { ids: [rowId(file)], old: "trash" },
    "post /project/adopt": {},
    "post /watch": { target: "creator:lamplighter" },
    "patch /watch/{id}": { isPaused: true, filters: { types: ["LORA"] } },
  };
  // what takes the job away comes last
  for (
    const { method, path, answer, status = 200 } of endpoints.toSorted((a, b) =>
      Number(a.method === "delete") - Number(b.method === "delete")
    )
  ) {
    const name = `${method} ${path}`;
    // only what is over can begin anew
    const id = path.startsWith("/library")
      ? rowId(file)
      : path.startsWith("/transfers") || path.startsWith("/watch")
      ? "1"
      : path.endsWith("/retry")
      ? second!
      : first!;
    if (path.endsWith("/retry")) await hub.queue.change(second!, "cancel");
    const real = `/api/v1${path.replace("{id}", id).replace("{key}", "download.parallel")}`;
    const response = await hub.ask(method.toUpperCase(), real, bodies[name]);
    const given = await response.json();
    assertEquals(response.status, status, `${name}: ${JSON.stringify(given)}`);
    assert(paths[path]![method]!.responses[String(status)] !== undefined, name);
    const checked = v.safeParse(answer, given);
    assert(checked.success, `${name}: ${JSON.stringify(checked.issues?.[0]?.message)} ${JSON.stringify(given)}`);
  }
});

Deno.test("the API adds once what is asked twice with one Idempotency-Key", async () => {
  await using hub = await serveHub();
  const ask = (key: string) =>
    json(hub.ask("POST", "/api/v1/queue", { references: ["1001", "1002"] }, { "idempotency-key": key }));
  const [status, first] = await ask("one");
  assertEquals(status, 202);
  const [, again] = await ask("one");
  const ids = (answer: Record<string, unknown>) => (answer["items"] as { id: string }[]).map(({ id }) => id);
  assertEquals(ids(again), ids(first));
  const [, other] = await ask("two");
  assert(ids(other).every((id) => !ids(first).includes(id)));
  const [refused, { message }] = await json(
    hub.ask("POST", "/api/v1/queue", { references: ["1"] }, { "idempotency-key": "a b" }),
  );
  assertEquals([refused, message], [400, 'reading "Idempotency-Key": not 1 to 200 plain characters']);
});

Deno.test("the API refuses an Idempotency-Key that comes with another wish, with 422, and adds nothing", async () => {
  await using hub = await serveHub();
  const ask = (body: unknown) => json(hub.ask("POST", "/api/v1/queue", body, { "idempotency-key": "one" }));
  assertEquals((await ask({ references: ["1001", "1002"] }))[0], 202);
  for (const body of [{ references: ["1001"] }, { references: ["1001", "1002"], options: { sidecars: true } }]) {
    const [status, { code, message, hint }] = await ask(body);
    assertEquals([status, code], [422, "invalid_argument"]);
    assertStringIncludes(String(message), '"one": it named other jobs before');
    assertStringIncludes(String(hint), "a key of its own");
  }
  assertEquals((await hub.queue.counts()).waiting, 2);
});

Deno.test("the API moves a job before or after another one, pauses it and lets it go on", async () => {
  await using hub = await serveHub();
  const [a, b, c] = await add(hub, "1", "2", "3");
  const order = async () =>
    ((await json(hub.ask("GET", "/api/v1/queue?states=waiting,paused")))[1]["items"] as { id: string }[]).map((
      { id },
    ) => id);
  await json(hub.ask("PATCH", `/api/v1/queue/${c}`, { position: { before: a } }));
  assertEquals(await order(), [c, a, b]);
  await json(hub.ask("PATCH", `/api/v1/queue/${c}`, { position: { after: b } }));
  assertEquals(await order(), [a, b, c]);
  assertEquals((await json(hub.ask("PATCH", `/api/v1/queue/${a}`, { paused: true })))[1]["state"], "paused");
  assertEquals((await json(hub.ask("PATCH", `/api/v1/queue/${a}`, { paused: false })))[1]["state"], "waiting");
  const [status, problem] = await json(hub.ask("PATCH", `/api/v1/queue/${a}`, { position: { before: "nobody" } }));
  assertEquals([status, problem["code"]], [400, "invalid_argument"]);
});

Deno.test("the API lists page by page", async () => {
  await using hub = await serveHub();
  const ids = await add(hub, ...Array.from({ length: 25 }, (_, i) => String(i + 1)));
  const seen: string[] = [];
  for (let next: unknown = ""; next !== null;) {
    const [, page] = await json(hub.ask("GET", `/api/v1/queue?limit=10${next === "" ? "" : `&after=${next}`}`));
    seen.push(...(page["items"] as { id: string }[]).map(({ id }) => id));
    next = page["next"];
  }
  assertEquals(seen, ids);
});

Deno.test("the API says what is wrong, as {code, message, hint} with the right status", async () => {
  await using hub = await serveHub();
  const cases: [string, string, unknown, number, string][] = [
    ["POST", "/api/v1/queue", {}, 400, "references"],
    ["POST", "/api/v1/queue", { references: [] }, 400, "references"],
    ["POST", "/api/v1/queue", { references: ["1"], options: { url: "x" } }, 400, "url"],
    ["POST", "/api/v1/queue", { references: ["not one"] }, 400, "not one"],
    ["POST", "/api/v1/queue", { references: ["http://example.com/a"] }, 400, "http is not safe"],
    ["POST", "/api/v1/queue", { references: ["1"], options: { dir: "/etc" } }, 400, '"/etc"'],
    [
      "POST",
      "/api/v1/queue",
      { references: ["1"], options: { dir: `${hub.folder}/../up` } },
      400,
      "configured folders",
    ],
    ["POST", "/api/v1/queue", { references: ["1"], options: { dir: "models" } }, 400, '"models"'],
    ["GET", "/api/v1/queue?states=none", undefined, 400, "states"],
    ["GET", "/api/v1/queue?limit=0", undefined, 400, "limit"],
    ["GET", "/api/v1/queue?page=2", undefined, 400, "page"],
    ["GET", "/api/v1/queue?after=nonsense", undefined, 400, "nonsense"],
    ["GET", "/api/v1/queue/nobody", undefined, 404, "nobody"],
    ["DELETE", "/api/v1/queue/nobody", undefined, 404, "nobody"],
    ["GET", "/api/v1/nothing", undefined, 404, "nothing"],
  ];
  for (const [method, path, body, status, word] of cases) {
    const [found, problem] = await json(hub.ask(method, path, body));
    assertEquals(found, status, `${method} ${path} ${JSON.stringify(body)}: ${JSON.stringify(problem)}`);
    assertEquals(Object.keys(problem).sort(), ["code", "hint", "message"]);
    assertStringIncludes(String(problem["message"]), word);
  }
  assertEquals((await hub.queue.list()).jobs, []);
  const plain = await fetch(`${hub.url}/api/v1/queue`, { method: "POST", body: "{}" });
  assertStringIncludes((await plain.json()).message, "application/json");
});

Deno.test("the API takes addresses of the open internet only, unless the site itself is on this machine", async () => {
  const { checkReference } = await import("../../../hub/add_jobs.ts");
  const { civitai } = await import("../../../api/mod.ts");
  const transport = { fetch: () => Promise.reject(new Error("nothing is asked")) };
  const far = { api: civitai(transport) };
  const near = { api: civitai(transport, { baseUrl: "http://127.0.0.1:9" }) };
  const inside = [
    "https://192.168.1.1/a",
    "https://10.0.0.1/a",
    "https://[fd00::1]/a",
    "https://nas.local/a",
    "https://169.254.169.254/latest",
  ];
  for (const url of [...inside, "http://127.0.0.1:9/a", "https://localhost/a"]) {
    let message = "";
    try {
      checkReference(url, far);
    } catch (error) {
      message = (error as Error).message;
    }
    assertStringIncludes(message, "only addresses of the open internet are taken", url);
  }
  checkReference("https://huggingface.co/a/b", far);
  checkReference("https://127.0.0.1/a", near);
});

Deno.test("the API never shows the key of the site, and sets it", async () => {
  const settings = settingsPort();
  await using hub = await serveHub({ settings });
  await json(hub.ask("PUT", "/api/v1/settings/apiKey", { value: "0123456789abcdef0123456789abcdef" }));
  assertEquals(settings.values.get("apiKey"), "0123456789abcdef0123456789abcdef");
  const text = await (await hub.ask("GET", "/api/v1/settings")).text();
  assertStringIncludes(text, '"isKeySet":true');
  assert(!text.includes("0123456789abcdef"));
});

Deno.test("the API tells which versions are there", async () => {
  await using files = await testLibrary();
  const path = await files.write("a.safetensors", "a", identity(7));
  await files.library.look();
  await using hub = await serveHub({ library: files.library });
  const [, { items, total }] = await json(hub.ask("GET", "/api/v1/library?have=7,8"));
  assertEquals((items as { path: string; versionId: number }[]).map((row) => [row.path, row.versionId]), [[path, 7]]);
  assertEquals(total, 1);
  const [status, { message }] = await json(hub.ask("GET", "/api/v1/library?have=seven"));
  assertEquals(status, 400);
  assertStringIncludes(String(message), "have");
  await using bare = await serveHub();
  assertEquals((await json(bare.ask("GET", "/api/v1/library?have=7")))[0], 404);
});
