import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { wishesInFile } from "../../../hub/preview/wishes.ts";
import type { LiveTransfer } from "../../../monitor/mod.ts";
import { png } from "../../../testing/files/pictures.ts";
import { InputError } from "../../../transport/mod.ts";
import { identity, testLibrary } from "../library/_library.ts";
import { type ServedHub, serveHub } from "../_service.ts";

Deno.test("the queue page works by plain forms: look up, add, move, pause, cancel, remove", async () => {
  await using hub = await serveHub();
  const looked = await (await hub.send("/queue/preview", { references: "2002\nversion:999999999\nnonsense" })).text();
  assertStringIncludes(looked, 'id="preview"');
  assertStringIncludes(looked, 'value="2002"');
  assertStringIncludes(looked, "goes to");
  assertStringIncludes(looked, hub.folder);
  assertStringIncludes(looked, "none of the forms that are understood");
  const added = await (await hub.send("/queue/add", { references: "2002\n1001 1002" })).text();
  assertStringIncludes(added, "3 added to the queue.");
  const ids = async () => (await hub.queue.list()).jobs.map(({ id }) => id);
  const [a, b, c] = await ids();
  await (await hub.send(`/queue/${c}/move`, { before: a! })).body?.cancel();
  assertEquals(await ids(), [c, a, b]);
  for (const action of ["pause", "resume", "skip", "cancel", "remove"]) {
    const page = await hub.send(`/queue/${a}/${action}`, {});
    assertEquals([page.status, page.redirected], [200, true], action);
    await page.body?.cancel();
  }
  assertEquals(await ids(), [c, b]);
  await (await hub.send("/queue/all/waiting/pauseAll", {})).body?.cancel();
  assertEquals((await hub.queue.counts()).paused, 2);
});

Deno.test("the queue page adds nothing when a line is wrong: all are shown, the wrong ones with line and reason", async () => {
  await using hub = await serveHub();
  const page = await hub.send("/queue/add", { references: "2002\n\n# mine\nfile:///etc/passwd\n1001 nonsense" });
  const text = await page.text();
  assertStringIncludes(text, "Nothing was added yet");
  const problems = text.slice(text.indexOf('id="preview-problems"'), text.indexOf('id="preview-form"'));
  assertMatch(
    problems,
    /line 4<\/b> <code>file:\/\/\/etc\/passwd<\/code>[^]*not an https URL[^]*line 5<\/b> <code>nonsense/,
  );
  assertEquals((await hub.queue.list()).jobs, []);
  const id = new URL(page.url).searchParams.get("preview")!;
  const added = await hub.send("/queue/take", { preview: id, from: "0", to: "4", "line-0": "2002", "line-2": "1001" });
  assertStringIncludes(await added.text(), "2 added to the queue.");
  assertEquals((await hub.queue.list()).jobs.map(({ reference }) => reference), ["2002", "1001"]);
});

Deno.test("the queue page takes lists, JSON, workflows and pictures", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const texts = (name: string, text: string) => wishesInFile(name, bytes(text)).wishes.map(({ text }) => text);
  assertEquals(wishesInFile("a.txt", bytes("# mine\n1001\r\n\n1002, 1003\n")).wishes, [
    { text: "1001", line: 2, file: "a.txt" },
    { text: "1002", line: 4, file: "a.txt" },
    { text: "1003", line: 4, file: "a.txt" },
  ]);
  assertEquals(texts("a.json", '["1001", 1002]'), ["1001", "1002"]);
  const workflow = { nodes: [{ air: "urn:air:sdxl:lora:civitai:5@7" }, { meta: { modelVersionId: 9 } }] };
  assertEquals(texts("w.json", JSON.stringify(workflow)), ["urn:air:sdxl:lora:civitai:5@7", "version:9"]);
  const graph = { nodes: [{ type: "CheckpointLoaderSimple", widgets_values: ["sdxl\\\\base.safetensors"] }] };
  assertEquals(wishesInFile("w.json", bytes(JSON.stringify(graph))).used.length, 1);
  assertEquals(wishesInFile("beside.txt", bytes("a lantern\nSteps: 20, Sampler: Euler, Model hash: 1234abcd56")).used, [
    { name: "1234abcd56", role: "checkpoint", hash: "1234abcd56" },
  ]);
  for (
    const [name, text] of [["a.json", "{"], ["a.json", "{}"], ["a.png", "no picture"], ["a.txt", ""], ["a.txt", "\xff"]]
  ) {
    const given = text === "\xff" ? Uint8Array.of(0xff, 0xfe, 0xfd) : bytes(text!);
    assertThrows(() => wishesInFile(name!, given), InputError, `reading "${name}"`);
  }
});

