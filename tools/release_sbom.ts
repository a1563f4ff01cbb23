// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Writes what the command is made of as a CycloneDX 1.6 document into dist/release/: every package that its graph reaches,
 * as `deno info` sees it, with version, licence, and what the registry says its bytes hash to.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { version } from "../transport/http/version.ts";
import { registryFlags } from "./registry.ts";
import { releaseFolder } from "./release.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** A package of the document. */
export interface Component {
  readonly type: "library";
  readonly "bom-ref": string;
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly purl: string;
  readonly scope: "required";
  readonly licenses?: readonly { readonly license: { readonly id: string } }[];
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

/** A CycloneDX document, as far as it is used here. @see https://cyclonedx.org/docs/1.6/json/ */
export interface Bom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: {
    readonly timestamp: string;
    readonly tools: { readonly components: readonly { type: "application"; name: string; version: string }[] };
    readonly component: { type: "application"; "bom-ref": string; name: string; version: string; purl: string };
  };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  readonly localPath: string;
}

interface Info {
  readonly modules: readonly {
    specifier: string;
    npmPackage?: string;
    dependencies?: readonly { specifier: string; code?: { specifier?: string } }[];
  }[];
  readonly npmPackages: Readonly<Record<string, NpmPackage>>;
  readonly redirects: Readonly<Record<string, string>>;
}

/** The graph of the command, with what it loads late. */
async function graph(): Promise<Info> {
  const commands = (await readdir(join(ROOT, "cli", "commands"))).filter((name) => name.endsWith(".ts"));
  const entries = ["cli/mod.ts", "cli/help.ts", "cli/dispatch.ts", ...commands.map((name) => `cli/commands/${name}`)];
  const folder = await Deno.makeTempDir();
  try {
    const all = join(folder, "all.ts");
    await writeFile(all, entries.map((entry) => `import ${JSON.stringify(join(ROOT, entry))};\n`).join(""));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config=deno.json", ...await registryFlags(), all],
      cwd: ROOT,
    }).output();
    if (!success) throw new Error(`reading the graph: ${new TextDecoder().decode(stderr)}`);
    return JSON.parse(new TextDecoder().decode(stdout)) as Info;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const purl = (kind: "npm" | "jsr", name: string, version: string) =>
  `pkg:${kind}/${name.replace("@", "%40")}@${version}`;

/** What the registry said of a package when it was fetched; nothing where that is not kept. */
async function hashesOf({ name, version, localPath }: NpmPackage): Promise<Component["hashes"]> {
  try {
    const about = JSON.parse(await readFile(join(dirname(localPath), "registry.json"), "utf8"));
    const integrity = about.versions[version].dist.integrity as string;
    if (!integrity.startsWith("sha512-")) return undefined;
    return [{ alg: "SHA-512", content: Uint8Array.fromBase64(integrity.slice(7)).toHex() }];
  } catch (error) {
    console.error(`sbom: no hash of ${name} is known: ${error}`);
    return undefined;
  }
}

async function npmComponent(one: NpmPackage): Promise<Component> {
  const { license } = JSON.parse(await readFile(join(one.localPath, "package.json"), "utf8")) as { license?: string };
  const hashes = await hashesOf(one);
  const [group, name] = one.name.startsWith("@") ? one.name.split("/") as [string, string] : [undefined, one.name];
  const ref = purl("npm", one.name, one.version);
  return {
    ...{ type: "library", "bom-ref": ref, ...(group && { group }), name, version: one.version, purl: ref },
    scope: "required",
    ...(license !== undefined && { licenses: [{ license: { id: license } }] }),
    ...(hashes && { hashes }),
  };
}

/** The packages of JSR among the modules, by their name and version; their licence is that of the standard library. */
function jsrComponents({ modules }: Info): Component[] {
  const found = new Map<string, Component>();
  for (const { specifier } of modules) {
    const [, group, name, version] = /^https:\/\/jsr\.io\/(@[^/]+)\/([^/]+)\/([^/]+)\//.exec(specifier) ?? [];
    if (group === undefined || name === undefined || version === undefined) continue;
    const ref = purl("jsr", `${group}/${name}`, version);
    found.set(ref, {
      ...{ type: "library", "bom-ref": ref, group, name, version, purl: ref, scope: "required" },
      ...(group === "@std" && { licenses: [{ license: { id: "MIT" } }] }),
    });
  }
  return [...found.values()];
}

/** What the command is made of. */
export async function sbom(now: Date = new Date()): Promise<Bom> {
  const info = await graph();
  // types alone are not in what is shipped
  const isLoaded = new Set(
    info.modules.flatMap(({ dependencies = [] }) => dependencies.flatMap(({ code }) => code?.specifier ?? []))
      .map((specifier) => info.redirects[specifier] ?? specifier),
  );
  const roots = info.modules.filter(({ specifier, npmPackage }) => npmPackage !== undefined && isLoaded.has(specifier))
    .map(({ npmPackage }) => npmPackage!);
  const reached = new Set<string>(roots);
  for (const id of reached) for (const next of info.npmPackages[id]?.dependencies ?? []) reached.add(next);
  // what is made for other systems is optional, and not here
  const npm = [...reached].map((id) => info.npmPackages[id]).filter((one) =>
    one !== undefined && existsSync(join(one.localPath, "package.json"))
  ) as NpmPackage[];
  const unique = new Map(npm.map((one) => [purl("npm", one.name, one.version), one]));
  const jsr = jsrComponents(info);
  const components = [...await Promise.all([...unique.values()].map(npmComponent)), ...jsr]
    .sort((a, b) => a.purl < b.purl ? -1 : 1);
  const self = `pkg:jsr/%40civikit/civikit@${version}`;
  const refOf = (id: string) => purl("npm", info.npmPackages[id]!.name, info.npmPackages[id]!.version);
  return {
    ...{ bomFormat: "CycloneDX", specVersion: "1.6", serialNumber: `urn:uuid:${crypto.randomUUID()}`, version: 1 },
    metadata: {
      timestamp: now.toISOString(),
      tools: { components: [{ type: "application", name: "deno", version: Deno.version.deno }] },
      component: { type: "application", "bom-ref": self, name: "civikit", version, purl: self },
    },
    components,
    dependencies: [
      { ref: self, dependsOn: [...new Set([...roots.map(refOf), ...jsr.map(({ purl }) => purl)])].sort() },
      ...[...unique].map(([ref, { dependencies }]) => ({
        ref,
        dependsOn: dependencies.map(refOf).filter((one) => unique.has(one)),
      })),
    ],
  };
}

/** Writes it; the path. */
export async function writeSbom(folder: string = releaseFolder): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `civikit-${version}.cdx.json`);
  await writeFile(path, `${JSON.stringify(await sbom(), null, 2)}\n`);
  return path;
}

if (import.meta.main) {
  const path = await writeSbom();
  console.log(`release: ${path}`);
}
