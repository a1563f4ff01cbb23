import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { serveHub } from "../_service.ts";

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

Deno.test("the queue page adds nothing when one line is wrong, and says which and what to do", async () => {
  await using hub = await serveHub();
  const page = await hub.send("/queue/add", { references: "2002\nfile:///etc/passwd" });
  assertEquals(page.status, 400);
  const text = await page.text();
  assertStringIncludes(text, "file:///etc/passwd");
  assertStringIncludes(text, "not an https URL");
  assertEquals((await hub.queue.list()).jobs, []);
});

Deno.test("the queue page takes lists, JSON and pictures", async () => {
  const { wishesInFile } = await import("../../../hub/read_wishes.ts");
  const bytes = (text: string) => new TextEncoder().encode(text);
  assertEquals(wishesInFile("a.txt", bytes("# mine\n1001\r\n\n1002, 1003\n")), ["1001", "1002", "1003"]);
  assertEquals(wishesInFile("a.json", bytes('["1001", 1002]')), ["1001", "1002"]);
  const workflow = { nodes: [{ air: "urn:air:sdxl:lora:civitai:5@7" }, { meta: { modelVersionId: 9 } }] };
  assertEquals(wishesInFile("w.json", bytes(JSON.stringify(workflow))), ["urn:air:sdxl:lora:civitai:5@7", "version:9"]);
  for (const [name, text] of [["a.json", "{"], ["a.json", "{}"], ["a.png", "no picture"], ["a.txt", "\xff"]] as const) {
    let message = "";
    try {
      wishesInFile(name, text === "\xff" ? Uint8Array.of(0xff, 0xfe, 0xfd) : bytes(text));
    } catch (error) {
      message = (error as Error).message;
    }
    assertStringIncludes(message, `reading "${name}"`);
  }
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
  assertStringIncludes(status, '<a href="/">Queue</a>');
  const missing = await hub.ask("GET", "/none", undefined, { accept: "text/html" });
  assertEquals(missing.status, 404);
  await missing.body?.cancel();
});