/** Drops a file on the page, as a form without scripts sends it. */
async function drop(hub: ServedHub, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const form = new FormData();
  form.append("files", new File([bytes], name));
  const headers = { accept: "text/html", "accept-language": "en", origin: hub.url };
  return await (await fetch(`${hub.url}/queue/preview`, { method: "POST", headers, body: form })).text();
}

const row = (page: string, index: number) => /[^]*?<\/li>/.exec(page.slice(page.indexOf(`id="line-${index}"`)))![0];

Deno.test("the queue page offers what a picture was made with: what is here, what can be had, what is only a name", async () => {
  await using files = await testLibrary();
  await files.write("loras/here_already.safetensors", "a", identity(5));
  await files.library.look();
  await using hub = await serveHub({ library: files.library });
  const sha256 = await hub.civitai.sha256(3002);
  const parameters = "a lantern <lora:here_already:1> <lora:nobody_knows:1>\nNegative prompt: blurry\n" +
    `Steps: 20, Sampler: Euler a, Model hash: ${sha256.slice(0, 10)}, Model: somebodys_copy, ` +
    'Civitai resources: [{"type":"lora","modelVersionId":2020,"modelName":"Soft Edges"}]';
  const prompt = { 1: { class_type: "VAELoader", inputs: { vae_name: "unknown_vae.safetensors" } } };
  await hub.queue.add([{ reference: "version:2020" }]);
  const page = await drop(hub, "lantern.png", png({ parameters, prompt: JSON.stringify(prompt) }));
  const rows = [0, 1, 2, 3, 4].map((index) => row(page, index));
  const of = (name: string) => rows.find((text) => text.includes(name))!;
  assertStringIncludes(of("somebodys_copy"), "paper_lantern_v2.safetensors");
  assertMatch(of("somebodys_copy"), /value="2002"[^>]*checked/);
  assertStringIncludes(of("Soft Edges"), "in the queue already");
  assertStringIncludes(of("here_already"), "You have it");
  for (const name of ["nobody_knows", "unknown_vae"]) {
    assertStringIncludes(of(name), "only a name");
    assertMatch(of(name), /disabled/);
  }
  assertStringIncludes(page, "1 to add · 1 you have · 1 in the queue already · 2 known by name only");
  const nothing = await drop(hub, "plain.png", png({}));
  assertStringIncludes(nothing, "reading &quot;plain.png&quot;: it names no model it was made with");
});

Deno.test("the queue page looks up a thousand references by the hundred, and marks what is there already", async () => {
  await using hub = await serveHub();
  // all that the shelves have, each by model and by version, and a thousand that nobody has
  const there = ["1001", "2001", "2010", "2011", "2020", "2030", "2110"].map((id) => `version:${id}`);
  const models = ["model:1001", "model:1002", "model:1004"];
  const none = Array.from({ length: 1000 }, (_, index) => `version:${5_000_000 + index}`);
  await hub.queue.add([{ reference: "2011" }]);
  const page = await hub.send("/queue/preview", { references: [...none, ...there, ...models].join("\n") });
  await page.body?.cancel();
  const id = new URL(page.url).searchParams.get("preview")!;
  const show = (from: number) =>
    hub.send(`/?preview=${id}&from=${from}`, {}).then(() => text(hub, `/?preview=${id}&from=${from}&lang=en`));
  let last = await show(1000);
  while (last.includes("being looked up")) last = await show(1000);
  assertStringIncludes(row(last, 1001), "paper_lantern.safetensors");
  assertStringIncludes(row(last, 1003), "in the queue already");
  assertStringIncludes(row(last, 1007), "paper_lantern_v2.safetensors");
  assertStringIncludes(last, "Lines 1001–1010");
  assertStringIncludes(last, "Add all 958");
  const first = await show(0);
  assertStringIncludes(row(first, 0), "Model not found");
  assertStringIncludes(row(await show(900), 950), "not in the site");
  const calls = hub.civitai.log.filter(({ path }) => path.startsWith("/api/v1/"));
  assert(calls.length < 100, `${calls.length} calls`);
  // one page of it, and then all the rest
  const some = await hub.send("/queue/take", { preview: id, from: "1000", to: "1010", "line-1001": "version:2001" });
  assertStringIncludes(await some.text(), "1 added to the queue.");
  assertStringIncludes(row(await show(1000), 1001), "in the queue already");
  // of what is shown the ticked alone, of all the rest what is to be had
  const rest = await hub.send("/queue/take", { preview: id, from: "0", to: "100", all: "1", "line-0": none[0]! });
  await rest.body?.cancel();
  assertEquals((await hub.queue.counts()).waiting, 1 + 1 + 1 + 907);
});

