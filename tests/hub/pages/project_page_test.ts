import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { civitai, hashCache } from "../../../api/mod.ts";
import { createTransport } from "../../../create_transport.ts";
import { openProjectPort, type ProjectPort } from "../../../hub/project/mod.ts";
import { runFiles } from "../../../hub/run/mod.ts";
import { type Civitai, startCivitai } from "../../_civitai/mod.ts";
import { type ServedHub, serveHub } from "../_service.ts";

interface World extends AsyncDisposable {
  readonly hub: ServedHub;
  readonly project: ProjectPort;
  readonly folder: string;
  readonly site: Civitai;
  write(models: readonly unknown[]): Promise<void>;
  page(locale?: string): Promise<string>;
  /** Waits until nothing is under way. */
  idle(): Promise<void>;
}

async function world(): Promise<World> {
  const things = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  things.defer(() => Deno.remove(folder, { recursive: true }));
  const site = things.use(await startCivitai({ loraBytes: 64 * 1024 }));
  const transport = createTransport();
  things.defer(() => transport.close());
  const hashes = hashCache(":memory:");
  things.defer(() => hashes.close());
  const api = civitai(transport, { baseUrl: site.url });
  const project = things.use(openProjectPort({ folder, api, transport, hashes, fetch: runFiles() }));
  const hub = things.use(await serveHub({ project, api, transport }));
  return {
    ...{ hub, project, folder, site },
    write: (models) => Deno.writeTextFile(join(folder, "civikit.models.json"), JSON.stringify({ version: 1, models })),
    async page(locale = "en") {
      const headers = { accept: "text/html", "accept-language": locale };
      return await (await hub.ask("GET", "/project", undefined, headers)).text();
    },
    async idle() {
      while (project.task !== null) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    [Symbol.asyncDispose]: () => things.disposeAsync(),
  };
}

const send = async ({ hub }: World, path: string, fields = {}) => await (await hub.send(path, fields)).text();

Deno.test("the project page shows manifest, lock file and disk, and installs what is missing", async () => {
  await using it = await world();
  await it.write(["civitai:1001@2001"]);
  const before = await it.page();
  assertStringIncludes(before, "civitai:1001@2001");
  assertStringIncludes(before, "not locked yet");
  await send(it, "/project/install");
  await it.idle();
  const after = await it.page();
  assertMatch(after, /Installed\.\s+1 fetched/);
  assertStringIncludes(after, "paper_lantern.safetensors");
  assertStringIncludes(after, 'is-ok"><span>there');
  assertStringIncludes(await it.page("zh-TW"), "已就緒");
  const path = join(it.folder, "models", "paper_lantern.safetensors");
  assert((await Deno.stat(path)).size > 0);
  await Deno.writeTextFile(path, "something else");
  assertStringIncludes(await it.page(), "another file");
  await Deno.remove(path);
  assertStringIncludes(await it.page(), 'is-warning"><span>missing');
});

Deno.test("the project page shows what is newer, and updates as the command does", async () => {
  await using it = await world();
  await it.write(["civitai:1001@2001"]);
  await send(it, "/project/install");
  await it.idle();
  assertStringIncludes(await it.page(), "nobody has looked");
  await send(it, "/project/check");
  await it.idle();
  assertStringIncludes(await it.page(), "v2.0 (2002): stays, its version is named");
  await send(it, "/project/update");
  await it.idle();
  assertStringIncludes(await Deno.readTextFile(join(it.folder, "civikit.models.json")), "1001@2001");
  await send(it, "/project/updateLatest");
  await it.idle();
  const after = await it.page();
  assertMatch(after, /Updated\.\s+1 entry moved · 1 fetched · 1 old file removed/);
  assertStringIncludes(await Deno.readTextFile(join(it.folder, "civikit.models.json")), "1001@2002");
  assertStringIncludes(after, "paper_lantern_v2.safetensors");
  assertStringIncludes(after, "up to date");
});

Deno.test("browse puts a model into the project, and it is installed", async () => {
  await using it = await world();
  await it.write([]);
  assertStringIncludes(await it.page(), "wants nothing yet");
  const answer = await send(it, "/browse/project", { choice: "2002" });
  assertMatch(answer, /Added to the project: \S*1001@2002/);
  await it.idle();
  assertStringIncludes(await it.page(), 'is-ok"><span>there');
  const refused = await send(it, "/browse/project", { choice: "999999999" });
  assertStringIncludes(refused, 'class="problem"');
});

Deno.test("the project page says what cannot be had or read, and what to do", async () => {
  await using it = await world();
  await it.write(["civitai:999999@999999"]);
  await send(it, "/project/install");
  await it.idle();
  const failed = await it.page();
  assertStringIncludes(failed, "1 failed");
  assertStringIncludes(failed, 'href="/guide#not_found"');
  await Deno.writeTextFile(join(it.folder, "civikit.models.json"), '{ "version": 1, "models": [7] }');
  const broken = await it.page();
  assertStringIncludes(broken, 'id="unreadable"');
  assertStringIncludes(broken, "models.0");
  await it.write(['<script>alert(1)</script>"']);
  assert(!(await it.page()).includes("<script>alert"));
});

Deno.test("a service outside of a project has no project page", async () => {
  await using hub = await serveHub();
  const response = await hub.ask("GET", "/project", undefined, { accept: "text/html" });
  await response.body?.cancel();
  assertEquals(response.status, 404);
});

Deno.test("the project page adopts the files that are there: first it shows them, then it writes", async () => {
  await using it = await world();
  await it.write([]);
  const models = join(it.folder, "models", "loras");
  await Deno.mkdir(models, { recursive: true });
  const { content } = it.site.file(3010).file;
  await Deno.writeFile(join(models, "<b>harbour.safetensors"), new Uint8Array());
  await Deno.writeFile(join(models, "harbour.safetensors"), new Uint8Array(content.read(0, content.size)));
  await Deno.writeTextFile(join(models, "own.pt"), "trained at home");
  assertStringIncludes(await it.page(), "Adopt this folder");
  await send(it, "/project/adoptDry");
  await it.idle();
  const dry = await it.page();
  assertStringIncludes(dry, "1 would be adopted; nothing was written · 1 of them presumed");
  assertStringIncludes(dry, "Harbour Mix · v1.0");
  assertStringIncludes(dry, "<code>loras/own.pt</code>");
  assert(!dry.includes("<b>harbour"), "a hostile name is markup");
  assertEquals([...Deno.readDirSync(it.folder)].map(({ name }) => name).sort(), ["civikit.models.json", "models"]);
  await send(it, "/project/adoptQuick");
  await it.idle();
  assertStringIncludes(await it.page(), 'is-info"><span>there, presumed');
  assertStringIncludes(await it.page("zh-TW"), "推定");
  const started = await it.hub.ask("POST", "/api/v1/project/adopt", { dryRun: false });
  assertEquals([started.status, await started.json()], [202, { started: true }]);
  await it.idle();
  const { adoption } = await (await it.hub.ask("GET", "/api/v1/project/adoption")).json();
  assertEquals([adoption.isDry, adoption.there, adoption.adopted.length, adoption.apart.length], [false, 1, 0, 2]);
  assertStringIncludes(await it.page(), 'is-ok"><span>there');
});
