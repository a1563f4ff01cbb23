import { assertEquals } from "@std/assert";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registryFlags } from "../tools/registry.ts";

const ROOT = new URL("../", import.meta.url);

/** Whom a folder may import: folders of ours, and packages by the first word of their name. The root is "". */
const RULES: Record<string, { folders: string[]; packages: string[] }> = {
  "": { folders: ["transport", "cache", "api", "monitor"], packages: ["node:", "@std/"] },
  transport: { folders: [], packages: ["node:", "@std/", "hash-wasm"] },
  cache: { folders: ["transport"], packages: ["node:", "@std/"] },
  api: { folders: ["transport"], packages: ["node:", "@std/", "valibot"] },
  monitor: { folders: ["transport"], packages: ["node:", "@std/", "hono", "@opentelemetry/"] },
  hub: {
    folders: ["", "transport", "cache", "api", "monitor", "extensions"],
    packages: ["node:", "@std/", "hono", "valibot", "@valibot/to-json-schema", "croner", "idiomorph", "sortablejs"],
  },
  extensions: { folders: [], packages: [] },
  fleet: {
    folders: ["", "transport", "cache", "api", "monitor", "hub"],
    packages: ["node:", "bullmq", "ioredis", "aws4fetch"],
  },
  testing: { folders: ["transport"], packages: ["node:", "hono", "hash-wasm"] },
  cli: {
    folders: ["", "transport", "cache", "api", "monitor", "hub", "fleet", "testing", "deploy", "extensions"],
    packages: ["node:", "@std/", "yaml", "diff"],
  },
};

/** The faces of a folder, where it is not the one `mod.ts`: a command that needs a part loads no more than that. */
const FACES: Record<string, string[]> = {
  "": ["mod.ts"],
  hub: [
    "hub/run/mod.ts",
    "hub/queue/mod.ts",
    "hub/worker/mod.ts",
    "hub/project/mod.ts",
    "hub/targets/mod.ts",
    "hub/watch/mod.ts",
    "hub/mod.ts",
  ],
  fleet: ["fleet/mod.ts", "fleet/mirror/mod.ts"],
  transport: ["transport/mod.ts", "transport/http/version.ts"],
};

/** What fleet/ alone imports. */
const fleetAlone = ["bullmq", "ioredis", "aws4fetch"];

/** What the folders share and nobody outside needs. */
const SECOND_DOOR = "transport/internal.ts";

/** One import: who, as what it is written, and the file it leads to (absent for packages). */
interface Edge {
  from: string;
  as: string;
  to?: string;
  /** Whether only types are taken, and nothing is loaded. */
  isType?: boolean;
}

const folderOf = (path: string): string => path.includes("/") ? path.slice(0, path.indexOf("/")) : "";

/** What is wrong with one import, or undefined. Paths are relative to the root. */
function faultOf({ from, as, to }: Edge): string | undefined {
  const folder = folderOf(from);
  const rule = RULES[folder];
  if (!rule) return `${from}: folder "${folder}" has no rule`;
  const isRelative = as.startsWith(".");
  if (!isRelative) {
    const isAllowed = rule.packages.some((name) =>
      as === name || as.startsWith(/[:/]$/.test(name) ? name : `${name}/`)
    );
    return isAllowed && as !== "@std/assert" ? undefined : `${from}: "${as}" may not be imported in "${folder}"`;
  }
  const target = folderOf(to ?? "");
  if (target === folder) return undefined;
  if (!rule.folders.includes(target)) return `${from}: "${as}" leads to "${target}", which "${folder}" may not import`;
  if (folder === "fleet" && target === "hub" && !/^hub\/((run|queue|worker)\/mod|queue\/engine)\.ts$/.test(to ?? "")) {
    return `${from}: "${as}" is none of the doors of "hub" that load no hono`;
  }
  if (["hub", "fleet"].includes(folder) && target === "" && to !== "create_transport.ts") {
    return `${from}: "${as}" is not create_transport.ts, all that "${folder}" may import of the root`;
  }
  // texts, no modules: each file of deploy/ is whole in itself
  const isFace = target === "deploy" || (FACES[target] ?? [`${target}/mod.ts`]).includes(to ?? "") ||
    to === SECOND_DOOR;
  return folder === "cli" && !isFace ? `${from}: "${as}" is not the mod.ts of "${target}"` : undefined;
}

/** The first cycle found on each way down, as a path that ends where it began. */
function cyclesOf(edges: readonly Edge[]): string[] {
  const next = Map.groupBy(edges.filter((edge) => edge.to !== undefined), (edge) => edge.from);
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string[]): void => {
    const here = path.at(-1) ?? "";
    if (path.indexOf(here) < path.length - 1) {
      cycles.push(path.slice(path.indexOf(here)).join(" -> "));
      return;
    }
    if (done.has(here)) return;
    for (const { to = "" } of next.get(here) ?? []) visit([...path, to]);
    done.add(here);
  };
  for (const from of next.keys()) visit([from]);
  return cycles;
}