const text = async (hub: ServedHub, path: string) =>
  await (await hub.ask("GET", path, undefined, { accept: "text/html" })).text();

Deno.test("the queue page takes ten thousand lines, tells garbage with its lines, and loses none", async () => {
  await using hub = await serveHub();
  const lines = Array.from(
    { length: 10_000 },
    (_, index) => index % 1000 === 500 ? `??${index}` : `https://example.com/${index}.bin`,
  );
  const page = await hub.send("/queue/add", { references: lines.join("\n") });
  const shown = await page.text();
  assertStringIncludes(shown, "10 cannot be taken:");
  assertStringIncludes(shown, "line 9501</b> <code>??9500</code>");
  assertEquals((await hub.queue.list()).jobs, []);
  const id = new URL(page.url).searchParams.get("preview")!;
  const ticked = Object.fromEntries(
    [...shown.matchAll(/name="(line-\d+)" value="([^"]+)"[^>]*checked/g)].map((one) => [one[1]!, one[2]!]),
  );
  const rest = await hub.send("/queue/take", { preview: id, from: "0", to: "100", all: "1", ...ticked });
  assertStringIncludes(await rest.text(), "added to the queue.");
  assertEquals((await hub.queue.counts()).waiting, 9990);
});

Deno.test("the queue page shows names and references from elsewhere as text", async () => {
  await using hub = await serveHub();
  await hub.queue.add([{ reference: "https://example.com/%3Cscript%3E?a='\"<b>" }]);
  const [job] = await hub.queue.lease("w", 1, 30_000);
  await hub.queue.update("w", job!.id, { name: '<img src=x onerror="alert(1)">', state: "downloading" });
  const page = await (await hub.ask("GET", "/", undefined, { accept: "text/html" })).text();
  assert(!page.includes("<img src=x"));
  assertStringIncludes(page, "&lt;img src=x");
});

Deno.test("the queue page says of a failed job what is wrong, what to do, and where it is explained", async () => {
  await using hub = await serveHub();
  await hub.queue.add([{ reference: "1001" }]);
  const [job] = await hub.queue.lease("w", 1, 30_000);
  await hub.queue.finish("w", job!.id, { state: "failed", code: "no_space", why: null });
  for (const [locale, word] of [["en", "Failed"], ["zh-TW", "失敗"]] as const) {
    const headers = { accept: "text/html", "accept-language": locale };
    const page = await (await hub.ask("GET", "/", undefined, headers)).text();
    assertStringIncludes(page, word);
    assertStringIncludes(page, 'href="/guide#no_space"');
    assertStringIncludes(await (await hub.ask("GET", "/guide", undefined, headers)).text(), 'id="no_space"');
  }
});

Deno.test("the queue page shows 50 of ten thousand jobs, and the rest page by page", async () => {
  await using hub = await serveHub();
  await hub.queue.add(Array.from({ length: 10_000 }, (_, i) => ({ reference: String(i + 1) })));
  const rows = async (path: string) => {
    const page = await (await hub.ask("GET", path, undefined, { accept: "text/html" })).text();
    return { count: page.match(/data-job=/g)?.length ?? 0, more: /class="more" href="([^"]+)"/.exec(page)?.[1] };
  };
  const first = await rows("/");
  assertEquals(first.count, 50);
  const second = await rows(first.more!.replaceAll("&amp;", "&"));
  assertEquals(second.count, 200);
  assert(second.more !== undefined && second.more !== first.more);
});