/** The packages a file loads, itself or through what it imports. */
function packagesOf(entry: string, edges: readonly Edge[]): Set<string> {
  const packages = new Set<string>();
  const queue = [entry];
  for (const file of queue) {
    for (const { as, to } of edges.filter((edge) => edge.from === file && !edge.isType)) {
      if (to === undefined) packages.add(as);
      else if (!queue.includes(to)) queue.push(to);
    }
  }
  return packages;
}

/** Every module of the package: workers too, which no import leads to. */
async function packageFiles(): Promise<string[]> {
  const files: string[] = [];
  for (const folder of Object.keys(RULES)) {
    const names = await readdir(new URL(`${folder || "."}/`, ROOT), { recursive: folder !== "" });
    for (const name of names) {
      if (/\.tsx?$/.test(name)) files.push((folder === "" ? name : `${folder}/${name}`).replaceAll("\\", "/"));
    }
  }
  return files;
}

interface Dependency {
  specifier: string;
  code?: { specifier?: string };
  type?: { specifier?: string };
}

/** The imports Deno sees in the package, its own files' only. */
async function readEdges(): Promise<Edge[]> {
  const folder = await mkdtemp(join(tmpdir(), "civikit_graph_"));
  try {
    const all = join(folder, "all.ts");
    const files = await packageFiles();
    await Deno.writeTextFile(all, files.map((file) => `import "${new URL(file, ROOT)}";`).join("\n"));
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config=deno.json", ...await registryFlags(), all],
      cwd: ROOT,
    }).output();
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
      modules: { specifier: string; dependencies?: Dependency[]; error?: string }[];
    };
    const known = new Set(files);
    return modules.flatMap(({ specifier, dependencies = [] }) => {
      const from = specifier.replace(ROOT.href, "");
      if (!known.has(from)) return [];
      return dependencies.map(({ specifier: as, code, type }): Edge => {
        const target = code?.specifier ?? type?.specifier ?? "";
        const isOurs = as.startsWith(".") && target.startsWith(ROOT.href);
        const edge = code === undefined ? { from, as, isType: true } : { from, as };
        return isOurs ? { ...edge, to: target.slice(ROOT.href.length) } : edge;
      });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

Deno.test("architecture: every import keeps to the rules and no two files import each other", async () => {
  const edges = await readEdges();
  const folders = new Set(edges.map(({ from }) => folderOf(from)));
  assertEquals(folders.has("transport"), true, "the graph holds no file of transport/");
  assertEquals(edges.map(faultOf).filter((fault) => fault !== undefined), []);
  assertEquals(cyclesOf(edges), []);
});

for (
  const [document, home] of [["CONTRIBUTING.md", "the root"], ["docs/architecture_overview.md", "根目錄"]] as const
) {
  Deno.test(`architecture: ${document} says who may import whom as the rules do`, async () => {
    const folderNamed = (cell: string) => cell === home ? "" : /^`(\w+)\/`$/.exec(cell)?.[1];
    const said: Record<string, string[]> = {};
    for (const line of (await Deno.readTextFile(new URL(document, ROOT))).split("\n")) {
      const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
      const folder = folderNamed(cells[0] ?? "");
      if (folder === undefined || !(folder in RULES)) continue;
      said[folder] = cells.at(-1)!.split(/[,、]\s*/).map(folderNamed).filter((name) => name !== undefined).sort();
    }
    assertEquals(
      said,
      Object.fromEntries(Object.entries(RULES).map(([folder, { folders }]) => [folder, folders.toSorted()])),
    );
  });
}

Deno.test("architecture: importing the package's root loads no hono, and nothing of fleet/", async () => {
  const packages = packagesOf("mod.ts", await readEdges());
  assertEquals([...packages].filter((name) => name === "hono" || name.startsWith("hono/")), []);
  assertEquals([...packages].filter((name) => fleetAlone.includes(name)), []);
});

Deno.test("architecture: every import that leads from cli/ to fleet/ is made when it is needed", async () => {
  const packages = packagesOf("cli/mod.ts", await readEdges());
  assertEquals([...packages].filter((name) => fleetAlone.includes(name)), []);
});

Deno.test("architecture: the run driver loads no hono", async () => {
  const packages = packagesOf("hub/run/mod.ts", await readEdges());
  assertEquals([...packages].filter((name) => name === "hono" || name.startsWith("hono/")), []);
});

Deno.test("architecture: @std/log, which the standard library no longer keeps, is imported by one file", async () => {
  const importers = (await readEdges()).filter(({ as }) => as.startsWith("@std/log")).map(({ from }) => from);
  assertEquals(importers, ["monitor/logs/log.ts"]);
});

Deno.test("architecture: no package.json, which would switch Deno to node_modules, and no deps.ts", async () => {
  const names = [...await readdir(ROOT), ...await packageFiles()];
  assertEquals(names.filter((name) => /(^|\/)(package\.json|deps\.ts)$/.test(name)), []);
});

Deno.test("architecture: the checker sees forbidden imports", () => {
  const edge = (from: string, as: string, to?: string): Edge => to === undefined ? { from, as } : { from, as, to };
  const forbidden = [
    edge("transport/retry.ts", "../cache/mod.ts", "cache/mod.ts"),
    edge("transport/retry.ts", "../mod.ts", "mod.ts"),
    edge("cache/http_cache.ts", "../api/mod.ts", "api/mod.ts"),
    edge("api/resources/models.ts", "../monitor/mod.ts", "monitor/mod.ts"),
    edge("mod.ts", "./cli/mod.ts", "cli/mod.ts"),
    edge("cli/main.ts", "../transport/retry.ts", "transport/retry.ts"),
    edge("cli/main.ts", "../create_transport.ts", "create_transport.ts"),
    edge("cli/main.ts", "../tools/registry.ts", "tools/registry.ts"),
    edge("api/resources/models.ts", "../../testing/mod.ts", "testing/mod.ts"),
    edge("api/resources/models.ts", "../hub/run/mod.ts", "hub/run/mod.ts"),
    edge("hub/run/run_files.ts", "../../cli/mod.ts", "cli/mod.ts"),
    edge("hub/run/run_files.ts", "../../mod.ts", "mod.ts"),
    edge("cli/run/download_run.ts", "../hub/run/run_files.ts", "hub/run/run_files.ts"),
    edge("mod.ts", "./hub/run/mod.ts", "hub/run/mod.ts"),
    edge("api/resources/models.ts", "hono"),
    edge("transport/retry.ts", "hono/streaming"),
    edge("transport/retry.ts", "npm:hash-wasm@4.13.0"),
    edge("transport/retry.ts", "https://example.com/mod.ts"),
    edge("transport/retry.ts", "@civikit/civikit/api"),
    edge("transport/retry.ts", "@std/assert"),
    edge("hub/run/run_files.ts", "bullmq"),
    edge("hub/service.ts", "../fleet/mod.ts", "fleet/mod.ts"),
    edge("fleet/mod.ts", "../hub/mod.ts", "hub/mod.ts"),
    edge("fleet/mod.ts", "../mod.ts", "mod.ts"),
  ];
  assertEquals(forbidden.filter((each) => faultOf(each) === undefined), []);
  const allowed = [
    edge("transport/retry.ts", "./clock.ts", "transport/clock.ts"),
    edge("transport/retry.ts", "node:timers"),
    edge("cache/http_cache.ts", "../transport/errors/errors.ts", "transport/errors/errors.ts"),
    edge("monitor/server.ts", "hono/streaming"),
    edge("cli/main.ts", "../api/mod.ts", "api/mod.ts"),
    edge("cli/run/download_run.ts", "../hub/run/mod.ts", "hub/run/mod.ts"),
    edge("hub/run/run_files.ts", "../../api/download/fetch_files.ts", "api/download/fetch_files.ts"),
    edge("hub/run/run_files.ts", "../../create_transport.ts", "create_transport.ts"),
    edge("cli/main.ts", "../transport/internal.ts", "transport/internal.ts"),
    edge("cli/main.ts", "../mod.ts", "mod.ts"),
    edge("fleet/bull_queue.ts", "../hub/queue/mod.ts", "hub/queue/mod.ts"),
    edge("fleet/bull_queue.ts", "bullmq"),
  ];
  assertEquals(allowed.map(faultOf), allowed.map(() => undefined));
});

Deno.test("architecture: the checker sees cycles and what an entry loads", () => {
  const edge = (from: string, to: string): Edge => ({ from, as: "./x", to });
  const line = [edge("a.ts", "b.ts"), edge("a.ts", "c.ts"), edge("b.ts", "d.ts"), edge("c.ts", "d.ts")];
  assertEquals(cyclesOf(line), []);
  assertEquals(cyclesOf([...line, edge("d.ts", "b.ts")]), ["b.ts -> d.ts -> b.ts"]);
  assertEquals(cyclesOf([edge("a.ts", "a.ts")]), ["a.ts -> a.ts"]);
  assertEquals(packagesOf("a.ts", [...line, { from: "d.ts", as: "hono" }]), new Set(["hono"]));
});