Deno.test("the queue page shows what ended in any process, page by page, and the rate of all of them", async () => {
  const process = { pid: 7, startedMs: 1, command: "download", isAlive: true };
  const one = (id: number, more: Partial<LiveTransfer>): LiveTransfer => ({
    ...{ id: String(id), process, path: `/models/file${id}.bin`, reference: null, state: "done", bytes: 2048 },
    ...{ totalBytes: 2048, bytesPerSecond: 1024, why: null, againMs: null, retries: 0, startedMs: 1, changedMs: 2 },
    ...{ endedMs: Date.now() - id, verdict: "verified" },
    ...more,
  });
  const ended = Array.from({ length: 120 }, (_, id) => one(id, id === 1 ? { verdict: "failed", why: "no_space" } : {}));
  const running = one(500, { state: "downloading", endedMs: null, verdict: null, bytesPerSecond: 3 * 1024 ** 2 });
  await using hub = await serveHub({
    live: { list: () => [running], history: (limit = 100) => ended.slice(0, limit), wish: () => [] },
  });
  const rows = (page: string) => [...page.matchAll(/id="ended-(\d+)"/g)].map(([, id]) => Number(id));
  const first = await text(hub, "/?lang=en");
  assertEquals(rows(first), [0, 1, 2, 3, 4]);
  assertMatch(first, /ended-0"[^]*?\/models\/file0\.bin[^]*?2 KB[^]*?1 KB\/s[^]*?verified[^]*?civikit download/);
  assertMatch(first, /ended-1"[^]*?failed: [^<]*/);
  assertStringIncludes(first.slice(first.indexOf('id="rates"')), "3 MB/s");
  const pages = [0, 50, 100].map((skip) => text(hub, `/?group=history&skip=${skip}&lang=zh-TW`));
  const shown = await Promise.all(pages);
  assertEquals(shown.map((page) => rows(page).length), [50, 50, 20]);
  assertEquals(rows(shown[2]!)[0], 100);
  assert(!shown[2]!.includes('id="history-more"'));
  assertStringIncludes(shown[1]!, "已驗證");
});

Deno.test("the first start asks for root, layout and key until it is answered", async () => {
  let answered: unknown;
  await using hub = await serveHub({
    isAsking: () => answered === undefined,
    answerStart: (answer) => Promise.resolve(void (answered = answer)),
  });
  const page = async () => await (await hub.ask("GET", "/", undefined, { accept: "text/html" })).text();
  assertStringIncludes(await page(), 'id="start"');
  await (await hub.send("/start", { root: "/models", layout: "comfyui", key: "" })).body?.cancel();
  assertEquals(answered, { root: "/models", layout: "comfyui", key: undefined });
  assert(!(await page()).includes('id="start"'));
});

Deno.test("the diagnostic pages stand below /status, and the probes keep their addresses", async () => {
  await using hub = await serveHub();
  for (
    const path of ["/status/", "/status/report", "/healthz", "/readyz", "/metrics", "/api/report", "/api/openapi.json"]
  ) {
    const response = await hub.ask("GET", path);
    assertEquals(response.status, 200, path);
    await response.body?.cancel();
  }
  const status = await (await hub.ask("GET", "/status/", undefined, { accept: "text/html", "accept-language": "en" }))
    .text();
  assertMatch(status, /<a href="\/"\s*>Queue<\/a>/);
  const missing = await hub.ask("GET", "/none", undefined, { accept: "text/html" });
  assertEquals(missing.status, 404);
  await missing.body?.cancel();
});

Deno.test("the queue page takes the page of an image of the gallery for what that was made with", async () => {
  await using hub = await serveHub();
  const form = new FormData();
  form.append("references", `${hub.civitai.url}/images/7000000\n${hub.civitai.url}/images/1`);
  const headers = { accept: "text/html", "accept-language": "en", origin: hub.url };
  const page = await (await fetch(`${hub.url}/queue/preview`, { method: "POST", headers, body: form })).text();
  assertStringIncludes(page, "paper_lantern.safetensors");
  assertStringIncludes(page, "harbourMix");
  assertStringIncludes(page, "the site lists no such image");
  assertStringIncludes(page, "Get the rest (1)");
});
